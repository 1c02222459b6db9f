"""Snapshots and transactions over LMDB."""

from __future__ import annotations

from collections.abc import Iterator

import lmdb

from leither.store import long_key
from leither.store.long_key import SEGMENT_BYTES, Changes, Tables
from leither.store.state_bounds import check_entry


class LmdbView:
    """A snapshot. Use it in one thread at a time, and not after its `read()` block has ended.

    `transaction` was begun on the table `entries`, which saves naming it at each look-up.
    """

    __slots__ = ("_changes", "_tables", "_transaction")

    def __init__(self, transaction: lmdb.Transaction[bytes], tables: Tables) -> None:
        self._transaction = transaction
        self._tables = tables
        self._changes = Changes()

    def get(self, key: bytes) -> bytes | None:
        """Return the value under `key`, or None."""
        if 0 < len(key) < SEGMENT_BYTES:
            return self._transaction.get(key)
        return long_key.find(self._transaction, self._tables, key)

    def scan(self, start: bytes, stop: bytes | None = None, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over `start <= key < stop`; in a transaction, changes made ahead meanwhile are seen."""
        return long_key.scan(self._transaction, self._tables, start, stop, self._changes, reverse=reverse)


class LmdbTransaction(LmdbView):
    """A view that can change."""

    __slots__ = ()

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`. Raises: StateKeyEmpty, StateKeyTooLong, StateValueTooLong."""
        check_entry(key, value)
        self._changes.count += 1
        if len(key) < SEGMENT_BYTES:
            self._transaction.put(key, value, db=self._tables.entries)
        else:
            long_key.put_long(self._transaction, self._tables, key, value)

    def delete(self, key: bytes) -> bool:
        """Remove `key`; tell whether it was there."""
        if not key:
            return False
        self._changes.count += 1
        if len(key) < SEGMENT_BYTES:
            return self._transaction.delete(key, db=self._tables.entries)
        return long_key.delete_long(self._transaction, self._tables, key)
