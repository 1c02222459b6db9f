"""A WebSocket on a socket, as browsers and firewalls want it: one more pipe around a pipe.

The protocol itself is the `websockets` library's; here its bytes are moved.
Source: RFC 6455; libp2p specs, websockets.
"""

import asyncio
from collections.abc import Callable, Iterable

from websockets.client import ClientProtocol
from websockets.exceptions import WebSocketException
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import State
from websockets.server import ServerProtocol
from websockets.uri import parse_uri

from leither.codec.multiaddr import Multiaddr
from leither.limits import HANDSHAKE_S
from leither.net.pipe import Pipe, PipeBroken, Sink

_FRAME_BYTES_MAX = 1 << 20
_DATA = (Opcode.BINARY, Opcode.CONT)


class WebSocketPipe:
    """Bytes in binary messages; where one ends means nothing."""

    def __init__(self, pipe: Pipe, protocol: ClientProtocol | ServerProtocol, opened: Callable[[], object]) -> None:
        """`opened` is called once the opening handshake is over."""
        self._pipe = pipe
        self._protocol = protocol
        self._opened = opened
        self._sink: Sink | None = None
        self._early: list[bytes] = []
        self._gone: str | None = None

    def start(self) -> None:
        """Begin the opening handshake, or wait for it."""
        if isinstance(self._protocol, ClientProtocol):
            self._protocol.send_request(self._protocol.connect())
            self._flush()
        self._pipe.attach(self)

    @property
    def remote(self) -> Multiaddr:
        """The address of the other end."""
        remote = self._pipe.remote
        return remote if remote.parts[-1][0] in ("ws", "wss") else Multiaddr((*remote.parts, ("ws", "")))

    def attach(self, sink: Sink) -> None:
        """Hand what comes to `sink` from now on, what came already included."""
        self._sink = sink
        early, self._early = self._early, []
        for data in early:
            sink.received(data)
        if self._gone is not None:
            sink.ended(self._gone)

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send bytes as one message."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_binary(b"".join(pieces))
            self._flush()

    async def drained(self) -> None:
        """Return when little enough waits to be sent. Raises: PipeBroken."""
        await self._pipe.drained()

    def close(self) -> None:
        """End it. Idempotent."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close()
            self._flush()
        self._pipe.close()

    def abort(self) -> None:
        """End it at once. Idempotent."""
        self._pipe.abort()

    def received(self, data: bytes | memoryview) -> None:
        """Take bytes from the socket."""
        self._protocol.receive_data(bytes(data))
        for event in self._protocol.events_received():
            if isinstance(event, Request) and isinstance(self._protocol, ServerProtocol):
                self._protocol.send_response(self._protocol.accept(event))
                self._begin()
            elif isinstance(event, Response):
                self._begin()
            elif isinstance(event, Frame) and event.opcode in _DATA and event.data:
                self._hand_on(bytes(event.data))
        self._flush()
        if self._protocol.state in (State.CLOSING, State.CLOSED) or self._protocol.handshake_exc is not None:
            self._pipe.close()

    def ended(self, reason: str) -> None:
        """Hear that the socket is gone."""
        self._gone = reason
        self._opened()
        if self._sink is not None:
            self._sink.ended(reason)

    @property
    def gone(self) -> str | None:
        """Why it is over, if it is."""
        return self._gone

    def _begin(self) -> None:
        self._flush()
        if self._protocol.state is State.OPEN:
            self._opened()

    def _hand_on(self, data: bytes) -> None:
        if self._sink is not None:
            self._sink.received(data)
        else:
            self._early.append(data)

    def _flush(self) -> None:
        pieces = [data for data in self._protocol.data_to_send() if data]
        if pieces:
            self._pipe.writelines(pieces)


async def dial_websocket(pipe: Pipe, url: str) -> Pipe:
    """Do the opening handshake on a socket. Raises: PipeBroken, TimeoutError."""
    opened = asyncio.Event()
    protocol = ClientProtocol(parse_uri(url), max_size=_FRAME_BYTES_MAX)
    web = WebSocketPipe(pipe, protocol, opened.set)
    try:
        web.start()
        async with asyncio.timeout(HANDSHAKE_S):
            await opened.wait()
    except (WebSocketException, TimeoutError):
        pipe.abort()
        raise
    if web.gone is not None:
        raise PipeBroken(f"no WebSocket was opened: {protocol.handshake_exc or web.gone}")
    return web


def accept_websocket(pipe: Pipe, take: Callable[[Pipe], None]) -> None:
    """Wait for the opening handshake on a socket, and hand on what it makes."""
    loop = asyncio.get_running_loop()
    deadline = loop.call_later(HANDSHAKE_S, pipe.abort)

    def opened() -> None:
        deadline.cancel()
        if web.gone is None and not web.taken:
            web.taken = True
            take(web)

    web = _Accepted(pipe, ServerProtocol(max_size=_FRAME_BYTES_MAX), opened)
    web.start()


class _Accepted(WebSocketPipe):
    """One that somebody else opened; handed on once."""

    taken = False
