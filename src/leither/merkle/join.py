"""Merging diverged maps, as a join: associative, commutative, idempotent, without a common ancestor or a clock.

A tip is a set of stamped entries, its map's and its siblings', and for each writer the highest seq it has seen. Of
all tips' entries one survives unless some tip has seen its stamp and no longer holds it: there it was overwritten or
deleted. Of several that survive under one key, the lowest stamp shows in the map, the others are siblings.
Source: spec/format/map.md, Join.
"""

import heapq
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby
from operator import attrgetter, itemgetter
from typing import NamedTuple

from leither.codec import Cid
from leither.errors import InputError
from leither.merkle.diff import diff
from leither.merkle.entry import Change, Entry
from leither.merkle.node import EMPTY_MAP
from leither.merkle.nodes import Nodes
from leither.merkle.reading import get
from leither.merkle.shape import Shape
from leither.merkle.siblings import rearrange, siblings, unwrap, wrap
from leither.merkle.update import update


class Tip(NamedTuple):
    """One side of a join. `seen` is the highest seq per writer that the side includes; a missing writer counts 0."""

    root: Cid
    siblings: Cid | None
    seen: Mapping[int, int]


class NothingToJoin(InputError):
    """A join was asked for without tips."""

    code = "nothing-to-join"

    def __init__(self) -> None:
        super().__init__("no tips to join; name at least one")


def join(nodes: Nodes, tips: Sequence[Tip], shape: Shape) -> Tip:
    """Return the join of `tips`, maps of one salt: the same bytes in whatever order and grouping they come.

    Raises: NothingToJoin, SiblingMalformed, NodeMalformed, what `nodes.read` raises.
    Cost: expected O(d log n) for d keys that differ between the tips; memory for the siblings that come or go.
    """
    if not tips:
        raise NothingToJoin
    base, *others = sorted(tips, key=lambda tip: -nodes.get(tip.root).total)
    merge = _Merge(nodes, base, others)
    root = update(nodes, base.root, merge.changes(), shape)
    beside = rearrange(nodes, base.siblings, merge.beside, shape)
    seen: dict[int, int] = {}
    for tip in tips:
        for writer, seq in tip.seen.items():
            seen[writer] = max(seq, seen.get(writer, 0))
    return Tip(root, beside, seen)


class _Merge:
    """The changes that turn `base` into the join. `beside` fills while `changes` is read."""

    def __init__(self, nodes: Nodes, base: Tip, others: Sequence[Tip]) -> None:
        self._nodes = nodes
        self._tips = [base, *others]
        self.beside: dict[bytes, Entry | None] = {}

    def changes(self) -> Iterator[tuple[bytes, Entry | None]]:
        """Yield what changes in the map of `base`, by key."""
        for key, differing in self._differing():
            held = self._held(key, differing)
            survivors = sorted(self._survivors(held))
            # Under one key a stamp names one value; were there two, the lowest stands.
            kept = [next(group) for _, group in groupby(survivors, attrgetter("stamp"))]
            shown = kept[0] if kept else None
            if shown != held[0].shown:
                yield key, shown
            for entry in held[0].beside:
                self.beside[wrap(entry).key] = None
            for entry in kept[1:]:
                self.beside[wrap(entry).key] = wrap(entry)

    def _differing(self) -> Iterator[tuple[bytes, dict[int, Change]]]:
        """Yield each key where some tip differs from the base, with the maps' differences by tip."""
        base = self._tips[0]
        streams: list[Iterable[tuple[bytes, int, Change | None]]] = []
        for number, tip in enumerate(self._tips[1:], start=1):
            streams.append(_numbered(number, diff(self._nodes, base.root, tip.root)))
            beside = diff(self._nodes, base.siblings or EMPTY_MAP.cid, tip.siblings or EMPTY_MAP.cid)
            keys = {unwrap(entry).key for change in beside for entry in (change.before, change.after) if entry}
            streams.append((key, 0, None) for key in sorted(keys))
        for key, group in groupby(heapq.merge(*streams, key=itemgetter(0)), itemgetter(0)):
            yield key, {number: change for _, number, change in group if change}

    def _held(self, key: bytes, differing: dict[int, Change]) -> list["_Held"]:
        """Return what each tip holds under `key`, the base first."""
        base = self._tips[0].root
        before = next(iter(differing.values())).before if differing else get(self._nodes, base, key)
        return [
            _Held(differing[number].after if number in differing else before, siblings(self._nodes, tip.siblings, key))
            for number, tip in enumerate(self._tips)
        ]

    def _survivors(self, held: Sequence["_Held"]) -> set[Entry]:
        """Return the entries that every tip holds or has not seen."""
        sets = [one.entries for one in held]
        return {
            entry
            for entry in set().union(*sets)
            if all(
                entry in mine or tip.seen.get(entry.stamp.writer, 0) < entry.stamp.seq
                for mine, tip in zip(sets, self._tips, strict=True)
            )
        }


class _Held(NamedTuple):
    """What one tip has under a key."""

    shown: Entry | None
    beside: list[Entry]

    @property
    def entries(self) -> set[Entry]:
        return {*self.beside, self.shown} if self.shown else set(self.beside)


def _numbered(number: int, changes: Iterable[Change]) -> Iterator[tuple[bytes, int, Change]]:
    for change in changes:
        yield change.key, number, change
