"""One stream of a connection, used in the event loop."""

import asyncio
from collections import deque
from typing import TYPE_CHECKING

from leither.codec import varint
from leither.crypto.peer_id import PeerId
from leither.ports.network_errors import PeerMessageTooLarge, StreamBroken
from leither.wire.yamux import DATA_BYTES_MAX

if TYPE_CHECKING:
    from leither.net.connection import Connection


class MuxedStream:
    """What came is kept until it is read, at most the window; what goes out waits for the other side's window."""

    def __init__(self, connection: "Connection", number: int) -> None:
        self.connection = connection
        self.number = number
        self.protocol = ""
        self.buffered_bytes = 0
        self._pieces: deque[bytes] = deque()
        self._ended = False
        self._broken: str | None = None
        self._came = asyncio.Event()
        self._room = asyncio.Event()

    @property
    def peer(self) -> PeerId:
        """Who is at the other end."""
        return self.connection.peer

    @property
    def is_open(self) -> bool:
        """Whether it is not broken off, nor closed here."""
        return self._broken is None

    def begin(self, protocol: str, early: bytes) -> None:
        """Start with what was agreed on, and what came behind the agreement."""
        self.protocol = protocol
        if early:
            self._pieces.appendleft(early)
            self.buffered_bytes += len(early)
            self.connection.uncount(-len(early))

    async def read(self, size_bytes_max: int) -> bytes:
        """Return what came, at least a byte and at most so many; nothing at the end. Raises: StreamBroken."""
        while not self._pieces:
            if self._broken is not None:
                raise StreamBroken(self.connection.peer, self._broken)
            if self._ended:
                return b""
            self._came.clear()
            await self._came.wait()
        taken, size = [], 0
        while self._pieces and size < size_bytes_max:
            piece = self._pieces.popleft()
            if size + len(piece) > size_bytes_max:
                self._pieces.appendleft(piece[size_bytes_max - size :])
                piece = piece[: size_bytes_max - size]
            taken.append(piece)
            size += len(piece)
        self.buffered_bytes -= size
        self.connection.consumed(self.number, size)
        return taken[0] if len(taken) == 1 else b"".join(taken)

    async def exactly(self, size_bytes: int) -> bytes:
        """Return that many bytes. Raises: StreamBroken: also when it ends before."""
        data = bytearray()
        while len(data) < size_bytes:
            piece = await self.read(size_bytes - len(data))
            if not piece:
                raise StreamBroken(self.connection.peer, f"it ended {size_bytes - len(data):,} bytes too early")
            data += piece
        return bytes(data)

    async def read_message(self, size_bytes_max: int) -> bytes | None:
        """Return the next message without its length, or None at the end.

        Raises: StreamBroken. PeerMessageTooLarge: the stream is reset.
        """
        size = shift = 0
        while True:
            byte = await self.read(1)
            if not byte:
                if shift:
                    raise StreamBroken(self.connection.peer, "it ended within the length of a message")
                return None
            size |= (byte[0] & 0x7F) << shift
            shift += 7
            if byte[0] < 0x80:
                break
            if shift >= 7 * varint.VARINT_BYTES_MAX:
                self.reset()
                raise StreamBroken(self.connection.peer, "the length of a message has no end")
        if size > size_bytes_max:
            self.reset()
            raise PeerMessageTooLarge(size, size_bytes_max)
        return await self.exactly(size)

    async def write(self, data: bytes | memoryview) -> None:
        """Send bytes; return when they are on their way. Raises: StreamBroken."""
        view = memoryview(data)
        while view:
            if self._broken is not None:
                raise StreamBroken(self.connection.peer, self._broken)
            room = min(self.connection.room(self.number), DATA_BYTES_MAX)
            if not room:
                self._room.clear()
                await self._room.wait()
                continue
            self.connection.send_data(self.number, view[:room])
            view = view[room:]
            await self.connection.drained()

    async def write_message(self, message: bytes) -> None:
        """Send a message with its length before it. Raises: StreamBroken."""
        await self.write(varint.encode(len(message)) + message)

    def close_write(self) -> None:
        """Say that no more is written. Idempotent."""
        if self._broken is None:
            self.connection.finish(self.number)

    def close(self) -> None:
        """End both directions: what was written still goes out, what comes is dropped. Idempotent."""
        if self._broken is not None:
            return
        self.connection.finish(self.number)
        if self._ended:
            self.connection.forget(self.number)
        else:
            self.connection.discard(self.number)
        self._break("it was closed here")

    def reset(self) -> None:
        """Break off both directions. Idempotent."""
        if self._broken is None:
            self.connection.break_off(self.number)
            self._break("it was reset here")

    def arrived(self, data: bytes) -> None:
        """Take data from the connection."""
        self._pieces.append(data)
        self.buffered_bytes += len(data)
        self._came.set()

    def writable(self) -> None:
        """Hear that there is room to send."""
        self._room.set()

    def ended(self) -> None:
        """Hear that nothing more comes."""
        self._ended = True
        self._came.set()

    def broke(self, reason: str) -> None:
        """Hear that it is broken off. What came before can't be told to be whole, so it is dropped."""
        self._break(reason)

    def _break(self, reason: str) -> None:
        self._broken = reason
        self._pieces.clear()
        self.connection.uncount(self.buffered_bytes)
        self.buffered_bytes = 0
        self._came.set()
        self._room.set()
