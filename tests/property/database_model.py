"""What a database of several writers must be, said without its entries: places, what stands there, and who has seen it.

A place is where one value can stand: a string, a hash's field, a member, a list's element, one writer's part of a
number. A dot is a value with the writer and the version that put it there.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator
from typing import NamedTuple

Place = tuple[object, ...]
"""Its kind, its key, and what names it in there."""
TYPES = {"string": 0, "part": 0, "field": 1, "field part": 1, "element": 2, "member": 3, "score": 4}
Shown = dict[str, object]


class Dot(NamedTuple):
    """A value, and who put it there in which of their versions."""

    writer: int
    seq: int
    value: str


class Refused(Exception):
    """The command is refused and changes nothing."""


class Model:
    """One writer's copy. `dots` and `seen` are its last version, `working` its working copy."""

    def __init__(self, writer: int, seq: int = 0) -> None:
        self.writer = writer
        self.seq = seq
        self.dots: dict[Place, frozenset[Dot]] = {}
        self.seen: dict[int, int] = {}
        self.working: dict[Place, str] = {}
        self.touched: set[Place] = set()

    # What a version is, and how versions join

    def backup(self) -> None:
        """Give what was set since the last version this writer's next dot. What was set as it is keeps its dot."""
        made = dict(self.dots)
        for place in self.touched:
            value = self.working.get(place)
            before = shown(self.dots.get(place))
            if value is None:
                made.pop(place, None)
            elif before is not None and before.value == value:
                made[place] = frozenset({before})
            else:
                made[place] = frozenset({Dot(self.writer, self.seq + 1, value)})
        self.touched.clear()
        if made != self.dots:
            self.seq += 1
            self.dots, self.seen = made, {**self.seen, self.writer: self.seq}

    def merge(self, *others: Model) -> None:
        """Take in the others' last versions. A dot is gone if somebody saw it and has it no more."""
        self.backup()
        sides = [self, *others]
        joined: dict[Place, frozenset[Dot]] = {}
        for place in {place for side in sides for place in side.dots}:
            held = [side.dots.get(place, frozenset()) for side in sides]
            kept = frozenset(
                dot
                for dot in frozenset[Dot]().union(*held)
                if all(
                    dot in mine or side.seen.get(dot.writer, 0) < dot.seq
                    for mine, side in zip(held, sides, strict=True)
                )
            )
            if kept:
                joined[place] = kept
        seen: defaultdict[int, int] = defaultdict(int)
        for side in sides:
            for writer, seq in side.seen.items():
                seen[writer] = max(seen[writer], seq)
        self.dots, self.seen = joined, dict(seen)
        self.working = {place: lowest.value for place, dots in joined.items() if (lowest := shown(dots))}

    def contested(self) -> dict[Place, list[Dot]]:
        """Return, of each place where more than the one that shows was kept, the dots of other values."""
        found = {}
        for place, dots in self.dots.items():
            lowest = shown(dots)
            assert lowest is not None
            others = sorted(dot for dot in dots if dot.value != lowest.value)
            if others and place not in self.touched:
                found[self.named(place)] = others
        return found

    def named(self, place: Place) -> Place:
        """Return a place as an outsider can name it: an element by what shows there."""
        if place[0] != "element":
            return place
        lowest = shown(self.dots[place])
        assert lowest is not None
        return "element", place[1], lowest.value

    # Commands

    def run(self, line: str, taken: str | None = None) -> None:
        """Carry out a command. `taken` is the value a pop or LSET was seen to take. Raises: Refused."""
        name, key, *more = line.split()
        getattr(self, f"_{name.lower()}")(key, *more, *([taken] if name in ("LPOP", "RPOP", "LSET") else []))

    def _of(self, key: str, *kinds: str) -> list[Place]:
        return [place for place in self.working if place[1] == key and (not kinds or place[0] in kinds)]

    def _type(self, key: str) -> int | None:
        return min((TYPES[str(place[0])] for place in self._of(key)), default=None)

    def _require(self, key: str, kind: str) -> None:
        if self._type(key) not in (None, TYPES[kind]):
            raise Refused

    def _put(self, place: Place, value: str) -> None:
        self.working[place] = value
        self.touched.add(place)

    def _drop(self, places: Iterable[Place]) -> None:
        for place in places:
            self.touched.add(place)
            del self.working[place]

    def _drop_from(self, key: str, places: list[Place]) -> None:
        """Remove what is in a collection. With the last of it the key goes, and what was hidden under it."""
        kind = self._type(key)
        self._drop(places)
        if places and self._type(key) != kind:
            self._drop(self._of(key))

    def _set(self, key: str, value: str) -> None:
        self._drop(self._of(key))
        self._put(("string", key), value)

    def _del(self, key: str) -> None:
        self._drop(self._of(key))

    def _incrby(self, key: str, amount: str) -> None:
        self._require(key, "string")
        if not is_number(self.working.get(("string", key), "0")):
            raise Refused
        self._add(("part", key, self.writer), amount)

    def _hincrby(self, key: str, field: str, amount: str) -> None:
        self._require(key, "field")
        if not is_number(self.working.get(("field", key, field), "0")):
            raise Refused
        self._add(("field part", key, field, self.writer), amount)

    def _add(self, place: Place, amount: str) -> None:
        self._put(place, str(int(self.working.get(place, "0")) + int(amount)))

    def _field_parts(self, key: str, field: str) -> list[Place]:
        return [place for place in self._of(key, "field part") if place[2] == field]

    def _hset(self, key: str, field: str, value: str) -> None:
        self._require(key, "field")
        self._drop(self._field_parts(key, field))
        self._put(("field", key, field), value)

    def _hdel(self, key: str, field: str) -> None:
        self._require(key, "field")
        found = [place for place in [("field", key, field)] if place in self.working]
        self._drop_from(key, [*found, *self._field_parts(key, field)])

    def _sadd(self, key: str, member: str) -> None:
        self._require(key, "member")
        if ("member", key, member) not in self.working:
            self._put(("member", key, member), "")

    def _srem(self, key: str, member: str) -> None:
        self._require(key, "member")
        self._drop_from(key, [place for place in [("member", key, member)] if place in self.working])

    def _zadd(self, key: str, score: str, member: str) -> None:
        self._require(key, "score")
        if self.working.get(("score", key, member)) != score:
            self._put(("score", key, member), score)

    def _zrem(self, key: str, member: str) -> None:
        self._require(key, "score")
        self._drop_from(key, [place for place in [("score", key, member)] if place in self.working])

    def _rpush(self, key: str, value: str) -> None:
        self._require(key, "element")
        self._put(("element", key, value), value)

    _lpush = _rpush

    def _linsert(self, key: str, _: str, pivot: str, value: str) -> None:
        self._require(key, "element")
        if self._element(key, pivot) is not None:
            self._put(("element", key, value), value)

    def _element(self, key: str, value: str | None) -> Place | None:
        return next((place for place in self._of(key, "element") if self.working[place] == value), None)

    def _lpop(self, key: str, taken: str | None) -> None:
        self._require(key, "element")
        place = self._element(key, taken)
        assert (place is None) == (not self._of(key, "element")), f"{taken} was taken of {self._of(key)}"
        if place is not None:
            self._drop_from(key, [place])

    _rpop = _lpop

    def _lset(self, key: str, _: str, value: str, taken: str | None) -> None:
        self._require(key, "element")
        place = self._element(key, taken)
        if place is None:
            raise Refused
        self._put(place, value)

    # What is to be seen

    def shown(self) -> Shown:
        """Return what each key shows: a string, a dict of fields or scores, or a set of members or elements."""
        found: Shown = {}
        for key in sorted({str(place[1]) for place in self.working}):
            kind = self._type(key)
            values = {place[2:]: self.working[place] for place in self._of(key)}
            if kind == 0:
                found[key] = number(self.working.get(("string", key)), self._parts(key, "part"))
            elif kind == 1:
                fields = {str(place[2]) for place in self._of(key, "field", "field part")}
                found[key] = {
                    field: number(
                        self.working.get(("field", key, field)),
                        [self.working[place] for place in self._field_parts(key, field)],
                    )
                    for field in fields
                }
            elif kind == 2:
                found[key] = {self.working[place] for place in self._of(key, "element")}
            elif kind == 3:
                found[key] = {place[2] for place in self._of(key, "member")}
            else:
                found[key] = {place[2]: values[place[2:]] for place in self._of(key, "score")}
        return found

    def _parts(self, key: str, kind: str) -> list[str]:
        return [self.working[place] for place in self._of(key, kind)]


def shown(dots: frozenset[Dot] | None) -> Dot | None:
    """Of several dots at a place the one of the lowest writer shows."""
    return min(dots) if dots else None


def is_number(text: str) -> bool:
    return re.fullmatch(r"-?\d+", text) is not None


def number(base: str | None, parts: Iterable[str]) -> str:
    """Return a number with its parts added. What is no number stands as it is."""
    found = list(parts)
    if base is not None and (not found or not is_number(base)):
        return base
    return str(int(base or 0) + sum(map(int, found)))


def pairs(order: dict[tuple[str, str], None], listed: list[str]) -> Iterator[tuple[str, str]]:
    """Note which element stood before which, and yield those that have changed sides since."""
    for at, left in enumerate(listed):
        for right in listed[at + 1 :]:
            order[left, right] = None
            if (right, left) in order:
                yield left, right
