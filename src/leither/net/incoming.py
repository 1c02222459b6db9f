"""What comes in on a port that is listened on: libp2p, or a WebSocket."""

import asyncio
from collections.abc import Callable

from leither.codec.multiaddr import Multiaddr
from leither.limits import HANDSHAKE_S
from leither.net.pipe import Pipe, SocketPipe

_HTTP = b"GET "
"""How a WebSocket begins. libp2p begins with the length of a line, which is another byte."""


class Incoming(SocketPipe):
    """A socket that somebody opened to us: libp2p, or a WebSocket on the same port, as its first bytes tell."""

    def __init__(self, take: Callable[[Pipe], None], admits: Callable[[Multiaddr], bool], *, web: bool) -> None:
        super().__init__()
        self._web = web
        self._take = take
        self._admits = admits
        self._told = False
        self._deadline: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start. Source: asyncio.Protocol."""
        super().connection_made(transport)
        if not self._admits(self.remote):
            self.abort()
            return
        self._deadline = asyncio.get_running_loop().call_later(HANDSHAKE_S, self.abort)

    def data_received(self, data: bytes) -> None:
        """Look at the first bytes. Source: asyncio.Protocol."""
        super().data_received(data)
        if self._told:
            return
        self._told = True
        assert self._deadline is not None
        self._deadline.cancel()
        if not self._web or not data.startswith(_HTTP[: len(data)]):
            self._take(self)
            return
        from leither.net.websocket import accept_websocket

        accept_websocket(self, self._take)

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over. Source: asyncio.Protocol."""
        if self._deadline is not None:
            self._deadline.cancel()
        super().connection_lost(exc)
