"""Bytes both ways with one other end, whatever carries them: a socket, a WebSocket, a stream through a relay."""

import asyncio
from collections.abc import Iterable
from typing import Protocol

from leither.codec.multiaddr import Multiaddr
from leither.errors import PeerError

_EARLY_BYTES_MAX = 256 * 1024
_HIGH_WATER_BYTES = 512 * 1024


class PipeBroken(PeerError):
    """What carried the bytes is gone."""

    code = "pipe-broken"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the connection with another node was lost: {reason}; it is dialled again when needed")


class Sink(Protocol):
    """Who takes what comes out of a pipe. Called in the event loop."""

    def received(self, data: bytes | memoryview) -> None:
        """Take bytes."""

    def ended(self, reason: str) -> None:
        """Hear that nothing more comes, nor goes."""


class Pipe(Protocol):
    """Used in the event loop only."""

    @property
    def remote(self) -> Multiaddr:
        """The address of the other end."""

    def attach(self, sink: Sink) -> None:
        """Hand what comes to `sink` from now on, what came already included."""

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send bytes, now or when there is room."""

    async def drained(self) -> None:
        """Return when little enough waits to be sent. Raises: PipeBroken."""

    def close(self) -> None:
        """End it once what waits has been sent. Idempotent."""

    def abort(self) -> None:
        """End it at once. Idempotent."""


class SocketPipe(asyncio.Protocol):
    """A TCP connection."""

    def __init__(self, remote: Multiaddr | None = None) -> None:
        self._remote = remote
        self._transport: asyncio.Transport | None = None
        self._sink: Sink | None = None
        self._early: list[bytes] = []
        self._early_bytes = 0
        self._gone: str | None = None
        self._room = asyncio.Event()
        self._room.set()

    @property
    def remote(self) -> Multiaddr:
        """The address of the other end."""
        assert self._remote is not None
        return self._remote

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Start. Source: asyncio.Protocol."""
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport
        transport.set_write_buffer_limits(high=_HIGH_WATER_BYTES)
        if self._remote is None:
            host, port = transport.get_extra_info("peername")[:2]
            self._remote = Multiaddr((("ip6" if ":" in host else "ip4", host.partition("%")[0]), ("tcp", str(port))))

    def data_received(self, data: bytes) -> None:
        """Hand on what came. Source: asyncio.Protocol."""
        if self._sink is not None:
            self._sink.received(data)
            return
        self._early.append(data)
        self._early_bytes += len(data)
        if self._early_bytes > _EARLY_BYTES_MAX:
            self.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell that it is over. Source: asyncio.Protocol."""
        self._gone = str(exc) if exc is not None else "it was closed"
        self._room.set()
        if self._sink is not None:
            self._sink.ended(self._gone)

    def pause_writing(self) -> None:
        """Make writers wait. Source: asyncio.Protocol."""
        self._room.clear()

    def resume_writing(self) -> None:
        """Let writers go on. Source: asyncio.Protocol."""
        self._room.set()

    def attach(self, sink: Sink) -> None:
        """Hand what comes to `sink` from now on, what came already included."""
        self._sink = sink
        early, self._early = self._early, []
        for data in early:
            sink.received(data)
        if self._gone is not None:
            sink.ended(self._gone)

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send bytes, now or when there is room."""
        if self._transport is not None and self._gone is None:
            self._transport.write(b"".join(pieces))

    async def drained(self) -> None:
        """Return when little enough waits to be sent. Raises: PipeBroken."""
        await self._room.wait()
        if self._gone is not None:
            raise PipeBroken(self._gone)

    def close(self) -> None:
        """End it once what waits has been sent. Idempotent."""
        if self._transport is not None:
            self._transport.close()

    def abort(self) -> None:
        """End it at once. Idempotent."""
        if self._transport is not None:
            self._transport.abort()


class PipeReader:
    """Reads a pipe step by step, until the connection takes it over."""

    def __init__(self, pipe: Pipe) -> None:
        self.pipe = pipe
        self._buffer = bytearray()
        self._gone: str | None = None
        self._came = asyncio.Event()
        pipe.attach(self)

    def received(self, data: bytes | memoryview) -> None:
        """Take bytes."""
        self._buffer += data
        self._came.set()
        if len(self._buffer) > _EARLY_BYTES_MAX:
            self.pipe.abort()

    def ended(self, reason: str) -> None:
        """Hear that nothing more comes."""
        self._gone = reason
        self._came.set()

    async def exactly(self, size_bytes: int) -> bytes:
        """Return that many bytes. Raises: PipeBroken."""
        while len(self._buffer) < size_bytes:
            if self._gone is not None:
                raise PipeBroken(self._gone)
            self._came.clear()
            await self._came.wait()
        data = bytes(self._buffer[:size_bytes])
        del self._buffer[:size_bytes]
        return data

    async def some(self) -> bytes:
        """Return what there is, at least a byte. Raises: PipeBroken."""
        data = await self.exactly(1) + bytes(self._buffer)
        self._buffer.clear()
        return data

    def put_back(self, data: bytes) -> None:
        """Return what was read too much."""
        self._buffer[:0] = data

    def hand_over(self, sink: Sink) -> None:
        """Let `sink` take over, with what came already."""
        self.pipe.attach(sink)
        if self._buffer:
            sink.received(bytes(self._buffer))
        if self._gone is not None:
            sink.ended(self._gone)
