"""State in LMDB, behind a journal: many readers at once, one change at a time, group commit."""

from __future__ import annotations

import mmap
import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from pathlib import Path
from typing import TypeVar

import lmdb

from leither import limits
from leither.ports import Transaction
from leither.store.checkpoint import replay
from leither.store.commit_queue import CommitQueue
from leither.store.disk import Disk, make_directory, storage_error
from leither.store.journal import Journal
from leither.store.layers import Layers
from leither.store.lmdb_file import DATA_NAME, StateDamaged, open_environment
from leither.store.lock import DirectoryLock, StoreClosed
from leither.store.long_key import Tables
from leither.store.overlay_view import OverlayView

T = TypeVar("T")

FORMAT_NAME = "format"
FORMAT = b"leither state 2, lmdb 0.9 and a journal\n"
JOURNAL_NAME = "journal"
FRESH_NAME = "fresh"
"""A folder for the file that takes the place of the present one."""


class LmdbState:
    """`State` in a directory of its own. Thread-safe. Don't fork while it is open."""

    def __init__(self, directory: Path, *, disk: Disk | None = None, every_second: bool = False) -> None:
        """Open or create the state in `directory`.

        With `every_second`, a change counts as done when it is written and before it is durable: a process that dies
        loses nothing, a power cut up to the last second.
        Raises: StateDamaged, StoreInUse, StoreFull, StoreBroken.
        """
        self._directory = directory
        self._disk = disk or Disk()
        try:
            make_directory(directory)
            self._lock = DirectoryLock(directory)
        except OSError as error:
            raise storage_error(str(directory), error) from error
        try:
            self._forget_fresh(directory / FRESH_NAME)
            self._environment = self._open()
            try:
                self._layers = self._open_layers()
                self._write_format()
            except BaseException:
                self._environment.close()
                raise
        except (OSError, lmdb.Error) as error:
            self._lock.release()
            raise storage_error(str(directory), error) from error
        except BaseException:
            self._lock.release()
            raise
        self._closed = False
        self._queue = CommitQueue(self._layers, str(directory), every_second=every_second)

    def _open(self) -> lmdb.Environment:
        """Open the environment. The format file tells a first start from a data file that was lost."""
        data = self._directory / DATA_NAME
        data_bytes = data.stat().st_size if data.exists() else 0
        if self._has_format():
            if data_bytes == 0:
                raise StateDamaged(data, "it is missing or empty")
        elif 0 < data_bytes < 2 * mmap.PAGESIZE:
            self._disk.delete(data)  # a first start was cut short: nothing was ever stored
        return open_environment(self._directory, databases=3, readahead=True)

    def _has_format(self) -> bool:
        """Tell whether the state was ever opened completely. Raises: StateDamaged: in another format."""
        path = self._directory / FORMAT_NAME
        if not path.exists():
            return False
        with path.open("rb") as file:
            found = file.read(len(FORMAT) + 1)
        if found != FORMAT and FORMAT.startswith(found):
            self._disk.delete(path)  # torn while it was first written
            return False
        if found != FORMAT:
            raise StateDamaged(path, "it names a format that this version does not know")
        return True

    def _write_format(self) -> None:
        path = self._directory / FORMAT_NAME
        if path.exists():
            return
        fd = self._disk.create(path)
        try:
            self._disk.write(fd, [FORMAT], 0)
            self._disk.sync(fd)
        finally:
            os.close(fd)
        self._disk.sync_directory(self._directory)

    def _open_tables(self) -> Tables:
        environment = self._environment
        try:
            with environment.begin(write=True) as transaction:
                return Tables(
                    entries=environment.open_db(b"entries", txn=transaction),
                    rests=environment.open_db(b"rests", txn=transaction),
                    meta=environment.open_db(b"meta", txn=transaction),
                )
        except lmdb.CorruptedError as error:
            raise StateDamaged(self._directory / DATA_NAME, str(error)) from None

    def _open_layers(self) -> Layers:
        """Bring what the journal holds into LMDB's file, and begin anew."""
        tables = self._open_tables()
        journal = Journal(self._directory / JOURNAL_NAME, self._disk)
        seq = replay(self._environment, tables, self._disk, journal)
        journal.begin(seq + 1)
        journal.forget()
        return Layers(self._environment, tables, journal, self._disk, seq)

    @contextmanager
    def read(self) -> Iterator[OverlayView]:
        """Open a snapshot of what is durable. Raises: TooManyReaders, StoreClosed. Cost: some microseconds."""
        if self._closed:
            raise StoreClosed(str(self._directory))
        snapshot = self._layers.open_view()
        try:
            yield snapshot.view
        except lmdb.CorruptedError as error:
            raise StateDamaged(self._directory / DATA_NAME, str(error)) from None
        finally:
            snapshot.close()

    def write(self, change: Callable[[Transaction], T]) -> T:
        """Run `change` and return its result once it is durable.

        `change` may run twice, when it is large or the disk fills; only its last run counts. Raises: what `change`
        raises, StoreFull, StoreBroken, StoreClosed.
        """
        return self.submit(change).result()

    def submit(self, change: Callable[[Transaction], T]) -> Future[T]:
        """Like `write`, but return once `change` ran or is queued."""
        return self._queue.submit(change)

    def compact(self) -> bool:
        """Write LMDB's file anew, and let the journal begin anew; False while a snapshot stays open.

        The file that was is deleted, not overwritten: what a disk keeps of deleted files is beyond a program's reach.
        Cost: reads and writes all that is kept; changes wait meanwhile, and snapshots for some milliseconds at its end.
        Raises: StoreFull, StoreBroken, StoreClosed.
        """
        try:
            return self._queue.alone(self._compact)
        except (OSError, lmdb.Error) as error:
            raise storage_error(str(self._directory), error) from error

    def _compact(self) -> bool:
        fresh = self._directory / FRESH_NAME
        self._forget_fresh(fresh)
        fresh.mkdir(mode=0o700)
        try:
            self._layers.copy(fresh)
            return self._layers.replace(lambda: self._go_on_with(fresh), wait_s=limits.STATE_COMPACT_WAIT_S)
        finally:
            self._forget_fresh(fresh)

    def _go_on_with(self, fresh: Path) -> tuple[lmdb.Environment, Tables]:
        made = fresh / DATA_NAME
        made.chmod(0o600)
        fd = os.open(made, os.O_RDONLY | os.O_CLOEXEC)
        try:
            self._disk.sync(fd)
        finally:
            os.close(fd)
        made.replace(self._directory / DATA_NAME)
        self._disk.sync_directory(self._directory)
        self._environment = self._open()
        return self._environment, self._open_tables()

    def _forget_fresh(self, fresh: Path) -> None:
        """Remove what a compaction that was broken off has left."""
        if fresh.is_dir():
            self._disk.delete(fresh / DATA_NAME)
            fresh.rmdir()

    def close(self) -> None:
        """Finish what was submitted and release. Snapshots must be closed before. Idempotent."""
        if self._closed:
            return
        self._closed = True
        self._queue.close()
        self._layers.close()
        self._environment.close()
        self._lock.release()
