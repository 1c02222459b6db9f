"""A stream through another peer as a pipe, so that a connection can be made on it."""

import asyncio
from collections.abc import Iterable

from leither.codec.multiaddr import Multiaddr
from leither.errors import LeitherError
from leither.net.pipe import PipeBroken, Sink
from leither.net.stream import MuxedStream

_WAITING_BYTES = 512 * 1024
_READ_BYTES = 64 * 1024


class StreamPipe:
    """Reads and writes go on in tasks of their own until one of them ends."""

    def __init__(self, stream: MuxedStream, remote: Multiaddr) -> None:
        self._stream = stream
        self._remote = remote
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._more = asyncio.Event()
        self._room = asyncio.Event()
        self._room.set()
        self._ended = asyncio.Event()
        self._closing = False
        self._gone: str | None = None
        self._sink: Sink | None = None
        self._reader: asyncio.Task[None] | None = None
        self._writer = asyncio.ensure_future(self._write())

    @property
    def remote(self) -> Multiaddr:
        """The address of the other end."""
        return self._remote

    def attach(self, sink: Sink) -> None:
        """Hand what comes to `sink` from now on."""
        self._sink = sink
        if self._reader is None:
            self._reader = asyncio.ensure_future(self._read())
        elif self._gone is not None:
            sink.ended(self._gone)

    def writelines(self, pieces: Iterable[bytes]) -> None:
        """Send bytes, now or when there is room."""
        for piece in pieces:
            self._waiting.append(piece)
            self._waiting_bytes += len(piece)
        if self._waiting_bytes > _WAITING_BYTES:
            self._room.clear()
        self._more.set()

    async def drained(self) -> None:
        """Return when little enough waits to be sent. Raises: PipeBroken."""
        await self._room.wait()
        if self._gone is not None:
            raise PipeBroken(self._gone)

    def close(self) -> None:
        """End it once what waits has been sent. Idempotent."""
        self._closing = True
        self._more.set()

    def abort(self) -> None:
        """End it at once. Idempotent."""
        self._stream.reset()
        self._end("it was broken off")

    async def over(self) -> None:
        """Return once it has ended."""
        await self._ended.wait()

    async def _read(self) -> None:
        reason = "the other side closed it"
        try:
            while data := await self._stream.read(_READ_BYTES):
                if self._sink is not None:
                    self._sink.received(data)
        except LeitherError as error:
            reason = str(error)
        self._end(reason)

    async def _write(self) -> None:
        try:
            while True:
                await self._more.wait()
                self._more.clear()
                pieces, self._waiting, self._waiting_bytes = self._waiting, [], 0
                self._room.set()
                await self._stream.write(b"".join(pieces))
                if self._closing and not self._waiting:
                    self._stream.close()
                    return self._end("it was closed")
        except LeitherError as error:
            return self._end(str(error))

    def _end(self, reason: str) -> None:
        if self._gone is None:
            self._gone = reason
            self._ended.set()
            self._room.set()
            for task in (self._reader, self._writer):
                if task is not None and task is not asyncio.current_task():
                    task.cancel()
            if self._sink is not None:
                self._sink.ended(reason)
