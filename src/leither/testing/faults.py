"""A disk that stops the process, tears a write, or is full, at an operation of one's choice.

With it a test runs a workload once to count its operations, and then once for each of them in a child process that
dies there, opens what is left, and looks for what was acknowledged.
"""

from __future__ import annotations

import errno
import functools
import os
import signal
import threading
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Concatenate, ParamSpec, TypeVar

import lmdb

from leither.store.disk import Disk

_P = ParamSpec("_P")
_R = TypeVar("_R")


def kill_process() -> None:
    """End this process at once, as a power cut would end its work: no handler runs, nothing is flushed."""
    os.kill(os.getpid(), signal.SIGKILL)


def _whole(operation: Callable[Concatenate[Any, _P], _R]) -> Callable[Concatenate[Any, _P], _R]:
    """Let one thread at a time operate on the disk, and none any more once one of them is stopping the process."""

    @functools.wraps(operation)
    def run(disk: FaultyDisk, /, *args: _P.args, **kwargs: _P.kwargs) -> _R:
        with disk.turn:
            return operation(disk, *args, **kwargs)

    return run


class FaultyDisk(Disk):
    """Counts operations; before operation `at` (the first is 1) it calls `stop`. 0 never stops.

    With `torn`, a write is half done before `stop` is called; other operations are not affected by it. Operations of
    several threads follow each other.
    """

    def __init__(self, at: int = 0, *, torn: bool = False, stop: Callable[[], None] = kill_process) -> None:
        self.count = 0
        self.names: list[str] = []
        self._at = at
        self._torn = torn
        self._stop = stop
        self.turn = threading.RLock()
        """Held by the thread whose operation it is."""

    def _reached(self, name: str) -> bool:
        self.count += 1
        self.names.append(name)
        return self.count == self._at

    @_whole
    def create(self, path: Path) -> int:
        """See Disk."""
        if self._reached("create"):
            self._stop()
        return super().create(path)

    @_whole
    def write(self, fd: int, pieces: Sequence[bytes], offset: int) -> None:
        """See Disk."""
        if self._reached("write"):
            if self._torn:
                data = b"".join(pieces)
                super().write(fd, [data[: len(data) // 2]], offset)
            self._stop()
        super().write(fd, pieces, offset)

    @_whole
    def sync(self, fd: int) -> None:
        """See Disk."""
        if self._reached("sync"):
            self._stop()
        super().sync(fd)

    @_whole
    def truncate(self, fd: int, size_bytes: int) -> None:
        """See Disk."""
        if self._reached("truncate"):
            self._stop()
        super().truncate(fd, size_bytes)

    @_whole
    def delete(self, path: Path) -> None:
        """See Disk."""
        if self._reached("delete"):
            self._stop()
        super().delete(path)

    @_whole
    def sync_directory(self, path: Path) -> None:
        """See Disk."""
        if self._reached("sync_directory"):
            self._stop()
        super().sync_directory(path)

    @_whole
    def commit(self, transaction: lmdb.Transaction) -> None:
        """See Disk."""
        if self._reached("commit"):
            self._stop()
        super().commit(transaction)


class PowerCutDisk(FaultyDisk):
    """A disk that at operation `at` forgets all that was not made durable, and stops the process.

    Unsynced appends are gone or, with `zeroed`, left as zeros of the same length; files created or deleted without a
    sync of their directory are as before.
    """

    def __init__(self, at: int = 0, *, zeroed: bool = False) -> None:
        super().__init__(at, stop=self._cut_power)
        self._zeroed = zeroed
        self._synced: dict[tuple[int, int], int] = {}  # bytes by (descriptor, inode): descriptors are used again
        self._created: dict[Path, int] = {}
        self._deleted: dict[Path, bytes] = {}

    @_whole
    def create(self, path: Path) -> int:
        """See Disk."""
        fd = super().create(path)
        self._created[path] = fd
        self._synced[_file(fd)] = 0
        return fd

    @_whole
    def write(self, fd: int, pieces: Sequence[bytes], offset: int) -> None:
        """See Disk."""
        self._synced.setdefault(_file(fd), offset)  # a file of an earlier opening, durable up to here
        super().write(fd, pieces, offset)

    @_whole
    def sync(self, fd: int) -> None:
        """See Disk."""
        super().sync(fd)
        self._synced[_file(fd)] = os.fstat(fd).st_size

    @_whole
    def truncate(self, fd: int, size_bytes: int) -> None:
        """See Disk."""
        super().truncate(fd, size_bytes)
        self._synced[_file(fd)] = min(size_bytes, self._synced.get(_file(fd), size_bytes))

    @_whole
    def delete(self, path: Path) -> None:
        """See Disk."""
        before = path.read_bytes() if path.exists() else None
        super().delete(path)
        if before is not None:
            self._deleted[path] = before
        self._created.pop(path, None)

    @_whole
    def sync_directory(self, path: Path) -> None:
        """See Disk."""
        super().sync_directory(path)
        self._created.clear()
        self._deleted.clear()

    def _cut_power(self) -> None:
        for file, size_bytes in self._synced.items():
            self._forget_tail(file, size_bytes)
        for path in self._created:
            path.unlink(missing_ok=True)
        for path, data in self._deleted.items():
            path.write_bytes(data)
        kill_process()

    def _forget_tail(self, file: tuple[int, int], size_bytes: int) -> None:
        fd = file[0]
        try:
            if _file(fd) != file:
                return
        except OSError:  # closed by its owner, who synced it first
            return
        written = os.fstat(fd).st_size
        if written > size_bytes:
            os.ftruncate(fd, size_bytes)
            if self._zeroed:
                os.ftruncate(fd, written)


def _file(fd: int) -> tuple[int, int]:
    return fd, os.fstat(fd).st_ino


class SmallDisk(Disk):
    """A disk with room for `room_bytes` more. Writes past it do what fits and then fail, as on a real full disk."""

    def __init__(self, room_bytes: int) -> None:
        self.room_bytes = room_bytes
        """May be changed at any time: what is free from now on."""

    def create(self, path: Path) -> int:
        """See Disk."""
        self._refuse_if_full()
        return super().create(path)

    def write(self, fd: int, pieces: Sequence[bytes], offset: int) -> None:
        """See Disk."""
        data = b"".join(pieces)
        fits = data[: max(self.room_bytes, 0)]
        self.room_bytes -= len(fits)
        super().write(fd, [fits], offset)
        if len(fits) < len(data):
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def truncate(self, fd: int, size_bytes: int) -> None:
        """See Disk."""
        self.room_bytes += os.fstat(fd).st_size - size_bytes
        super().truncate(fd, size_bytes)

    def commit(self, transaction: lmdb.Transaction) -> None:
        """See Disk."""
        if self.room_bytes <= 0:
            transaction.abort()
            raise lmdb.DiskError("no space left on device")
        super().commit(transaction)

    def _refuse_if_full(self) -> None:
        if self.room_bytes <= 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


class BrokenSync(Disk):
    """A disk whose sync fails while `broken` is set."""

    def __init__(self) -> None:
        self.broken = False

    def sync(self, fd: int) -> None:
        """See Disk."""
        if self.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))
        super().sync(fd)


def run_in_child(work: Callable[[Callable[[str], None]], None]) -> tuple[list[str], int]:
    """Run `work` in a forked child and return the lines it reported and its exit status (-9: killed).

    `work` is given a function that reports one line; what it reported before it died is not lost. An error in `work`
    is reported as the last line and ends the child with status 1. Call only while no other thread runs here.
    """
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            os.close(read_end)
            work(lambda line: _report(write_end, line))
            status = 0
        except BaseException as error:  # the child must not return into the caller's stack
            _report(write_end, f"error {error!r}")
        finally:
            os._exit(status)
    os.close(write_end)
    with os.fdopen(read_end) as lines:
        reported = lines.read().splitlines()
    return reported, os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def _report(fd: int, line: str) -> None:
    os.write(fd, line.encode() + b"\n")
