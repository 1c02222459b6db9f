"""The stretch of a level that one change touches, grown until its ends are sure to begin nodes.

A place stays used unless the run around it, up to its nearest lower-ranked neighbours, changed and now fits in one
node. Natural places always stay, so in an ordinary map a window is the node that was hit. Only where sizes forced a
split (chosen keys, large values) are neighbours looked at, and then one or two on the average.
"""

from bisect import bisect_left
from collections.abc import Container, Iterator
from dataclasses import dataclass
from itertools import pairwise

from leither.codec import Cid
from leither.merkle.cut import Cutter
from leither.merkle.node import Columns, Item
from leither.merkle.path import Path
from leither.merkle.shape import NATURAL, Shape

Changes = Iterator[tuple[bytes, Item | None]]


class Queue:
    """Changes in key order, with a look at the next one. `renewed`: as in `update`."""

    def __init__(self, changes: Changes, renewed: Container[bytes] | None = None) -> None:
        self._changes = changes
        self._renewed = renewed
        self.head = next(changes, None)

    def is_change(self, key: bytes, held: Item | None, item: Item | None) -> bool:
        """Tell whether `item` in the place of `held` is a change."""
        if held == item:
            return False
        return self._renewed is None or held is None or item is None or held[-1] != item[-1] or key in self._renewed

    def take(self, end: bytes | None) -> list[tuple[bytes, Item | None]]:
        """Remove and return the changes before `end`, or all."""
        taken = []
        while self.head is not None and (end is None or self.head[0] < end):
            taken.append(self.head)
            self.head = next(self._changes, None)
        return taken


@dataclass(slots=True)
class Segment:
    """Nodes of a level that were replaced (`old`), and the columns of those that replace them (`new`).

    `left` points at the first old node; `end` is the first key after the last one.
    """

    old: list[tuple[bytes, Cid]]
    new: list[Columns]
    left: Path
    end: bytes | None


class Window:
    """Opens on the node `path` points at, with the changes due in it. `close` gives the segment it becomes.

    `before` are the segments that may still change, because no natural place stands between them and this window;
    the window takes nodes back from their end as it grows. `right` points at the last node the window took.
    """

    def __init__(self, shape: Shape, path: Path, queue: Queue, before: list[Segment]) -> None:
        self._shape = shape
        self._level = path.level
        self.right = path
        self._left = path.copy()
        self._queue = queue
        self._before = before
        self._old = [(path.node.keys[0], path.link)]
        self._start = path.node.keys[0]
        self._changed: list[bytes] = []
        self._inserted: list[bytes] = []
        self._reshaped = False
        self._known_ranks: dict[bytes, bytes] = {}
        self._columns = self._apply(path.node.columns)

    def close(self) -> Segment | None:
        """Return what the window became, or None if no change had any effect."""
        if not self._changed:
            return None
        # Places follow from keys and weights alone; where those stay, so do the nodes.
        parts = (self._simple_parts() or self._full_parts()) if self._reshaped else [self._columns]
        return Segment(self._old, parts, self._left, self.right.end)

    def _apply(self, columns: Columns) -> Columns:
        """Return copies of a node's columns with the changes due before the window's end."""
        made: Columns = tuple(column.copy() for column in columns)
        keys, *rest = made
        index = 0
        for key, item in self._queue.take(self.right.end):
            index = bisect_left(keys, key, index)
            present = index < len(keys) and keys[index] == key
            held = tuple(column[index] for column in rest) if present else None
            if not self._queue.is_change(key, held, item):
                continue
            self._changed.append(key)
            if held is None or item is None or not self._shape.weigh_alike(self._level, held, item):
                self._reshaped = True
            if item is None:
                for column in made:
                    del column[index]
            elif present:
                for column, value in zip(rest, item, strict=True):
                    column[index] = value
            else:
                self._inserted.append(key)
                for column, value in zip(made, (key, *item), strict=True):
                    column.insert(index, value)
        return made

    def _simple_parts(self) -> list[Columns] | None:
        """Return the new nodes where both ends are natural and all parts fit, else None. Hashes new keys only."""
        keys = self._columns[0]
        end = self.right.end
        if not keys or keys[0] != self._start or not (self._left.is_first or self._natural(self._start)):
            return None
        if end is not None and not self._natural(end):
            return None
        cuts = [0, *(bisect_left(keys, key) for key in self._inserted if self._natural(key)), len(keys)]
        if len(cuts) == 2:
            parts = [self._columns]
        else:
            parts = [
                tuple(column[start:stop] for column in self._columns) for start, stop in pairwise(cuts) if start < stop
            ]
        return parts if all(self._shape.fits(self._level, part) for part in parts) else None

    def _full_parts(self) -> list[Columns]:
        self._note_new_first()
        self._settle_right()
        self._settle_left()
        parts: list[Columns] = []
        keys = self._columns[0]
        if keys:
            end = self.right.end
            cutter = Cutter(self._shape, self._level, parts.append, left=self._ranks()[0])
            cutter.feed(self._columns)
            cutter.close(NATURAL if end is None else self._rank(end))
        return parts

    def _note_new_first(self) -> None:
        """A level's first key ranks below all; where it changes, both the old and the new one change their rank."""
        keys = self._columns[0]
        if self._left.is_first and keys and keys[0] != self._start:
            self._changed += [self._start, keys[0]]

    def _settle_right(self) -> None:
        """Take the next node while the place where it begins may not be used any more."""
        while (end := self.right.end) is not None and (rank := self._rank(end)) != NATURAL:
            ranks = self._ranks()
            lower = next((index for index in reversed(range(len(ranks))) if ranks[index] < rank), None)
            if lower is not None and self._columns[0][lower] > max(self._changed):
                return
            following = self.right.copy()
            following.forward()
            tail = tuple(column[lower or 0 :] for column in self._columns)
            if not self._shape.fits(self._level, tail, following.node.columns):
                return
            self.right = following
            self._old.append((end, following.link))
            for column, more in zip(self._columns, self._apply(following.node.columns), strict=True):
                column += more
            self._note_new_first()

    def _settle_left(self) -> None:
        """Take the previous node while the place where the window begins may not be used any more."""
        while not self._left.is_first:
            if self._before and self._before[-1].end == self._old[0][0]:
                segment = self._before[-1]
                if not segment.new:
                    self._before.pop()
                    self._old = segment.old + self._old
                    self._left = segment.left
                elif self._start_is_sure(segment.new[-1]):
                    return
                else:
                    self._prepend(segment.new.pop())
            else:
                previous = self._left.copy()
                previous.back()
                if self._start_is_sure(previous.node.columns):
                    return
                self._left = previous
                self._old.insert(0, (previous.node.keys[0], previous.link))
                self._prepend(previous.node.columns)

    def _start_is_sure(self, previous: Columns) -> bool:
        """Tell whether a node certainly begins where the window does, with `previous` before it."""
        keys = self._columns[0]
        if not keys or keys[0] != self._start:
            return False
        ranks = self._ranks()
        if ranks[0] == NATURAL:
            return True
        lower = next((index for index in range(1, len(ranks)) if ranks[index] < ranks[0]), None)
        if lower is not None and keys[lower] < min(self._changed):
            return True
        head = tuple(column[:lower] for column in self._columns)
        return not self._shape.fits(self._level, previous, head)

    def _prepend(self, columns: Columns) -> None:
        self._start = columns[0][0]
        self._columns = tuple(more + column for more, column in zip(columns, self._columns, strict=True))

    def _ranks(self) -> list[bytes]:
        """Return the ranks of the window's keys, the level's first key below all."""
        ranks = [self._rank(key) for key in self._columns[0]]
        if ranks and self._left.is_first:
            ranks[0] = NATURAL
        return ranks

    def _rank(self, key: bytes) -> bytes:
        rank = self._known_ranks.get(key)
        if rank is None:
            rank = self._known_ranks[key] = self._shape.rank(self._level, key)
        return rank

    def _natural(self, key: bytes) -> bool:
        return self._shape.is_natural(self._level, key)
