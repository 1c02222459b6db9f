"""Snapshots of, and transactions on, layers of changes over LMDB."""

from __future__ import annotations

from collections.abc import Iterator

from leither import limits
from leither.store.lmdb_view import LmdbView
from leither.store.overlay import CELL_BYTES, NEWEST, Cell, Table, Walk
from leither.store.state_bounds import check_entry


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
        below = self._below.scan(start, stop, reverse=reverse)
        walks = self._walks(start, stop, reverse=reverse)
        return _merge(walks, below, reverse=reverse) if walks else below

    def _walks(self, start: bytes, stop: bytes | None, *, reverse: bool) -> list[Walk]:
        """Return the layers that have something in the range, newest first."""
        walks = [Walk(self._table, self._seq, start, stop, reverse=reverse)]
        if self._frozen is not None:
            walks.append(Walk(self._frozen, self._seq, start, stop, reverse=reverse))
        return [walk for walk in walks if walk.head() is not None]


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
        if stop is not None and start >= stop:
            return
        walks = [Walk(self._table, NEWEST, start, stop, reverse=reverse)]
        if self._frozen is not None:
            walks.append(Walk(self._frozen, NEWEST, start, stop, reverse=reverse))
        merged = _Merge(walks, self._below.scan(start, stop, reverse=reverse), reverse=reverse)
        seen = self.written
        while (entry := merged.next()) is not None:
            yield entry
            if seen != self.written:
                seen = self.written
                walks[0].renew(entry[0])


class _Merge:
    """Layers and what is below them as one, in order. The first of several layers that have a key decides."""

    __slots__ = ("_ahead", "_below", "_reverse", "_walks")

    def __init__(self, walks: list[Walk], below: Iterator[tuple[bytes, bytes]], *, reverse: bool) -> None:
        self._walks = walks
        self._below = below
        self._reverse = reverse
        self._ahead = next(below, None)

    def next(self) -> tuple[bytes, bytes] | None:
        """Return the next entry, or None at the end."""
        while True:
            top = self._top()
            ahead = self._ahead
            if top is None or (ahead is not None and self._precedes(ahead[0], top[0])):
                if ahead is not None:
                    self._ahead = next(self._below, None)
                return ahead
            key, value = top
            for walk in self._walks:
                head = walk.head()
                if head is not None and head[0] == key:
                    walk.step()
            if ahead is not None and ahead[0] == key:
                self._ahead = next(self._below, None)
            if value is not None:
                return key, value

    def _top(self) -> tuple[bytes, bytes | None] | None:
        top = None
        for walk in self._walks:
            head = walk.head()
            if head is not None and (top is None or self._precedes(head[0], top[0])):
                top = head
        return top

    def _precedes(self, one: bytes, other: bytes) -> bool:
        return one > other if self._reverse else one < other


def _merge(walks: list[Walk], below: Iterator[tuple[bytes, bytes]], *, reverse: bool) -> Iterator[tuple[bytes, bytes]]:
    merged = _Merge(walks, below, reverse=reverse)
    while (entry := merged.next()) is not None:
        yield entry
