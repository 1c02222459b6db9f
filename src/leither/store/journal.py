"""The journal: changes on the disk before they are in LMDB's file, in segments that go when LMDB has what they hold."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

from leither.store import journal_frame as frames
from leither.store.disk import Disk, make_directory
from leither.store.lmdb_file import StateDamaged

_SUFFIX = ".journal"


class Journal:
    """The segments of one state. One thread at a time uses it.

    `size_bytes`: what its newest segment holds.
    """

    def __init__(self, directory: Path, disk: Disk) -> None:
        """Find the segments in `directory`, which is made where it is missing. Raises: OSError."""
        make_directory(directory)
        self._directory = directory
        self._disk = disk
        self._old = sorted(path for path in directory.iterdir() if path.suffix == _SUFFIX and path.stem.isdigit())
        self._path: Path | None = None
        self._fd = -1
        self._first = 0
        self._torn = False
        self.size_bytes = 0

    def replay(self, seq: int) -> Iterator[frames.Frame]:
        """Iterate over the frames with changes after number `seq`, in order.

        Bytes after the last right frame of the last segment are a torn tail, of which nobody was told that it is
        durable. Raises: StateDamaged: anything else is missing or not as it was written.
        """
        reached = seq
        for path in self._old:
            data = path.read_bytes()
            view = memoryview(data)
            last = path == self._old[-1]
            first = int(path.stem)
            if frames.read_segment_header(view) != first:
                if last and frames.find_frame(first, frames.SEGMENT_HEADER_BYTES, data) is None:
                    return  # cut short while it was new: nothing in it was durable
                raise StateDamaged(path, "it does not begin as a journal of this version")
            if first > reached + 1:
                raise StateDamaged(path, f"the changes {reached + 1} to {first - 1} before it are missing")
            offset = frames.SEGMENT_HEADER_BYTES
            while (frame := frames.read_frame(first, offset, view)) is not None:
                if frame.seq > reached:
                    yield frame
                    reached = frame.seq
                offset = frame.end
            if offset < len(data) and (not last or frames.find_frame(first, offset, data) is not None):
                raise StateDamaged(path, f"the frame at byte {offset} is not as it was written")

    def begin(self, first: int) -> None:
        """Begin a segment for the changes from number `first` on. Raises: OSError."""
        self._close_segment()
        path = self._directory / f"{first:020}{_SUFFIX}"
        if path in self._old:  # it holds nothing: begun before, and never written to
            self._old.remove(path)
            self._disk.delete(path)
        fd = self._disk.create(path)
        self._path, self._fd, self._first, self._torn = path, fd, first, False
        header = frames.segment_header(first)
        self._disk.write(fd, [header], 0)
        self._disk.sync(fd)  # another segment may follow before anything in this one is synced
        self._disk.sync_directory(self._directory)
        self.size_bytes = len(header)

    def append(self, seq: int, payload: bytes) -> None:
        """Write changes, the last of which has the number `seq`; `sync` makes them durable. Raises: OSError."""
        if self._torn:
            self._disk.truncate(self._fd, self.size_bytes)
            self._torn = False
        self._torn = True
        header = frames.frame_header(self._first, self.size_bytes, seq, payload)
        self._disk.write(self._fd, [header, payload], self.size_bytes)
        self._torn = False
        self.size_bytes += len(header) + len(payload)

    def take_back(self, size_bytes: int) -> None:
        """Let the segment end at `size_bytes` again. What follows, not durable, is cut off before more comes."""
        self.size_bytes = size_bytes
        self._torn = True

    def sync(self) -> None:
        """Return once all that was appended survives a power cut. Raises: OSError."""
        self._disk.sync(self._fd)

    def forget(self) -> None:
        """Delete the segments before the newest: LMDB has durably what they hold. Raises: OSError."""
        for path in self._old:
            self._disk.delete(path)
        if self._old:
            self._disk.sync_directory(self._directory)
        self._old = []

    def close(self, *, keep: bool) -> None:
        """Close; without `keep`, delete everything, since LMDB has it. Raises: OSError."""
        self._close_segment()
        if not keep:
            self.forget()

    def _close_segment(self) -> None:
        if self._path is not None:
            os.close(self._fd)
            self._old.append(self._path)
            self._path = None
