"""Walking through a pack, frame by frame, past damage."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from leither.store.frame import FRAME_HEADER_BYTES, FRAME_MAGIC, FrameHeader, Place, read_frame_header
from leither.store.pack_file import PackFile

_WINDOW_BYTES = 256 * 1024


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame whose header is right. `sound` is False if its payload was hashed and does not match."""

    place: Place
    digest: bytes
    sound: bool


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes from `start` to `end` that are no frame. `open_end`: no frame follows."""

    pack: int
    start: int
    end: int
    open_end: bool

    @property
    def where(self) -> str:
        """The place as people read it."""
        return f"packs/{self.pack}.pack:{self.start}"


class _Window:
    """Reads ahead, so that small frames cost no call each."""

    def __init__(self, pack: PackFile, end: int) -> None:
        self._pack = pack
        self._end = end
        self._start = 0
        self._data = b""

    def read(self, offset: int, size_bytes: int) -> bytes:
        at = offset - self._start
        if at < 0 or at + size_bytes > len(self._data):
            wanted = min(max(size_bytes, _WINDOW_BYTES), self._end - offset)
            self._data = self._pack.read(offset, wanted)
            self._start, at = offset, 0
        return self._data[at : at + size_bytes]


def walk(pack: PackFile, start: int, end: int, *, hashing: bool) -> Iterator[Frame | Gap]:
    """Yield the frames and gaps between the offsets `start`, where a frame begins, and `end`.

    Cost: reads all small frames, the headers of large ones; everything with `hashing`. Raises: OSError.
    """
    window = _Window(pack, end)
    position = start
    while position < end:
        header = read_frame_header(pack.number, position, window.read(position, FRAME_HEADER_BYTES))
        if header is not None and position + FRAME_HEADER_BYTES + header.length <= end:
            yield _frame(pack, position, header, window if hashing else None)
            position += FRAME_HEADER_BYTES + header.length
        else:
            following = _next_frame(pack, position + 1, end)
            yield Gap(pack.number, position, end if following is None else following, following is None)
            position = end if following is None else following


def _frame(pack: PackFile, position: int, header: FrameHeader, window: _Window | None) -> Frame:
    place = Place(pack.number, position, header.length, header.codec)
    if window is None:
        return Frame(place, header.digest, sound=True)
    payload = window.read(position + FRAME_HEADER_BYTES, header.length)
    return Frame(place, header.digest, hashlib.sha256(payload).digest() == header.digest)


def _next_frame(pack: PackFile, start: int, end: int) -> int | None:
    """Return the offset of the first frame header at or after `start` whose payload ends by `end`."""
    while start + FRAME_HEADER_BYTES <= end:
        data = pack.read(start, min(_WINDOW_BYTES + FRAME_HEADER_BYTES, end - start))
        at = data.find(FRAME_MAGIC)
        while at >= 0:
            header = read_frame_header(pack.number, start + at, data[at : at + FRAME_HEADER_BYTES])
            if header is not None and start + at + FRAME_HEADER_BYTES + header.length <= end:
                return start + at
            at = data.find(FRAME_MAGIC, at + 1)
        step = len(data) - FRAME_HEADER_BYTES + 1
        if step <= 0:
            return None
        start += step
    return None
