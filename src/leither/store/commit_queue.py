"""The order of changes: each runs alone, several share one write to the journal, and callers hear when it is durable.

A change runs at once in the thread that submits it if no other is running, else in the writer's thread. What it wrote
is in the newest table from then on, but snapshots don't show it before the journal has it. When the journal can't
take it, everything that is not durable is undone, and each change runs again and is written alone: who fits gets in,
the others hear why. So a change may run twice, and only its last run counts.

Who runs changes holds `_running`, who writes to the journal holds `_writing`; who needs both takes them in this order.
"""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from typing import Any, TypeVar

import lmdb

from leither.store.disk import storage_error
from leither.store.journal_frame import encode_changes
from leither.store.layers import Layers
from leither.store.lock import StoreClosed
from leither.store.overlay import Cell
from leither.store.overlay_view import OverlayTransaction, Oversized

T = TypeVar("T")

EVERY_S = 1.0
"""How long, with durability `everysec`, what callers were told may wait to be durable."""
_DISK = (OSError, lmdb.Error)


@dataclass(slots=True)
class _Job:
    """A change and who waits for it."""

    change: Callable[[Any], Any]
    future: Future[Any]


@dataclass(slots=True)
class _Ran:
    """A change that ran and is not durable yet. `wrote`: its keys' values; `before`: the cells that it found there."""

    job: _Job
    result: Any
    seq: int
    wrote: dict[bytes, bytes | None]
    before: dict[bytes, Cell | None]


class CommitQueue:
    """Runs changes in the order they were submitted. Thread-safe."""

    def __init__(self, layers: Layers, where: str, *, every_second: bool) -> None:
        self._layers = layers
        self._where = where
        self._every_second = every_second
        self._jobs: deque[_Job] = deque()
        self._ran: deque[_Ran] = deque()
        self._told: deque[tuple[Future[Any], Any, BaseException | None]] = deque()
        self._running = threading.Lock()
        self._writing = threading.Lock()
        self._wake = threading.Condition(threading.Lock())
        self._closing = False
        self._unsynced_since: float | None = None
        self._distrust = False
        self._runner: int | None = None
        self._thread = threading.Thread(target=self._work, name="leither-state", daemon=True)
        self._thread.start()

    def submit(self, change: Callable[[OverlayTransaction], T]) -> Future[T]:
        """Run or queue `change`. Raises: StoreClosed. RuntimeError: inside a change, which would wait for itself."""
        if self._runner == threading.get_ident():
            raise RuntimeError("a change can't submit another; do it in the same transaction or after it")
        if self._closing:
            raise StoreClosed(self._where)
        job = _Job(change, Future())
        if not self._run_at_once(job):
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

    def alone(self, work: Callable[[], T]) -> T:
        """Run `work` while no change runs, and all before it are durable. Raises: what `work` raises, StoreClosed."""
        with self._running, self._writing:
            if self._closing:
                raise StoreClosed(self._where)
            self._write_all()
            result = work()
        self._tell()
        return result

    # Running changes

    def _run_at_once(self, job: _Job) -> bool:
        """Run `job` here if nothing stands before it; tell whether it ran."""
        if self._jobs or self._layers.crowded or not self._running.acquire(blocking=False):
            return False
        try:
            if self._jobs or self._closing:
                return False
            job.future.set_running_or_notify_cancel()
            self._run(job)
        finally:
            self._running.release()
        if self._ran:
            with self._wake:
                self._wake.notify()
        self._tell()
        return True

    def _run(self, job: _Job) -> None:
        """Run a change. What it wrote waits to be written to the journal. Only with `_running` held."""
        transaction = self._layers.transaction()
        result, error = self._call(job, transaction)
        if error is not None:
            self._layers.undo(transaction.before)
            if isinstance(error, Oversized):
                self._run_large(job)
            else:
                self._told.append((job.future, None, error))
            return
        if not transaction.before and not self._ran:
            self._told.append((job.future, result, None))
            return
        seq = self._layers.accept(transaction)
        self._ran.append(_Ran(job, result, seq, transaction.wrote(), transaction.before))

    def _call(self, job: _Job, transaction: object) -> tuple[Any, BaseException | None]:
        self._runner = threading.get_ident()
        try:
            return job.change(transaction), None
        except BaseException as error:  # the caller's own error, told to the caller
            return None, error
        finally:
            self._runner = None

    def _run_large(self, job: _Job) -> None:
        """Run a change that is too large for memory in a transaction of LMDB itself, behind all before it."""
        with self._writing:
            self._write_all()
            failed: list[BaseException | None] = []

            def run(transaction: object) -> object:
                result, error = self._call(job, transaction)
                failed.append(error)
                if error is not None:
                    raise error
                return result

            try:
                result = self._layers.run_large(run)
            except BaseException as error:
                own = failed and failed[-1] is error and not isinstance(error, _DISK)
                told = error if own or not isinstance(error, _DISK) else storage_error(self._where, error)
                self._told.append((job.future, None, told))
            else:
                self._told.append((job.future, result, None))

    # The writer's thread

    def _work(self) -> None:
        while True:
            with self._wake:
                while not (self._jobs or self._ran or self._closing):
                    if not self._wake.wait(self._rest_s()):
                        break
                ending = self._closing and not self._jobs
            if self._jobs:
                self._run_jobs()
            with self._writing:
                written = self._write()
            if not written or self._layers.full:
                with self._running, self._writing:
                    self._write_all()
                    self._rotate()
            self._tell()
            if ending and not self._ran:
                return

    def _rest_s(self) -> float | None:
        """Return how long what is written may still wait to be made durable, or None where nothing waits."""
        if self._unsynced_since is None:
            return None
        return max(0.0, self._unsynced_since + EVERY_S - time.monotonic())

    def _run_jobs(self) -> None:
        with self._running:
            while self._jobs:
                job = self._jobs[0]
                if job.future.set_running_or_notify_cancel() and self._make_room(job):
                    self._run(job)
                self._jobs.popleft()

    def _make_room(self, job: _Job) -> bool:
        """Have a crowded table go to LMDB; where LMDB can't take it, say so to who wants to change more."""
        if not self._layers.crowded:
            return True
        with self._writing:
            self._write_all()
            try:
                self._layers.rotate()
            except _DISK as error:
                self._told.append((job.future, None, storage_error(self._where, error)))
                return False
        return True

    def _rotate(self) -> None:
        """Begin a new table if the newest is full. Where LMDB can't take it, it goes on growing until it is crowded."""
        if self._layers.full:
            try:
                self._layers.rotate()
            except _DISK:
                return

    # Writing, with `_writing` held

    def _write(self) -> bool:
        """Write what ran to the journal, and have the callers told; False where the journal can't take it."""
        group = list(self._ran)
        if not group and self._rest_s() != 0.0:
            return True
        try:
            self._write_group(group)
        except OSError:
            self._distrust = True
            return not group
        for ran in group:
            self._ran.popleft()
            self._told.append((ran.job.future, ran.result, None))
        return True

    def _write_group(self, group: list[_Ran]) -> None:
        """Append and, as the durability asks, sync. Raises: OSError, with the journal as it was before."""
        changes: dict[bytes, bytes | None] = {}
        for ran in group:
            changes.update(ran.wrote)
        end_bytes = self._layers.journal.size_bytes
        try:
            if changes:
                self._layers.journal.append(group[-1].seq, encode_changes(changes))
            if self._must_sync(written=bool(changes)):
                self._layers.journal.sync()
                self._unsynced_since, self._distrust = None, False
            elif changes and self._unsynced_since is None:
                self._unsynced_since = time.monotonic()
        except OSError:
            self._layers.journal.take_back(end_bytes)
            raise
        if group:
            self._layers.reach(group[-1].seq)

    def _must_sync(self, *, written: bool) -> bool:
        if self._every_second and not self._distrust:
            return self._rest_s() == 0.0
        return written

    def _write_all(self) -> None:
        """Write what ran; where it can't be written together, each alone. Only with `_running` held as well."""
        if self._write():
            return
        group = list(self._ran)
        self._ran.clear()
        self._layers.undo_accepted([ran.before for ran in group])
        for ran in group:
            self._run_alone(ran.job)

    def _run_alone(self, job: _Job) -> None:
        """Run one change again, write it alone, and have its caller told."""
        transaction = self._layers.transaction()
        result, error = self._call(job, transaction)
        if error is None and transaction.before:
            seq = self._layers.accept(transaction)
            try:
                self._write_group([_Ran(job, result, seq, transaction.wrote(), transaction.before)])
            except OSError as fault:
                self._layers.undo_accepted([transaction.before])
                error = storage_error(self._where, fault)
        elif error is not None:
            self._layers.undo(transaction.before)
        self._told.append((job.future, result, error))

    # Telling callers, with nothing held

    def _tell(self) -> None:
        told = self._told
        while told:
            try:
                future, result, error = told.popleft()
            except IndexError:  # another thread was faster
                return
            if error is None:
                future.set_result(result)
            else:
                future.set_exception(error)
