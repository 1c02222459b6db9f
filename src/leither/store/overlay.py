"""Changes in memory, over what LMDB holds: for each key its newest values, and the keys in order.

A cell is (seq, value or None for a deletion, the cell before it). Older cells are kept as long as somebody may look at
the state as it was then.
"""

from __future__ import annotations

import threading
from collections import deque
from itertools import islice

from sortedcontainers import SortedList  # type: ignore[import-untyped]

Cell = tuple[int, bytes | None, "Cell | None"]

CELL_BYTES = 200
"""What a cell takes in memory besides its key and value, about."""
NEWEST = 1 << 63


class Table:
    """One layer of changes. One thread at a time writes; any may read, and the keys in order are guarded.

    `cells`: the newest cell of each key. `fresh`: keys not put in order yet. `size_bytes`: about what it takes.
    """

    __slots__ = ("_guard", "_keys", "cells", "fresh", "size_bytes")

    def __init__(self) -> None:
        self.cells: dict[bytes, Cell] = {}
        self.fresh: deque[bytes] = deque()
        self.size_bytes = 0
        self._keys: SortedList[bytes] = SortedList()
        self._guard = threading.Lock()

    def keys(self, start: bytes, stop: bytes | None, count: int, *, reverse: bool = False) -> list[bytes]:
        """Return the first `count` keys with `start <= key < stop`, ascending, or the last ones descending."""
        with self._guard:
            self._order()
            return list(islice(self._keys.irange(start, stop, (True, False), reverse), count))

    def sorted_keys(self) -> list[bytes]:
        """Return all keys in order."""
        with self._guard:
            self._order()
            return list(self._keys)

    def undo(self, key: bytes, cell: Cell | None) -> None:
        """Let `key` have `cell` again, or none."""
        if cell is not None:
            self.cells[key] = cell
            return
        del self.cells[key]
        with self._guard:
            self._order()
            self._keys.remove(key)

    def _order(self) -> None:
        fresh = self.fresh
        if len(fresh) * 4 > len(self._keys):
            self._keys.update([fresh.popleft() for _ in range(len(fresh))])
        else:
            for _ in range(len(fresh)):
                self._keys.add(fresh.popleft())


def value_at(cell: Cell | None, seq: int) -> Cell | None:
    """Return the cell that was newest when the change numbered `seq` was the last, or None if there was none."""
    while cell is not None and cell[0] > seq:
        cell = cell[2]
    return cell


class Walk:
    """A walk over one table's keys in a range, as of `seq`. Changes made ahead of it are seen after `renew`."""

    __slots__ = ("_count", "_keys", "_place", "_reverse", "_seq", "_start", "_stop", "_table")

    def __init__(self, table: Table, seq: int, start: bytes, stop: bytes | None, *, reverse: bool) -> None:
        self._table = table
        self._seq = seq
        self._start = start
        self._stop = stop
        self._reverse = reverse
        self._count = 8
        self._place = 0
        self._keys = table.keys(start, stop, self._count, reverse=reverse)

    def head(self) -> tuple[bytes, bytes | None] | None:
        """Return the key it stands on and its value, or None past the end."""
        while True:
            if self._place == len(self._keys):
                if len(self._keys) < self._count:
                    return None
                self._count = min(self._count * 4, 1024)
                self.renew(self._keys[-1])
                continue
            key = self._keys[self._place]
            cell = value_at(self._table.cells[key], self._seq)
            if cell is not None:
                return key, cell[1]
            self._place += 1

    def step(self) -> None:
        """Go on behind the key it stands on."""
        self._place += 1

    def renew(self, behind: bytes | None) -> None:
        """Look again at what comes behind the key `behind`, or from the beginning."""
        if behind is not None:
            if self._reverse:
                self._stop = behind
            else:
                self._start = behind + b"\0"
        self._place = 0
        self._keys = self._table.keys(self._start, self._stop, self._count, reverse=self._reverse)
