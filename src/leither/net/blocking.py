"""A stream of the event loop, used from a thread that may wait."""

from collections.abc import Coroutine
from typing import Any, TypeVar

from leither.crypto.peer_id import PeerId
from leither.limits import NETWORK_MESSAGE_BYTES_MAX, STREAM_S
from leither.net.loop_thread import LoopThread, NetworkClosed
from leither.net.stream import MuxedStream
from leither.ports.network_errors import PeerMessageTooLarge, PeerTooSlow, StreamBroken

T = TypeVar("T")


class BlockingStream:
    """The port's `Stream`."""

    def __init__(self, stream: MuxedStream, loop: LoopThread) -> None:
        self._stream = stream
        self._loop = loop

    @property
    def peer(self) -> PeerId:
        """Who is at the other end."""
        return self._stream.peer

    @property
    def protocol(self) -> str:
        """The protocol both agreed on."""
        return self._stream.protocol

    def read(self, size_bytes_max: int, *, timeout_s: float = STREAM_S) -> bytes:
        """Return what came, at least a byte; nothing at the end. Raises: PeerTooSlow, StreamBroken."""
        return self._wait(self._stream.read(size_bytes_max), "send", timeout_s)

    def read_message(
        self, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX, timeout_s: float = STREAM_S
    ) -> bytes | None:
        """Return the next message, or None at the end. One that is late resets the stream, as part of it is read.

        Raises: PeerTooSlow, StreamBroken, PeerMessageTooLarge.
        """
        try:
            return self._wait(self._stream.read_message(size_bytes_max), "send", timeout_s)
        except PeerTooSlow:
            self.reset()
            raise

    def write(self, data: bytes, *, timeout_s: float = STREAM_S) -> None:
        """Send bytes. What was late resets the stream, as part of it is sent. Raises: PeerTooSlow, StreamBroken."""
        try:
            self._wait(self._stream.write(data), "read", timeout_s)
        except PeerTooSlow:
            self.reset()
            raise

    def write_message(self, message: bytes, *, timeout_s: float = STREAM_S) -> None:
        """Send a message with its length before it. Raises: PeerMessageTooLarge, PeerTooSlow, StreamBroken."""
        if len(message) > NETWORK_MESSAGE_BYTES_MAX:
            raise PeerMessageTooLarge(len(message), NETWORK_MESSAGE_BYTES_MAX)
        try:
            self._wait(self._stream.write_message(message), "read", timeout_s)
        except PeerTooSlow:
            self.reset()
            raise

    def close_write(self) -> None:
        """Say that no more will be written. Idempotent."""
        self._loop.post(self._stream.close_write)

    def close(self) -> None:
        """End both directions in good order. Idempotent."""
        self._loop.post(self._stream.close)

    def reset(self) -> None:
        """Break off both directions. Idempotent."""
        self._loop.post(self._stream.reset)

    def _wait(self, work: Coroutine[Any, Any, T], what: str, timeout_s: float) -> T:
        try:
            return self._loop.run(work, timeout_s)
        except TimeoutError:
            raise PeerTooSlow(self.peer, what, timeout_s) from None
        except NetworkClosed as error:
            raise StreamBroken(self.peer, str(error)) from None
