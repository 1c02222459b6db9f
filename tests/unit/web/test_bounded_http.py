"""What a connection may send, and how long it may take, before its request is known."""

import asyncio
from collections.abc import Callable

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from leither import limits
from leither.web.bounded_http import BoundedHttp
from tests.unit.web.front import stub_api


class Wire(asyncio.Transport):
    """Keeps what is written, and whether it was closed."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def is_closing(self) -> bool:
        return self.closed

    def close(self) -> None:
        self.closed = True

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


class Timer:
    """A call that is due later, unless it is cancelled."""

    def __init__(self, delay_s: float, call: Callable[[], None]) -> None:
        self.delay_s = delay_s
        self.call = call
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Task:
    """A task that never ends."""

    def add_done_callback(self, callback: object) -> None:
        pass


class Loop:
    """Stands for the event loop: keeps timers and tasks, and runs none."""

    def __init__(self) -> None:
        self.timers: list[Timer] = []
        self.requests = 0

    def call_later(self, delay_s: float, call: Callable[[], None]) -> Timer:
        self.timers.append(Timer(delay_s, call))
        return self.timers[-1]

    def create_task(self, work: object) -> "Task":
        self.requests += 1
        work.close()  # type: ignore[attr-defined]
        return Task()

    @property
    def waiting(self) -> list[Timer]:
        return [timer for timer in self.timers if not timer.cancelled]


@pytest.fixture
def connection() -> tuple[BoundedHttp, Wire, Loop]:
    loop, wire = Loop(), Wire()
    config = Config(stub_api, http=BoundedHttp, log_config=None, access_log=False)
    protocol = BoundedHttp(config=config, server_state=ServerState(), app_state={}, _loop=loop)  # type: ignore[arg-type]
    protocol.connection_made(wire)
    return protocol, wire, loop


Connection = tuple[BoundedHttp, Wire, Loop]


def test_a_head_in_pieces_is_read(connection: Connection) -> None:
    protocol, wire, loop = connection
    for piece in (b"GET / HT", b"TP/1.1\r\nHo", b"st: localhost\r\n\r\n"):
        protocol.data_received(piece)
    assert (loop.requests, wire.closed) == (1, False)
    assert loop.waiting == []


@pytest.mark.parametrize("start", [b"GET /", b"GET / HTTP/1.1\r\nx: ", b"GET / HTTP/1.1\r\n"])
def test_a_head_without_end_is_refused(connection: Connection, start: bytes) -> None:
    protocol, wire, loop = connection
    protocol.data_received(start)
    piece = b"a" * 1000 if not start.endswith(b"\n") else b"x: " + b"y" * 995 + b"\r\n"
    for _ in range(limits.REQUEST_HEAD_BYTES_MAX // len(piece) + 1):
        if not wire.closed:
            protocol.data_received(piece)
    assert wire.closed
    assert wire.written.startswith(b"HTTP/1.1 400")
    assert loop.requests == 0


def test_a_large_body_behind_its_head_is_no_large_head(connection: Connection) -> None:
    protocol, wire, loop = connection
    protocol.data_received(
        b"PUT / HTTP/1.1\r\nContent-Length: 9999999\r\n\r\n" + b"x" * 2 * limits.REQUEST_HEAD_BYTES_MAX
    )
    protocol.data_received(b"x" * limits.REQUEST_HEAD_BYTES_MAX)
    assert (loop.requests, wire.closed) == (1, False)


@pytest.mark.parametrize("sent", [b"", b"GET / HTTP/1.1\r\nHost: local"])
def test_a_connection_that_sends_no_request_in_time_is_closed(connection: Connection, sent: bytes) -> None:
    protocol, wire, loop = connection
    if sent:
        protocol.data_received(sent)
    assert [timer.delay_s for timer in loop.waiting] == [limits.REQUEST_HEAD_S]
    loop.waiting[0].call()
    assert wire.closed
