"""What stands under a key, in numbers: as much as its head says, and no more."""

from collections.abc import Iterator
from dataclasses import dataclass

from leither.db import layout
from leither.db.layout import (
    ELEMENT,
    EXPIRY,
    FIELD,
    FIELD_PART,
    HASH_TYPE,
    HIDDEN,
    LIST_TYPE,
    MEMBER,
    NEW_HEADS,
    PART,
    REMNANT_TYPE,
    SCORE,
    SET_TYPE,
    STRING,
    STRING_TYPE,
    ZSET_TYPE,
    after,
    collection,
    with_count,
)
from leither.db.position import first_number
from leither.db.space import Readable


@dataclass(frozen=True, slots=True)
class Contents:
    """The entries under one key. `fields` counts those of a hash that have a value, parts of a number, or both.

    `ends` are the first numbers of the first and the last element of a list.
    """

    string: bool = False
    part_sum: int | None = None
    fields: int = 0
    field_parts: int = 0
    elements: int = 0
    ends: tuple[int, int] = (0, 0)
    members: int = 0
    scores: int = 0
    expires_ms: int | None = None

    @property
    def head(self) -> bytes | None:
        """The head that follows, or None if nothing here needs one.

        Of several types the least type number shows, and the others are hidden. Expiries alone make a remnant.
        """
        heads = list(self._heads())
        if not heads:
            remnant = bytes((0x80, REMNANT_TYPE, 0))
            return None if self.expires_ms is None else layout.with_expiry(remnant, self.expires_ms)
        head = heads[0]
        if len(heads) > 1:
            head = bytes((0x80, head[1], head[2] | HIDDEN)) + head[3:]
        return head if self.expires_ms is None else layout.with_expiry(head, self.expires_ms)

    def _heads(self) -> Iterator[bytes]:
        """Yield the head that each type by itself would have, by type number."""
        if self.part_sum is not None:
            yield layout.with_string_sum(NEW_HEADS[STRING_TYPE], self.part_sum)
        elif self.string:
            yield NEW_HEADS[STRING_TYPE]
        if self.fields:
            yield layout.with_field_part_count(with_count(NEW_HEADS[HASH_TYPE], self.fields), self.field_parts)
        if self.elements:
            yield layout.with_list(NEW_HEADS[LIST_TYPE], *self.ends, self.elements)
        if self.members:
            yield with_count(NEW_HEADS[SET_TYPE], self.members)
        if self.scores:
            yield with_count(NEW_HEADS[ZSET_TYPE], self.scores)


def read_contents(entries: Readable, key: bytes) -> Contents:
    """Return what stands under `key`.

    Cost: a few looks, the key's expiries and counter parts, and a look for each of its fields that has parts.
    """
    parts = [layout.read_signed(value) for _, value in _of(entries, PART, key)]
    fields, field_parts = count_fields(entries, key)
    elements = _count(entries, ELEMENT, key)
    return Contents(
        string=entries.get(STRING + key) is not None,
        part_sum=sum(parts) if parts else None,
        fields=fields,
        field_parts=field_parts,
        elements=elements,
        ends=_ends(entries, key) if elements else (0, 0),
        members=_count(entries, MEMBER, key),
        scores=_count(entries, SCORE, key),
        expires_ms=max((int.from_bytes(value[1:]) for _, value in _of(entries, EXPIRY, key)), default=None),
    )


def count_fields(entries: Readable, key: bytes) -> tuple[int, int]:
    """Return how many fields the hash at `key` has, and how many parts of numbers they have.

    Cost: a count, the parts, and a look at the value of each field that has parts.
    """
    values = _count(entries, FIELD, key)
    fields, parts = values, 0
    prefix = collection(FIELD, key)
    last = None
    for rest, _ in _of(entries, FIELD_PART, key):
        parts += 1
        size = int.from_bytes(rest[:4])
        field = rest[4 : 4 + size]
        if field != last:
            last = field
            fields += not values or entries.get(prefix + field) is None
    return fields, parts


def _ends(entries: Readable, key: bytes) -> tuple[int, int]:
    prefix = collection(ELEMENT, key)
    low, _ = next(entries.scan(prefix, after(prefix)))
    high, _ = next(entries.scan(prefix, after(prefix), reverse=True))
    return first_number(low[len(prefix) :]), first_number(high[len(prefix) :])


def _of(entries: Readable, kind: bytes, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    prefix = collection(kind, key)
    return ((entry_key[len(prefix) :], value) for entry_key, value in entries.scan(prefix, after(prefix)))


def _count(entries: Readable, kind: bytes, key: bytes) -> int:
    prefix = collection(kind, key)
    return entries.count(prefix, after(prefix))
