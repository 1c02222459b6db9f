"""Keys longer than LMDB takes, in exact byte order.

LMDB keys are 1 to 511 bytes. A shorter user key stands as it is in the database `entries`. Of a key of 511 bytes or
more the first 511 become a *marker*, an entry whose value is the number of a *subspace*, and the rest stands in the
database `rests` under that number (8 bytes, big-endian) and, where it is still too long, again as a marker of 511
bytes there. Since only markers have 511 bytes the two can't be confused, and since a marker is a prefix of all that
is in its subspace, visiting the subspace in the marker's place gives every key in order.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import lmdb

SEGMENT_BYTES = 511
SUBSPACE_BYTES = 8
NEXT_SUBSPACE = b"next-subspace"


@dataclass(frozen=True, slots=True)
class Tables:
    """The named databases of one environment."""

    entries: lmdb._Database
    rests: lmdb._Database
    meta: lmdb._Database


def find(transaction: lmdb.Transaction[bytes], tables: Tables, key: bytes) -> bytes | None:
    """Return the value under `key` of any length. Cost: one lookup per 503 bytes of key."""
    table = tables.entries
    if not key:
        return None
    while len(key) >= SEGMENT_BYTES:
        subspace = transaction.get(key[:SEGMENT_BYTES], db=table)
        if subspace is None:
            return None
        key = subspace + key[SEGMENT_BYTES:]
        table = tables.rests
    return transaction.get(key, db=table)


def put_long(transaction: lmdb.Transaction[bytes], tables: Tables, key: bytes, value: bytes) -> None:
    """Set a key of 511 bytes or more, making the subspaces it needs."""
    table = tables.entries
    while len(key) >= SEGMENT_BYTES:
        marker = key[:SEGMENT_BYTES]
        subspace = transaction.get(marker, db=table)
        if subspace is None:
            subspace = _new_subspace(transaction, tables)
            transaction.put(marker, subspace, db=table)
        key = subspace + key[SEGMENT_BYTES:]
        table = tables.rests
    transaction.put(key, value, db=table)


def _new_subspace(transaction: lmdb.Transaction[bytes], tables: Tables) -> bytes:
    subspace = transaction.get(NEXT_SUBSPACE, db=tables.meta) or bytes(SUBSPACE_BYTES)
    following = int.from_bytes(subspace, "big") + 1
    transaction.put(NEXT_SUBSPACE, following.to_bytes(SUBSPACE_BYTES, "big"), db=tables.meta)
    return subspace


def delete_long(transaction: lmdb.Transaction[bytes], tables: Tables, key: bytes) -> bool:
    """Remove a key of 511 bytes or more and the subspaces it leaves empty; tell whether it was there."""
    table = tables.entries
    markers: list[tuple[lmdb._Database, bytes, bytes]] = []
    while len(key) >= SEGMENT_BYTES:
        marker = key[:SEGMENT_BYTES]
        subspace = transaction.get(marker, db=table)
        if subspace is None:
            return False
        markers.append((table, marker, subspace))
        key = subspace + key[SEGMENT_BYTES:]
        table = tables.rests
    if not transaction.delete(key, db=table):
        return False
    for table, marker, subspace in reversed(markers):
        with transaction.cursor(db=tables.rests) as cursor:
            if cursor.set_range(subspace) and cursor.key().startswith(subspace):
                break
        transaction.delete(marker, db=table)
    return True


class Changes:
    """Counts what a transaction changed, so that its scans know when to look again."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


@dataclass(slots=True)
class _Level:
    """One range of one table being walked. Its keys begin with `prefix`, which stands for `head` in the full key."""

    cursor: lmdb.Cursor[bytes]
    prefix: bytes
    head: bytes
    start: bytes
    stop: bytes | None
    seen: int
    last: bytes = b""

    def step(self, changes: int, *, reverse: bool) -> bool:
        """Stand on the next key of the range; False past its end. `changes`: how many the transaction made so far."""
        if not self.last:
            found = self._begin_last() if reverse else self._begin_first()
        elif changes == self.seen:
            found = self.cursor.prev() if reverse else self.cursor.next()
        else:
            found = self._before(self.last) if reverse else self._after(self.last)
        self.seen = changes
        if not found:
            return False
        self.last = key = self.cursor.key()
        if reverse:  # a marker below `start` may still hold keys above it
            return key >= self.start[:SEGMENT_BYTES]
        return self.stop is None or key < self.stop

    def _begin_first(self) -> bool:
        return self.cursor.set_range(self.start[:SEGMENT_BYTES]) if self.start else self.cursor.first()

    def _begin_last(self) -> bool:
        if self.stop is None:
            return self.cursor.last()
        if len(self.stop) > SEGMENT_BYTES and self.cursor.set_key(self.stop[:SEGMENT_BYTES]):
            return True  # a marker: part of its subspace is below `stop`
        return self._before(self.stop[:SEGMENT_BYTES])

    def _before(self, key: bytes) -> bool:
        return self.cursor.prev() if self.cursor.set_range(key) else self.cursor.last()

    def _after(self, key: bytes) -> bool:
        found = self.cursor.set_range(key)
        return self.cursor.next() if found and self.cursor.key() == key else found


def scan(
    transaction: lmdb.Transaction[bytes],
    tables: Tables,
    start: bytes,
    stop: bytes | None,
    changes: Changes,
    *,
    reverse: bool,
) -> Iterator[tuple[bytes, bytes]]:
    """Yield entries with `start <= key < stop` in order; changes made meanwhile ahead of it are seen.

    Cost: one cursor step an entry, and a lookup a subspace.
    """
    if stop is not None and start >= stop:
        return
    levels = [_Level(transaction.cursor(db=tables.entries), b"", b"", start, stop, changes.count)]
    while levels:
        level = levels[-1]
        if not level.step(changes.count, reverse=reverse):
            level.cursor.close()
            levels.pop()
            continue
        key = level.last
        if len(key) < SEGMENT_BYTES:
            yield level.head + key[len(level.prefix) :], level.cursor.value()
        else:
            levels.append(_descend(transaction, tables, level, changes.count))


def _descend(transaction: lmdb.Transaction[bytes], tables: Tables, level: _Level, changes: int) -> _Level:
    """Return the level for the subspace of the marker that `level` stands on."""
    marker = level.last
    subspace = level.cursor.value()
    low = level.start[SEGMENT_BYTES:] if level.start[:SEGMENT_BYTES] == marker else b""
    if level.stop is not None and level.stop[:SEGMENT_BYTES] == marker:
        stop = subspace + level.stop[SEGMENT_BYTES:]
    else:
        stop = (int.from_bytes(subspace, "big") + 1).to_bytes(SUBSPACE_BYTES, "big")
    head = level.head + marker[len(level.prefix) :]
    return _Level(transaction.cursor(db=tables.rests), subspace, head, subspace + low, stop, changes)
