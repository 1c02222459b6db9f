"""The one seam through which the engines change files.

Everything that alters what is on disk goes through a `Disk`, so that a test can stop the process before any single
operation, tear a write in two, or answer that the disk is full. Reading needs no seam and has none.
"""

from __future__ import annotations

import errno
import os
import resource
from collections.abc import Sequence, Set
from pathlib import Path

import lmdb

from leither import limits
from leither.errors import CorruptionError, LimitError

_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})
_LITTLE_ROOM_BYTES = 64 * limits.MIB
_LMDB_NO_ROOM = (lmdb.MapFullError, lmdb.DiskError, lmdb.TxnFullError)


class StoreFull(LimitError):
    """There is no room for what was to be stored. Nothing of it is kept; the store works again once there is room."""

    code = "store-full"

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(
            f"nothing was stored in {where}: {reason}; free space on that disk, or run `leither gc`, and try again"
        )


class StoreBroken(CorruptionError):
    """The disk refused an operation for another reason than want of room."""

    code = "store-broken"

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason
        super().__init__(
            f"storing in {where} failed: {reason}; check the disk and its permissions, then restart the node"
        )


def storage_error(where: str, error: OSError | lmdb.Error) -> StoreFull | StoreBroken:
    """Return what callers are told when `error` stopped a change to `where`."""
    if isinstance(error, lmdb.Error):
        full = isinstance(error, _LMDB_NO_ROOM) or _says(error, _NO_ROOM)
        if not full and _says(error, {errno.EIO}):
            full = not _has_room(Path(where))  # LMDB reports a short write, as on a full disk, as an I/O error
        return (StoreFull if full else StoreBroken)(where, str(error))
    reason = os.strerror(error.errno) if error.errno else str(error)
    return (StoreFull if error.errno in _NO_ROOM else StoreBroken)(where, reason)


def _says(error: lmdb.Error, numbers: Set[int]) -> bool:
    """Tell whether `error` is one of the operating system's, whose numbers LMDB's errors carry in their text alone."""
    return any(os.strerror(number) in str(error) for number in numbers)


def _has_room(path: Path) -> bool:
    if resource.getrlimit(resource.RLIMIT_FSIZE)[0] != resource.RLIM_INFINITY:
        return False
    free = os.statvfs(path)
    return free.f_bavail * free.f_frsize > _LITTLE_ROOM_BYTES


class Disk:
    """The real disk. Subclasses in tests fail or stop at a chosen operation."""

    def create(self, path: Path) -> int:
        """Create `path`, which must not exist, and return a descriptor open for reading and writing."""
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)

    def write(self, fd: int, pieces: Sequence[bytes], offset: int) -> None:
        """Write `pieces` one after the other at `offset`, all of them. At most 1,000 pieces (IOV_MAX is 1,024)."""
        written = os.pwritev(fd, pieces, offset)
        expected = sum(map(len, pieces))
        if written < expected:  # a full disk, a file-size limit, or more than one call takes
            rest = memoryview(b"".join(pieces))[written:]
            while rest:
                step = os.pwrite(fd, rest, offset + written)
                written += step
                rest = rest[step:]

    def sync(self, fd: int) -> None:
        """Return once what was written to `fd` survives a power cut."""
        if hasattr(os, "fdatasync"):
            os.fdatasync(fd)
        else:
            os.fsync(fd)

    def truncate(self, fd: int, size_bytes: int) -> None:
        """Cut the file to `size_bytes`."""
        os.ftruncate(fd, size_bytes)

    def delete(self, path: Path) -> None:
        """Remove `path`; who has it open goes on reading it. It is no error if it is gone already."""
        path.unlink(missing_ok=True)

    def sync_directory(self, path: Path) -> None:
        """Return once files created in and deleted from `path` stay so after a power cut."""
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        finally:
            os.close(fd)

    def commit(self, transaction: lmdb.Transaction) -> None:
        """Commit an LMDB write transaction durably."""
        transaction.commit()


def make_directory(path: Path) -> None:
    """Create `path` and its parents, readable by their owner alone, and make their names durable.

    Cost: one fsync a new directory.
    """
    if path.is_dir():
        return
    make_directory(path.parent)
    path.mkdir(mode=0o700, exist_ok=True)
    Disk().sync_directory(path.parent)
