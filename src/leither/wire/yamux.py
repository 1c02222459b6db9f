"""Many streams over one connection, each with a window so that none holds up the others.

`receive` takes what came and says what it means; every other method returns bytes to be sent. Data is handed on as it
comes, whole frames or parts of them, so nothing is kept here.
Source: libp2p specs, yamux/README.md; hashicorp/yamux, spec.md.
"""

import struct
from dataclasses import dataclass

from leither.errors import PeerError
from leither.limits import STREAM_BUFFER_BYTES_MAX, STREAMS_MAX

PROTOCOL = "/yamux/1.0.0"
HEAD_BYTES = 12
DATA_BYTES_MAX = 64 * 1024
"""Longest frame of data that is made here, so that streams take turns."""
_INITIAL_WINDOW = 256 * 1024
_WINDOW_STEP = STREAM_BUFFER_BYTES_MAX // 2
_HEAD = struct.Struct(">BBHII")
_DATA, _WINDOW, _PING, _GO_AWAY = range(4)
_SYN, _ACK, _FIN, _RST = 1, 2, 4, 8
_WINDOW_MAX = (1 << 32) - 1


class BadYamux(PeerError):
    """What came is not what two ends of a connection say to each other."""

    code = "bad-yamux"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"another node broke the rules of a connection's streams: {reason}; the connection is closed")


@dataclass(frozen=True, slots=True)
class Opened:
    """The other side opened a stream."""

    stream: int


@dataclass(frozen=True, slots=True)
class Received:
    """Data of a stream. Say `consumed` when it was taken."""

    stream: int
    data: memoryview


@dataclass(frozen=True, slots=True)
class Writable:
    """More may be sent on a stream than before."""

    stream: int


@dataclass(frozen=True, slots=True)
class Ended:
    """The other side writes no more on a stream."""

    stream: int


@dataclass(frozen=True, slots=True)
class Reset:
    """A stream is broken off."""

    stream: int


@dataclass(frozen=True, slots=True)
class Ponged:
    """The answer to `ping`."""

    token: int


@dataclass(frozen=True, slots=True)
class GoneAway:
    """The other side opens no more streams and takes none."""

    code: int


@dataclass(frozen=True, slots=True)
class Reply:
    """Bytes to be sent for what came."""

    data: bytes


Event = Opened | Received | Writable | Ended | Reset | Ponged | GoneAway | Reply


class _Window:
    """How much may go out and come in on a stream, and which ends are closed."""

    __slots__ = ("consumed", "ended", "finished", "incoming", "outgoing")

    def __init__(self) -> None:
        self.outgoing = _INITIAL_WINDOW
        self.incoming = STREAM_BUFFER_BYTES_MAX
        self.consumed = 0
        self.finished = self.ended = False


class Yamux:
    """One end of a connection. Ids of streams that the client opens are odd, those of the server even."""

    def __init__(self, *, client: bool, streams_max: int = STREAMS_MAX) -> None:
        self._next = 1 if client else 2
        self._theirs = 0 if client else 1
        self._latest = 0
        self._streams: dict[int, _Window] = {}
        self._inbound = 0
        self._streams_max = streams_max
        self._head = bytearray()
        self._stream = self._left = 0
        self._ends = False
        self.gone_away = False

    def __len__(self) -> int:
        """How many streams are open."""
        return len(self._streams)

    def open(self) -> tuple[int, bytes]:
        """Open a stream; return its id and what says so. The caller keeps below STREAMS_MAX."""
        stream = self._next
        self._next += 2
        self._streams[stream] = _Window()
        return stream, _HEAD.pack(0, _WINDOW, _SYN, stream, STREAM_BUFFER_BYTES_MAX - _INITIAL_WINDOW)

    def room(self, stream: int) -> int:
        """Return how many bytes may be sent on a stream now."""
        window = self._streams.get(stream)
        return 0 if window is None else window.outgoing

    def head(self, stream: int, size_bytes: int) -> bytes:
        """Return what stands before `size_bytes` bytes of a stream, at most DATA_BYTES_MAX and what has room."""
        window = self._streams[stream]
        assert size_bytes <= min(window.outgoing, DATA_BYTES_MAX)
        window.outgoing -= size_bytes
        return _HEAD.pack(0, _DATA, 0, stream, size_bytes)

    def consumed(self, stream: int, size_bytes: int) -> bytes:
        """Take note that data was taken; return what lets the other side send more, if it is time to."""
        window = self._streams.get(stream)
        if window is None or window.ended:
            return b""
        window.consumed += size_bytes
        if window.consumed < _WINDOW_STEP:
            return b""
        step, window.consumed = window.consumed, 0
        window.incoming += step
        return _HEAD.pack(0, _WINDOW, 0, stream, step)

    def finish(self, stream: int) -> bytes:
        """Say that nothing more is written on a stream."""
        window = self._streams.get(stream)
        if window is None or window.finished:
            return b""
        window.finished = True
        self._drop_if_done(stream, window)
        return _HEAD.pack(0, _WINDOW, _FIN, stream, 0)

    def reset(self, stream: int) -> bytes:
        """Break a stream off."""
        if stream not in self._streams:
            return b""
        self._drop(stream)
        return _HEAD.pack(0, _WINDOW, _RST, stream, 0)

    @staticmethod
    def ping(token: int) -> bytes:
        """Ask for an answer that carries the token, below 2^32."""
        return _HEAD.pack(0, _PING, _SYN, 0, token)

    @staticmethod
    def go_away() -> bytes:
        """Say that this end opens and takes no more streams, in good order."""
        return _HEAD.pack(0, _GO_AWAY, 0, 0, 0)

    def receive(self, data: bytes | memoryview) -> list[Event]:
        """Return what the bytes mean, in their order. Raises: BadYamux."""
        view, offset, events = memoryview(data), 0, list[Event]()
        while offset < len(view):
            if self._left:
                piece = view[offset : offset + self._left]
                offset += len(piece)
                self._left -= len(piece)
                if self._stream in self._streams:
                    events.append(Received(self._stream, piece))
                    if self._ends and not self._left:
                        self._end(events, self._stream, self._streams[self._stream])
                self._ends = self._ends and self._left > 0
                continue
            need = HEAD_BYTES - len(self._head)
            self._head += view[offset : offset + need]
            offset += need
            if len(self._head) == HEAD_BYTES:
                head = _HEAD.unpack(self._head)
                self._head.clear()
                self._frame(events, *head)
        return events

    def _frame(self, events: list[Event], version: int, kind: int, flags: int, stream: int, length: int) -> None:
        if version:
            raise BadYamux(f"version {version}")
        if kind in (_DATA, _WINDOW):
            self._stream_frame(events, kind, flags, stream, length)
        elif kind == _PING:
            if flags & _SYN:
                events.append(Reply(_HEAD.pack(0, _PING, _ACK, 0, length)))
            elif flags & _ACK:
                events.append(Ponged(length))
        elif kind == _GO_AWAY:
            self.gone_away = True
            events.append(GoneAway(length))
        else:
            raise BadYamux(f"a frame of type {kind}")

    def _stream_frame(self, events: list[Event], kind: int, flags: int, stream: int, length: int) -> None:
        if flags & _SYN:
            self._opened(events, stream)
        window = self._streams.get(stream)
        if kind == _DATA:
            self._stream, self._left = stream, length
            if window is not None:
                if length > window.incoming or (window.ended and length):
                    raise BadYamux(f"{length:,} bytes on a stream that has room for {window.incoming:,}")
                window.incoming -= length
            elif length > STREAM_BUFFER_BYTES_MAX:
                raise BadYamux(f"{length:,} bytes on a stream that is not open")
        elif window is not None and length:
            if window.outgoing + length > _WINDOW_MAX:
                raise BadYamux("a window beyond 32 bits")
            window.outgoing += length
            events.append(Writable(stream))
        if window is None:
            return
        if flags & _RST:
            self._drop(stream)
            events.append(Reset(stream))
        elif flags & _FIN and not window.ended:
            if kind == _DATA and length:
                self._ends = True
            else:
                self._end(events, stream, window)

    def _opened(self, events: list[Event], stream: int) -> None:
        if stream & 1 != self._theirs or stream <= self._latest:
            raise BadYamux(f"stream {stream} opened by the wrong side or twice")
        self._latest = stream
        if self._inbound >= self._streams_max:
            events.append(Reply(_HEAD.pack(0, _WINDOW, _RST, stream, 0)))
            return
        self._inbound += 1
        self._streams[stream] = _Window()
        events.append(Reply(_HEAD.pack(0, _WINDOW, _ACK, stream, STREAM_BUFFER_BYTES_MAX - _INITIAL_WINDOW)))
        events.append(Opened(stream))

    def _end(self, events: list[Event], stream: int, window: _Window) -> None:
        window.ended = True
        events.append(Ended(stream))
        self._drop_if_done(stream, window)

    def _drop_if_done(self, stream: int, window: _Window) -> None:
        if window.finished and window.ended:
            self._drop(stream)

    def _drop(self, stream: int) -> None:
        del self._streams[stream]
        if stream & 1 == self._theirs:
            self._inbound -= 1
