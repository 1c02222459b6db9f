"""The one thread that changes the state: group commit.

Changes queue up; the thread runs as many as wait in one write transaction, each in a nested one so that a change that
fails undoes itself alone, commits once, and only then tells every caller. No transaction is open while it waits. When
the commit fails, or the engine fails inside a change, each change runs again in a transaction of its own: who fits
gets in, the others hear why. So a change may run twice, and only its last run counts.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any, TypeVar

import lmdb

from leither import limits
from leither.store.disk import Disk, storage_error
from leither.store.lmdb_view import LmdbTransaction
from leither.store.lock import StoreClosed
from leither.store.long_key import Tables

T = TypeVar("T")


class _Job:
    """A submitted change and who waits for it."""

    __slots__ = ("change", "error", "future", "result")

    def __init__(self, change: Callable[[LmdbTransaction], Any]) -> None:
        self.change = change
        self.future: Future[Any] = Future()
        self.result: Any = None
        self.error: BaseException | None = None

    def settle(self) -> None:
        if self.error is None:
            self.future.set_result(self.result)
        else:
            self.future.set_exception(self.error)


class CommitQueue:
    """Runs changes in the order they were submitted. Thread-safe."""

    def __init__(self, environment: lmdb.Environment, tables: Tables, disk: Disk, where: str) -> None:
        self._environment = environment
        self._tables = tables
        self._disk = disk
        self._where = where
        self._jobs: deque[_Job] = deque()
        self._wake = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="leither-state", daemon=True)
        self._thread.start()

    def submit(self, change: Callable[[LmdbTransaction], T]) -> Future[T]:
        """Queue `change`. Raises: StoreClosed; RuntimeError from inside a change, where waiting would never end."""
        if threading.current_thread() is self._thread:
            raise RuntimeError("a change can't submit another; do it in the same transaction or after it")
        job = _Job(change)
        with self._wake:
            if self._closing:
                raise StoreClosed(self._where)
            self._jobs.append(job)
            self._wake.notify()
        return job.future

    def close(self) -> None:
        """Finish what was submitted and stop. Idempotent."""
        with self._wake:
            self._closing = True
            self._wake.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._wake:
                while not self._jobs:
                    if self._closing:
                        return
                    self._wake.wait()
            self._commit_batch()

    def _commit_batch(self) -> None:
        batch: list[_Job] = []
        try:
            self._run_batch(batch)
        except (lmdb.Error, OSError):
            for job in batch:
                self._run_alone(job)
        except BaseException as error:  # told to every caller; the thread must outlive it
            for job in batch:
                job.error = error
        for job in batch:
            job.settle()

    def _run_batch(self, batch: list[_Job]) -> None:
        """Move waiting jobs into `batch`, run them in one transaction, commit. Raises: what the engine raises."""
        written_bytes = 0
        with self._environment.begin(write=True) as transaction:
            while self._jobs and len(batch) < limits.COMMIT_BATCH_MAX and written_bytes < limits.COMMIT_BATCH_BYTES_MAX:
                job = self._jobs.popleft()
                if not job.future.set_running_or_notify_cancel():
                    continue
                batch.append(job)
                nested = self._environment.begin(write=True, parent=transaction)
                try:
                    written_bytes += self._run_change(job, nested)
                    if job.error is None:
                        nested.commit()
                    else:
                        nested.abort()
                except BaseException:
                    nested.abort()
                    raise
            self._disk.commit(transaction)

    def _run_change(self, job: _Job, transaction: lmdb.Transaction[bytes]) -> int:
        """Run one change, keep its outcome, return the bytes it wrote. Raises: what the engine raises."""
        view = LmdbTransaction(transaction, self._tables)
        job.result = job.error = None
        try:
            job.result = job.change(view)
        except lmdb.Error:
            raise
        except BaseException as error:  # the caller's own error, raised there
            job.error = error
        return view.written_bytes

    def _run_alone(self, job: _Job) -> None:
        """Run one change again in a transaction of its own and keep its outcome."""
        try:
            with self._environment.begin(write=True) as transaction:
                self._run_change(job, transaction)
                if job.error is None:
                    self._disk.commit(transaction)
                else:
                    transaction.abort()
        except (lmdb.Error, OSError) as error:
            job.error = storage_error(self._where, error)
