"""Bringing changes from memory or from the journal into LMDB's file."""

from __future__ import annotations

from collections.abc import Iterable

import lmdb

from leither.store.disk import Disk
from leither.store.journal import Journal
from leither.store.journal_frame import decode_changes
from leither.store.lmdb_view import LmdbTransaction
from leither.store.long_key import SEGMENT_BYTES, Tables
from leither.store.overlay import Table

SEQ = b"seq"
"""Under this key of LMDB's table `meta`: the number of the last change that its file holds."""


def read_seq(environment: lmdb.Environment, tables: Tables) -> int:
    """Return the number of the last change that LMDB's file holds; 0 for none."""
    with environment.begin() as transaction:
        return int.from_bytes(transaction.get(SEQ, db=tables.meta) or b"", "big")


def write_table(environment: lmdb.Environment, tables: Tables, disk: Disk, table: Table, seq: int) -> None:
    """Write a table that nobody changes any more, whose last change has number `seq`. Raises: lmdb.Error."""
    cells = table.cells
    with environment.begin(db=tables.entries, write=True) as transaction:
        short: list[tuple[bytes, bytes]] = []
        rest: list[tuple[bytes, bytes | None]] = []
        for key in table.sorted_keys():
            value = cells[key][1]
            if value is None or len(key) >= SEGMENT_BYTES:
                rest.append((key, value))
            else:
                short.append((key, value))
        with transaction.cursor(db=tables.entries) as cursor:
            cursor.putmulti(short)
        _apply(transaction, tables, rest)
        _finish(transaction, tables, disk, seq)


def replay(environment: lmdb.Environment, tables: Tables, disk: Disk, journal: Journal) -> int:
    """Bring what a journal holds into LMDB's file and return the number of the last change.

    Raises: StateDamaged, lmdb.Error. Cost: the journal's bytes, at most twice limits.STATE_TABLE_BYTES_MAX or so.
    """
    seq = read_seq(environment, tables)
    with environment.begin(db=tables.entries, write=True) as transaction:
        reached = seq
        for frame in journal.replay(seq):
            _apply(transaction, tables, decode_changes(frame.payload))
            reached = frame.seq
        if reached > seq:
            _finish(transaction, tables, disk, reached)
    return reached


def _apply(transaction: lmdb.Transaction[bytes], tables: Tables, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
    into = LmdbTransaction(transaction, tables)
    for key, value in changes:
        if value is None:
            into.delete(key)
        else:
            into.put(key, value)


def _finish(transaction: lmdb.Transaction[bytes], tables: Tables, disk: Disk, seq: int) -> None:
    transaction.put(SEQ, seq.to_bytes(8, "big"), db=tables.meta)
    disk.commit(transaction)
