"""Cutting one level's items into nodes, as a stream.

The rule of `shape`, read as a treap: every key is a place to split, ranks are priorities, and a place is used when
it is natural or when the run between its nearest lower-ranked neighbours is too large. So whether a place is used
depends on that run alone, and once a run is known to be too large, its lowest place is settled whatever follows.
That is why the cutter never holds more than one node's worth, and why `update` need not look far.
"""

from collections.abc import Callable

from leither.merkle.node import Columns
from leither.merkle.shape import NATURAL, Shape


class Cutter:
    """Takes the items of a level in order and hands out the columns of each node.

    It may start and stop at any places known to be used: `left` is the rank of the first key, `close` takes the rank
    of the key after the last. Within such a stretch, a place ranked below either end splits although the parts would
    fit: it is an ancestor of that end in the treap, and an ancestor of a used place is used.
    """

    def __init__(self, shape: Shape, level: int, emit: Callable[[Columns], None], *, left: bytes = NATURAL) -> None:
        self._shape = shape
        self._level = level
        self._emit = emit
        self._left = left
        self._run: Columns = ()
        self._ranks: list[bytes] = []

    def feed(self, columns: Columns) -> None:
        """Take more items. Cost: one SHA-256 an item; memory: one node."""
        start = 0
        for index in self._shape.naturals(self._level, columns[0]):
            self._extend(columns, start, index)
            self.close()
            start = index
        self._extend(columns, start, len(columns[0]))
        if self._run and not self._shape.fits(self._level, self._run):
            self._shed()

    def close(self, right: bytes = NATURAL) -> None:
        """End the run: the next key has rank `right` and begins a node."""
        run, self._run = self._run, ()
        if run:
            if self._left == right == NATURAL and self._shape.fits(self._level, run):
                self._emit(run)
            else:
                self._cut(run, self._ranked(run), self._left, right)
        self._left = NATURAL
        self._ranks = []

    def _extend(self, columns: Columns, start: int, stop: int) -> None:
        if start == stop:
            return
        part = tuple(column[start:stop] for column in columns)
        if self._run:
            for held, more in zip(self._run, part, strict=True):
                held += more
        else:
            self._run = part

    def _ranked(self, run: Columns) -> list[bytes]:
        """Return the ranks of the run's keys, of which the first ones may be known already."""
        rank, level, ranks = self._shape.rank, self._level, self._ranks
        ranks += [rank(level, key) for key in run[0][len(ranks) :]]
        return ranks

    def _shed(self) -> None:
        """Split the unfinished run at its lowest places until the rest fits: these are settled already."""
        run, left = self._run, self._left
        ranks = self._ranked(run)
        while len(ranks) > 1 and not self._shape.fits(self._level, run):
            lowest = ranks.index(min(ranks[1:]), 1)
            self._cut(tuple(column[:lowest] for column in run), ranks[:lowest], left, NATURAL)
            run = tuple(column[lowest:] for column in run)
            left, ranks = ranks[lowest], ranks[lowest:]
        self._run, self._left, self._ranks = run, left, ranks

    def _cut(self, run: Columns, ranks: list[bytes], left: bytes, right: bytes) -> None:
        """Hand out the nodes of a run whose ends are known. The stack stands for recursion, first part on top."""
        weights = self._shape.weights(self._level, run)
        stack = [(0, len(ranks), left, right)]
        while stack:
            start, stop, left, right = stack.pop()
            if stop - start > 1:
                lowest = ranks.index(min(ranks[start + 1 : stop]), start + 1)
                fits = stop - start <= self._shape.entries_max and sum(weights[start:stop]) <= self._shape.weight_max
                if not fits or ranks[lowest] < max(left, right):
                    stack.append((lowest, stop, NATURAL, right))
                    stack.append((start, lowest, left, NATURAL))
                    continue
            self._emit(tuple(column[start:stop] for column in run))
