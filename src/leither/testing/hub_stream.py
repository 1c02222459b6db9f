"""A stream between two nodes of a hub: two buffers with bounds, and threads that wait for each other."""

import threading
from collections.abc import Callable

from leither.codec import varint
from leither.crypto.peer_id import PeerId
from leither.limits import NETWORK_MESSAGE_BYTES_MAX, STREAM_BUFFER_BYTES_MAX, STREAM_S
from leither.ports.network_errors import PeerMessageTooLarge, PeerTooSlow, StreamBroken


class _Flow:
    """One direction."""

    def __init__(self) -> None:
        self.buffer = bytearray()
        self.ended = False
        self.dropped = False
        """Nobody reads any more; what is written goes nowhere."""


class MemoryStream:
    """One end of a stream."""

    def __init__(self, peer: PeerId, protocol: str, incoming: _Flow, outgoing: _Flow, state: "_Shared") -> None:
        self.peer = peer
        self.protocol = protocol
        self.bytes_read = self.bytes_written = 0
        self._in = incoming
        self._out = outgoing
        self._state = state

    def read(self, size_bytes_max: int, *, timeout_s: float = STREAM_S) -> bytes:
        """Return what came, at least a byte; nothing at the end. Raises: PeerTooSlow, StreamBroken."""
        with self._state.changed:
            self._wait(lambda: bool(self._in.buffer or self._in.ended), "send", timeout_s)
            data = bytes(self._in.buffer[:size_bytes_max])
            del self._in.buffer[:size_bytes_max]
            self.bytes_read += len(data)
            self._state.changed.notify_all()
        return data

    def read_message(
        self, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX, timeout_s: float = STREAM_S
    ) -> bytes | None:
        """Return the next message, or None at the end. Raises: PeerTooSlow, StreamBroken, PeerMessageTooLarge."""
        head = bytearray()
        while not head or head[-1] >= 0x80:
            byte = self.read(1, timeout_s=timeout_s)
            if not byte and not head:
                return None
            head += self._whole(byte)
        size, _ = varint.decode(head)
        if size > size_bytes_max:
            self.reset()
            raise PeerMessageTooLarge(size, size_bytes_max)
        message = bytearray()
        while len(message) < size:
            message += self._whole(self.read(size - len(message), timeout_s=timeout_s))
        return bytes(message)

    def write(self, data: bytes, *, timeout_s: float = STREAM_S) -> None:
        """Send bytes. Raises: PeerTooSlow, StreamBroken."""
        view = memoryview(data)
        with self._state.changed:
            while view:
                self._wait(
                    lambda: self._out.dropped or len(self._out.buffer) < STREAM_BUFFER_BYTES_MAX, "read", timeout_s
                )
                if self._out.ended:
                    raise StreamBroken(self.peer, "it was closed here for writing")
                room = STREAM_BUFFER_BYTES_MAX - len(self._out.buffer)
                if not self._out.dropped:
                    self._out.buffer += view[:room]
                self.bytes_written += len(view[:room])
                view = view[room:]
                self._state.changed.notify_all()

    def write_message(self, message: bytes, *, timeout_s: float = STREAM_S) -> None:
        """Send a message with its length before it. Raises: PeerMessageTooLarge, PeerTooSlow, StreamBroken."""
        if len(message) > NETWORK_MESSAGE_BYTES_MAX:
            raise PeerMessageTooLarge(len(message), NETWORK_MESSAGE_BYTES_MAX)
        self.write(varint.encode(len(message)) + message, timeout_s=timeout_s)

    def close_write(self) -> None:
        """Say that no more will be written. Idempotent."""
        with self._state.changed:
            self._out.ended = True
            self._state.changed.notify_all()

    def close(self) -> None:
        """End both directions in good order. Idempotent."""
        self.close_write()
        with self._state.changed:
            self._in.dropped = True
            self._in.buffer.clear()
            self._state.changed.notify_all()

    def reset(self) -> None:
        """Break off both directions. Idempotent."""
        self._state.break_off("it was reset")

    def _wait(self, ready: Callable[[], bool], what: str, timeout_s: float) -> None:
        done = self._state.changed.wait_for(lambda: self._state.broken is not None or ready(), timeout_s)
        if self._state.broken is not None:
            raise StreamBroken(self.peer, self._state.broken)
        if not done:
            raise PeerTooSlow(self.peer, what, timeout_s)

    def _whole(self, data: bytes) -> bytes:
        if not data:
            raise StreamBroken(self.peer, "it ended within a message")
        return data


class _Shared:
    """What both ends of a stream share."""

    def __init__(self) -> None:
        self.changed = threading.Condition()
        self.broken: str | None = None

    def break_off(self, reason: str) -> None:
        with self.changed:
            self.broken = self.broken or reason
            self.changed.notify_all()


def stream_pair(opener: PeerId, other: PeerId, protocol: str) -> tuple[MemoryStream, MemoryStream]:
    """Return the opener's end and the other's."""
    there, back, state = _Flow(), _Flow(), _Shared()
    return (
        MemoryStream(other, protocol, back, there, state),
        MemoryStream(opener, protocol, there, back, state),
    )
