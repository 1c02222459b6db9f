"""Changes in memory, over what LMDB holds: for each key its newest values, and the keys in order.

A cell is (seq, value or None for a deletion, the cell before it). Older cells are kept as long as somebody may look at
the state as it was then.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
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

    def entries(
        self, seq: int, start: bytes, stop: bytes | None, *, reverse: bool
    ) -> Iterator[tuple[bytes, bytes | None]]:
        """Iterate over the keys with `start <= key < stop` as of the change numbered `seq`; None for what it deleted.

        What is put there meanwhile may be left out.
        """
        cells = self.cells
        count = 8
        while True:
            keys = self.keys(start, stop, count, reverse=reverse)
            for key in keys:
                cell = cells.get(key)  # none where what put it is undone by now
                while cell is not None and cell[0] > seq:
                    cell = cell[2]
                if cell is not None:
                    yield key, cell[1]
            if len(keys) < count:
                return
            if reverse:
                stop = keys[-1]
            else:
                start = keys[-1] + b"\0"
            count = min(count * 4, 1024)

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
