"""Answers written at once, without a task: the same bytes as the long way's, and in the same order.

These also hold the server library to what `BoundedHttp` builds on.
"""

import asyncio
import re
import socket
import sys

import pytest
from uvicorn import Config
from uvicorn.server import ServerState

from leither.crypto import MimeiId, id_text
from leither.http.asgi import Receive, Scope, Send
from leither.service.catalog import Catalog
from leither.service.history import release
from leither.service.paths import make_reference
from leither.web.bounded_http import BoundedHttp
from leither.web.serve import serve
from tests.unit.web.front import PORT, PRIVATE, Front
from tests.unit.web.test_bounded_http import Wire

FILES = {"index.html": b"<h1>hi</h1>", "a b.txt": b"spaced", "big": bytes(3_000_000), "middle": bytes(70_000)}


class App:
    """A front door; what it answers at once is counted."""

    def __init__(self, link: "Link") -> None:
        self._link = link

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self._link.front.door(scope, receive, send)

    def at_once(self, scope: Scope) -> tuple[bytes, bytes] | None:
        ready = self._link.front.door.at_once(scope)
        self._link.at_once += ready is not None
        return ready


class Link:
    """One connection to a front door through the real protocol."""

    def __init__(self, front: Front) -> None:
        self.front = front
        self.at_once = 0
        self.wire = Wire()
        config = Config(App(self), http=BoundedHttp, proxy_headers=False, log_config=None, access_log=False)
        self._state = ServerState()
        self._state.default_headers = [(b"date", b"today")]
        self.protocol = BoundedHttp(config=config, server_state=self._state, app_state={})
        self.protocol.connection_made(self.wire)

    async def ask(self, *pieces: bytes) -> bytes:
        """Send `pieces` and return what is written until nobody works on it."""
        self.wire.written = b""
        for piece in pieces:
            self.protocol.data_received(piece)
        while self._state.tasks:
            await asyncio.gather(*self._state.tasks)
            await asyncio.sleep(0)
        return self.wire.written

    @property
    def waits_for_next(self) -> bool:
        return self.protocol.timeout_keep_alive_task is not None


FRONT = Front()
MIMEI, VERSION = FRONT.publish("app", FILES)
ROOT = FRONT.content(VERSION)
APP = f"{id_text(MIMEI)}.localhost:{PORT}"
NODE = f"localhost:{PORT}"


def _get(host: str, path: str, *lines: str, method: str = "GET", version: str = "1.1") -> bytes:
    return "\r\n".join((f"{method} {path} HTTP/{version}", f"Host: {host}", *lines, "", "")).encode()


def _asked(front: Front, *requests: bytes) -> tuple[list[bytes], int]:
    """Return what each request is answered on one connection, and how many answers were given at once."""

    async def run() -> tuple[list[bytes], int]:
        link = Link(front)
        return [await link.ask(request) for request in requests], link.at_once

    return asyncio.run(run())


PLACES = [(APP, "/"), (APP, "/a%20b.txt"), (NODE, f"/ipfs/{ROOT}/index.html"), (NODE, f"/ipfs/{ROOT}/a%20b.txt")]


@pytest.mark.parametrize(("host", "path"), PLACES)
def test_an_answer_given_at_once_is_the_long_ways_byte_for_byte(host: str, path: str) -> None:
    front = Front()
    front.publish("app", FILES)
    answers, at_once = _asked(front, *[_get(host, path)] * 4)
    assert at_once >= 2
    assert set(answers) == {answers[0]}
    assert answers[0].startswith(b"HTTP/1.1 200 OK\r\ndate: today\r\n")


@pytest.mark.parametrize(
    "more",
    [
        {"lines": ("Range: bytes=1-2",)}, {"lines": ('If-None-Match: "x"',)}, {"lines": ("Connection: close",)},
        {"lines": ("Authorization: Bearer x",)}, {"lines": ("Cookie: leither=x",)}, {"lines": ("Content-Length: 0",)},
        {"lines": ("Expect: 100-continue",)}, {"lines": ("Transfer-Encoding: chunked",)}, {"method": "HEAD"},
        {"method": "POST"}, {"version": "1.0"}, {"lines": ("Host: localhost:4800",)},
    ],
)  # fmt: skip
@pytest.mark.parametrize(("host", "path"), [PLACES[0], PLACES[2]])
def test_whatever_could_change_the_answer_goes_the_long_way(host: str, path: str, more: dict[str, object]) -> None:
    _, before = _asked(FRONT, *[_get(host, path)] * 3)
    request = _get(host, path, *more.get("lines", ()), **{k: v for k, v in more.items() if k != "lines"})  # type: ignore[arg-type, misc]
    answers, at_once = _asked(FRONT, request)
    assert (before > 0, at_once) == (True, 0)
    assert answers[0].startswith(b"HTTP/1.1 ")


def test_a_query_or_another_form_goes_the_long_way() -> None:
    path = f"/ipfs/{ROOT}/index.html"
    raw = _get(NODE, path, "Accept: application/vnd.ipld.raw")
    assert _asked(FRONT, *[_get(NODE, path)] * 3)[1] > 0
    answers, at_once = _asked(FRONT, raw, _get(NODE, f"{path}?format=raw"), _get(NODE, f"{path}?filename=x.txt"))
    assert at_once == 0
    assert [re.search(rb"content-type: (\S+)\r\n", answer)[1] for answer in answers[:2]] == [  # type: ignore[index]
        b"application/vnd.ipld.raw"
    ] * 2


@pytest.mark.parametrize("path", ["/big", "/middle", "/none"])
def test_what_is_no_small_file_is_never_given_at_once(path: str) -> None:
    assert _asked(FRONT, *[_get(APP, path), _get(NODE, f"/ipfs/{ROOT}{path}")] * 3)[1] == 0


def test_requests_that_come_together_are_answered_in_their_order() -> None:
    paths = ["/", "/none", "/a%20b.txt", "/", "/big", "/a%20b.txt"]
    apart, _ = _asked(FRONT, *[_get(APP, path) for path in paths])
    together, at_once = _asked(FRONT, b"".join([_get(APP, path) for path in paths]))
    assert at_once == 1
    assert together == [b"".join(apart)]


def test_a_request_in_pieces_is_answered_once() -> None:
    request = _get(APP, "/")

    async def run() -> tuple[bytes, bytes]:
        link = Link(FRONT)
        return await link.ask(request), await link.ask(*[request[at : at + 1] for at in range(len(request))])

    whole, pieces = asyncio.run(run())
    assert pieces == whole


def test_after_an_answer_at_once_the_connection_waits_for_the_next_request() -> None:
    async def run() -> list[bool]:
        link = Link(FRONT)
        found = []
        for _ in range(3):
            await link.ask(_get(APP, "/"))
            found.append(link.waits_for_next)
        link.protocol.data_received(b"GET / HT")
        return [*found, link.waits_for_next]

    assert asyncio.run(run()) == [True, True, True, False]


def test_a_request_in_work_is_not_closed_for_idleness() -> None:
    async def run() -> bool:
        link = Link(FRONT)
        await link.ask(*[_get(APP, "/")] * 3)
        link.protocol.data_received(_get(APP, "/") + _get(NODE, "/api/v1/x"))
        waits = link.waits_for_next
        await link.ask()
        return waits

    assert asyncio.run(run()) is False


def test_a_client_that_does_not_read_is_waited_for() -> None:
    async def run() -> tuple[bytes, bytes, int]:
        link = Link(FRONT)
        await link.ask(*[_get(APP, "/")] * 3)
        before = link.at_once
        link.protocol.pause_writing()
        link.wire.written = b""
        link.protocol.data_received(_get(APP, "/"))
        await asyncio.sleep(0)
        while_paused = link.wire.written
        link.protocol.resume_writing()
        return while_paused, await link.ask(), link.at_once - before

    while_paused, afterwards, at_once = asyncio.run(run())
    assert (while_paused, at_once) == (b"", 0)
    assert afterwards.endswith(FILES["index.html"])


@pytest.mark.skipif(sys.platform == "win32", reason="the parser of that platform has no such way")
def test_a_running_server_answers_at_once() -> None:
    class Counting:
        """A front door behind a server; counts what is answered at once."""

        def __init__(self) -> None:
            self.count = 0

        async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] == "lifespan":
                for phase in ("startup", "shutdown"):
                    await receive()
                    await send({"type": f"lifespan.{phase}.complete"})
            else:
                await FRONT.door(scope, receive, send)

        def at_once(self, scope: Scope) -> tuple[bytes, bytes] | None:
            ready = FRONT.door.at_once(scope)
            self.count += ready is not None
            return ready

    async def run() -> tuple[list[bytes], int]:
        app, stop, ready = Counting(), asyncio.Event(), asyncio.Event()
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.ensure_future(serve(app, [listening], stop=stop, ready=ready.set))
            await ready.wait()
            reader, writer = await asyncio.open_connection(*listening.getsockname())
            bodies = []
            for _ in range(4):
                writer.write(_get(APP, "/"))
                await reader.readuntil(b"\r\n\r\n")
                bodies.append(await reader.readexactly(len(FILES["index.html"])))
            writer.close()
            stop.set()
            await serving
        return bodies, app.count

    bodies, at_once = asyncio.run(run())
    assert bodies == [FILES["index.html"]] * 4
    assert at_once >= 2


def test_answers_given_at_once_are_counted() -> None:
    front = Front()
    mimei, _ = front.publish("app", FILES)
    _, at_once = _asked(front, *[_get(f"{id_text(mimei)}.localhost:{PORT}", "/")] * 4)
    assert at_once > 0
    page = front.get("/metrics").body.decode()
    assert 'leither_http_requests_total{route="app",status="200"} 4.0' in page
    assert f'leither_http_sent_bytes_total{{route="app"}} {4.0 * len(FILES["index.html"])}' in page


def _published(front: Front) -> tuple[MimeiId, list[bytes]]:
    mimei, version = front.publish("app", FILES)
    host = f"{id_text(mimei)}.localhost:{PORT}"
    return mimei, [_get(host, "/"), _get(NODE, f"/ipfs/{front.content(version)}/index.html")]


def test_what_turns_private_is_not_given_at_once_any_more() -> None:
    front = Front()
    mimei, requests = _published(front)
    answers, at_once = _asked(front, *requests * 3)
    assert at_once >= 2
    assert all(answer.startswith(b"HTTP/1.1 200") for answer in answers)
    Catalog(front.engines).change_control(mimei, right=PRIVATE)
    answers, at_once = _asked(front, *requests * 3)
    assert at_once == 0
    assert all(answer.startswith(b"HTTP/1.1 404") for answer in answers)


def test_a_release_is_not_hidden_by_what_was_given_at_once_before() -> None:
    front = Front()
    mimei, requests = _published(front)
    assert _asked(front, *requests[:1] * 3)[1] > 0
    front.fill(mimei, {"index.html": b"two"})
    release(front.engines, mimei, front.save(mimei))
    answers, at_once = _asked(front, *requests[:1] * 4)
    assert at_once > 0
    assert all(answer.endswith(b"\r\n\r\ntwo") for answer in answers)


def test_what_only_its_owner_sees_is_never_given_at_once() -> None:
    front = Front()
    mimei, version = front.publish("private", FILES, right=PRIVATE)
    token = front.owner_token()
    path = f"/ipfs/{front.content(version)}/index.html"
    code, _ = front.tokens.one_time_code(mimei)
    secret, _ = front.tokens.redeem(code, only=mimei)
    host = f"{id_text(mimei)}.localhost:{PORT}"
    owners = [_get(NODE, path, f"Authorization: Bearer {token}"), _get(host, "/", f"Cookie: leither={secret}")]
    guests = [_get(NODE, path), _get(host, "/")]
    answers, at_once = _asked(front, *guests, *owners * 3, *guests)
    assert at_once == 0
    assert [answer[:12] for answer in answers] == [b"HTTP/1.1 404"] * 2 + [b"HTTP/1.1 200"] * 6 + [b"HTTP/1.1 404"] * 2


def test_what_lies_in_another_mimei_is_not_given_at_once() -> None:
    front = Front()
    inner, inner_version = front.publish("inner", {"x.txt": b"seen"})
    outer = front.make("outer", {"index.html": b""})
    make_reference(front.engines, outer, ("in",), inner, inner_version)
    release(front.engines, outer, front.save(outer))
    answers, at_once = _asked(front, *[_get(f"{id_text(outer)}.localhost:{PORT}", "/in/x.txt")] * 4)
    assert at_once == 0
    assert answers[-1].endswith(b"seen")
