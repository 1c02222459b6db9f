"""The layers that make the state: a table of changes in memory, one on its way to LMDB, and LMDB's file.

The journal has durably what the tables hold. When the newest table has grown, it is frozen and a new one begins; a
thread writes the frozen one to LMDB in one transaction, and the journal forgets it.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import lmdb

from leither import limits
from leither.errors import LimitError
from leither.store.checkpoint import write_table
from leither.store.disk import Disk
from leither.store.journal import Journal
from leither.store.lmdb_view import LmdbTransaction, LmdbView
from leither.store.long_key import Tables
from leither.store.overlay import Cell, Table
from leither.store.overlay_view import OverlayTransaction, OverlayView

T = TypeVar("T")
_LOOK_S = 0.002
"""How often open snapshots are looked at while they are waited for."""


class TooManyReaders(LimitError):
    """More snapshots are open at once than the engine has slots for."""

    code = "too-many-readers"

    def __init__(self) -> None:
        self.limit = limits.STATE_READERS_MAX
        super().__init__(f"more than {self.limit} snapshots of the state are open at once; close some and try again")


class Snapshot:
    """An open snapshot: `view`, until `close`."""

    __slots__ = ("_number", "_open", "_transaction", "view")

    def __init__(
        self, view: OverlayView, transaction: lmdb.Transaction[bytes], opened: dict[int, int], number: int
    ) -> None:
        self.view = view
        self._transaction = transaction
        self._open = opened
        self._number = number

    def close(self) -> None:
        """Let the snapshot go."""
        self._transaction.abort()
        del self._open[self._number]


class Layers:
    """The state in its layers. Snapshots are thread-safe; everything else is for who holds the right to change it."""

    def __init__(self, environment: lmdb.Environment, tables: Tables, journal: Journal, disk: Disk, seq: int) -> None:
        self._environment = environment
        self._tables = tables
        self._disk = disk
        self.journal = journal
        self._table = Table()
        self._frozen: Table | None = None
        self._frozen_seq = seq
        self._seq = seq
        self._durable = seq
        self._swap = threading.Lock()
        self._snapshots: dict[int, int] = {}
        self._last_snapshot = 0
        self._below = environment.begin(db=tables.entries)
        self._is_below_old = False
        self._checkpoint: threading.Thread | None = None
        self._fault: BaseException | None = None

    # Reading

    def open_view(self) -> Snapshot:
        """Open a snapshot of what is durable; `close` of it must follow. Raises: TooManyReaders."""
        with self._swap:
            try:
                transaction = self._environment.begin(db=self._tables.entries)
            except lmdb.ReadersFullError:
                raise TooManyReaders from None
            self._last_snapshot = number = self._last_snapshot + 1
            self._snapshots[number] = seq = self._durable
            view = OverlayView(self._table, self._frozen, LmdbView(transaction, self._tables), seq)
        return Snapshot(view, transaction, self._snapshots, number)

    # Changing

    def transaction(self) -> OverlayTransaction:
        """Return a transaction on the newest table. The last one must be accepted or undone."""
        with self._swap:
            if self._is_below_old:
                self._below.abort()
                self._below = self._environment.begin(db=self._tables.entries)
                self._is_below_old = False
            horizon = min((self._durable, *self._snapshots.values()))
            below = LmdbView(self._below, self._tables)
            return OverlayTransaction(self._table, self._frozen, below, self._seq + 1, horizon)

    def accept(self, transaction: OverlayTransaction) -> int:
        """Let what `transaction` wrote stand, and return its number."""
        self._seq += 1
        self._table.size_bytes += transaction.written_bytes
        return self._seq

    def undo(self, before: dict[bytes, Cell | None]) -> None:
        """Take back what a transaction wrote; the newest first, where there are several."""
        for key, cell in before.items():
            self._table.undo(key, cell)

    def undo_accepted(self, transactions: list[dict[bytes, Cell | None]]) -> None:
        """Take back every transaction that was accepted and is not durable."""
        for before in reversed(transactions):
            self.undo(before)
        self._seq = self._durable

    def reach(self, seq: int) -> None:
        """Show the changes up to number `seq`, which are durable, to snapshots."""
        self._durable = seq

    def run_large(self, change: Callable[[LmdbTransaction], T]) -> T:
        """Run `change` in a transaction of LMDB itself and return its result once it is durable.

        Everything before it must be durable. Raises: what `change` raises, lmdb.Error, OSError.
        """
        self.rotate()
        self.settle()
        with self._environment.begin(db=self._tables.entries, write=True) as transaction:
            result = change(LmdbTransaction(transaction, self._tables))
            self._disk.commit(transaction)
        self._is_below_old = True
        return result

    def copy(self, directory: Path) -> None:
        """Write what is kept, and nothing that was, to a new file in `directory`. Everything must be durable.

        Raises: lmdb.Error, OSError.
        """
        self.rotate()
        self.settle()
        self._environment.copy(str(directory), compact=True)

    def replace(self, reopen: Callable[[], tuple[lmdb.Environment, Tables]], *, wait_s: float) -> bool:
        """Close LMDB's file and go on with what `reopen` opens, which holds the same; snapshots wait meanwhile.

        Return False, with nothing changed, if those that are open stay so for `wait_s`. Raises: what `reopen` raises.
        """
        until = time.monotonic() + wait_s
        with self._swap:
            while self._snapshots:
                if time.monotonic() >= until:
                    return False
                time.sleep(_LOOK_S)
            self._below.abort()
            self._environment.close()
            self._environment, self._tables = reopen()
            self._below = self._environment.begin(db=self._tables.entries)
            self._is_below_old = False
        return True

    # Layers

    @property
    def full(self) -> bool:
        """Whether the newest table should go to LMDB, and can."""
        return self._frozen is None and self._table.size_bytes >= limits.STATE_TABLE_BYTES_MAX

    @property
    def crowded(self) -> bool:
        """Whether no change should run before a table has gone to LMDB."""
        return self._table.size_bytes >= 2 * limits.STATE_TABLE_BYTES_MAX

    def rotate(self) -> None:
        """Freeze the newest table, begin another, and have the frozen one written to LMDB beside what follows.

        All changes must be durable. Raises: lmdb.Error, OSError: the table before could not be written.
        """
        if not self._table.cells:
            return
        self.settle()
        self.journal.begin(self._seq + 1)
        with self._swap:
            self._frozen, self._table = self._table, Table()
        self._frozen_seq = self._seq
        self._start_checkpoint()

    def settle(self) -> None:
        """Return once LMDB has every frozen table. Raises: lmdb.Error, OSError: not even when tried again."""
        if self._checkpoint is not None:
            self._checkpoint.join()
        if self._frozen is not None:
            self._start_checkpoint()
            assert self._checkpoint is not None
            self._checkpoint.join()
        if self._fault is not None:
            raise self._fault

    def close(self) -> None:
        """Bring everything to LMDB and forget the journal; where LMDB can't take it, the journal keeps it."""
        try:
            self.rotate()
            self.settle()
        except (OSError, lmdb.Error):
            self.journal.close(keep=True)
        else:
            self.journal.close(keep=False)
        self._below.abort()

    def _start_checkpoint(self) -> None:
        assert self._frozen is not None
        arguments = self._frozen, self._frozen_seq
        self._checkpoint = threading.Thread(target=self._write_frozen, args=arguments, name="leither-checkpoint")
        self._checkpoint.start()

    def _write_frozen(self, frozen: Table, seq: int) -> None:
        """Write a table, which holds no change after number `seq`, to LMDB, and let it go."""
        try:
            write_table(self._environment, self._tables, self._disk, frozen, seq)
            self.journal.forget()
        except (OSError, lmdb.Error) as error:
            self._fault = error
            return
        self._fault = None
        with self._swap:
            self._frozen = None
            self._is_below_old = True
