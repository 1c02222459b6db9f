"""Snapshots of, and transactions on, layers of changes over LMDB."""

from __future__ import annotations

from collections.abc import Iterator

from leither import limits
from leither.store.lmdb_view import LmdbView
from leither.store.overlay import CELL_BYTES, NEWEST, Cell, Table
from leither.store.state_bounds import check_entry

Entry = tuple[bytes, bytes | None]
"""A key and its value in one layer; None where that layer deleted it."""


class Oversized(BaseException):
    """A change writes more than is kept in memory. It is undone, and runs again on LMDB itself."""


class OverlayView:
    """The state after the change numbered `seq`. Use it in one thread at a time, and within its `read()` block."""

    __slots__ = ("_below", "_cells", "_frozen", "_seq", "_table")

    def __init__(self, table: Table, frozen: Table | None, below: LmdbView, seq: int) -> None:
        self._table = table
        self._cells = table.cells
        self._frozen = frozen
        self._below = below
        self._seq = seq

    def get(self, key: bytes) -> bytes | None:
        """Return the value under `key`, or None."""
        cell = self._cells.get(key)
        while cell is not None:
            if cell[0] <= self._seq:
                return cell[1]
            cell = cell[2]
        if self._frozen is not None:
            cell = self._frozen.cells.get(key)
            if cell is not None:
                return cell[1]
        return self._below.get(key)

    def scan(self, start: bytes, stop: bytes | None = None, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over `start <= key < stop`, ascending or descending. Cost: a step an entry and layer."""
        if stop is not None and start >= stop:
            return iter(())
        return self._scan(self._seq, start, stop, reverse=reverse)

    def _scan(self, seq: int, start: bytes, stop: bytes | None, *, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
        below = self._below.scan(start, stop, reverse=reverse)
        merged: Iterator[Entry] = below
        for table in (self._frozen, self._table):
            if table is not None:
                entries = table.entries(seq, start, stop, reverse=reverse)
                head = next(entries, None)
                if head is not None:
                    merged = _over(head, entries, merged, reverse=reverse)
        return below if merged is below else _present(merged)


class OverlayTransaction(OverlayView):
    """A change on its way: what it writes goes into the newest table at once, and can be undone.

    `before`: for each key it wrote, the cell it found.
    """

    __slots__ = ("_fresh", "_horizon", "_room_bytes", "before", "written")

    def __init__(self, table: Table, frozen: Table | None, below: LmdbView, seq: int, horizon: int) -> None:
        super().__init__(table, frozen, below, seq)
        self._fresh = table.fresh
        self._horizon = horizon
        self._room_bytes = limits.STATE_CHANGE_BYTES_MAX
        self.before: dict[bytes, Cell | None] = {}
        self.written = 0

    @property
    def written_bytes(self) -> int:
        """What its changes take in memory, about."""
        return limits.STATE_CHANGE_BYTES_MAX - self._room_bytes

    def wrote(self) -> dict[bytes, bytes | None]:
        """Return the keys it wrote with their values, None for those it deleted."""
        cells = self._cells
        return {key: cells[key][1] for key in self.before}

    def get(self, key: bytes) -> bytes | None:
        """Return the value under `key`, or None."""
        cell = self._cells.get(key)
        if cell is not None:
            return cell[1]
        if self._frozen is not None:
            cell = self._frozen.cells.get(key)
            if cell is not None:
                return cell[1]
        return self._below.get(key)

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`. Raises: StateKeyEmpty, StateKeyTooLong, StateValueTooLong."""
        value_bytes = len(value)
        if not 0 < len(key) <= limits.STATE_KEY_BYTES_MAX or value_bytes > limits.STATE_VALUE_BYTES_MAX:
            check_entry(key, value)
        self._set(key, value, value_bytes)

    def delete(self, key: bytes) -> bool:
        """Remove `key`; tell whether it was there."""
        if self.get(key) is None:
            return False
        self._set(key, None, 0)
        return True

    def _set(self, key: bytes, value: bytes | None, value_bytes: int) -> None:
        cell = self._cells.get(key)
        self.written += 1
        if cell is None:
            self.before[key] = None
            self._fresh.append(key)
            self._cells[key] = (self._seq, value, None)
        elif cell[0] == self._seq:
            self._cells[key] = (self._seq, value, cell[2])
        else:
            self.before[key] = cell
            older = (cell[0], cell[1], None) if cell[2] is not None and cell[0] <= self._horizon else cell
            self._cells[key] = (self._seq, value, older)
        self._room_bytes -= len(key) + value_bytes + CELL_BYTES
        if self._room_bytes < 0:
            raise Oversized

    def scan(self, start: bytes, stop: bytes | None = None, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over `start <= key < stop`; changes made ahead of it meanwhile are seen."""
        while stop is None or start < stop:
            seen = self.written
            for entry in self._scan(NEWEST, start, stop, reverse=reverse):
                yield entry
                if seen != self.written:
                    break
            else:
                return
            if reverse:
                stop = entry[0]
            else:
                start = entry[0] + b"\0"


def _over(head: Entry, upper: Iterator[Entry], lower: Iterator[Entry], *, reverse: bool) -> Iterator[Entry]:
    """Merge two layers in order; where both have a key, the upper one decides. `head` is the first of `upper`."""
    above: Entry | None = head
    below = next(lower, None)
    while above is not None and below is not None:
        if above[0] == below[0]:
            yield above
            above = next(upper, None)
            below = next(lower, None)
        elif (above[0] < below[0]) != reverse:
            yield above
            above = next(upper, None)
        else:
            yield below
            below = next(lower, None)
    if above is not None:
        yield above
        yield from upper
    elif below is not None:
        yield below
        yield from lower


def _present(entries: Iterator[Entry]) -> Iterator[tuple[bytes, bytes]]:
    for key, value in entries:
        if value is not None:
            yield key, value
