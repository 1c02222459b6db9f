"""The fields of hashes as entries: a value, and parts of a number that its writers added to."""

from collections import defaultdict
from collections.abc import Iterator

from leither.db import layout
from leither.db.layout import FIELD, FIELD_PART, PARTS, after, collection, count_of, field_parts, with_count
from leither.db.space import Entries, Space
from leither.db.string import str_of_counter


def field_value(space: Space, key: bytes, head: bytes, field: bytes) -> bytes | None:
    """Return the value of a field, its counter parts added, or None."""
    stored = space.get(b"\x94" + len(key).to_bytes(4) + key + field)
    if head[2] & PARTS:
        prefix = field_parts(key, field)
        parts = [layout.read_signed(value) for _, value in space.scan(prefix, after(prefix))]
        if parts:
            return str_of_counter(stored, sum(parts))
    return None if stored is None else stored[1:]


def fields(space: Space, key: bytes, head: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Iterate over fields and values, by field."""
    return fields_from(space, key, head, b"")


def fields_from(space: Space, key: bytes, head: bytes, place: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Iterate over fields at and after `place`, and values, by field."""
    prefix = collection(FIELD, key)
    cut = len(prefix)
    stored = space.scan(prefix + place, after(prefix))
    if not head[2] & PARTS:
        return ((entry_key[cut:], value[1:]) for entry_key, value in stored)
    found: dict[bytes, bytes | None] = {entry_key[cut:]: value for entry_key, value in stored}
    sums = part_sums(space, key)
    for field in sums:
        if field >= place:
            found.setdefault(field, None)
    return ((field, _text(found[field], sums.get(field))) for field in sorted(found))


def part_sums(space: Entries, key: bytes) -> dict[bytes, int]:
    """Return the sum of the counter parts of each field that has some."""
    sums: defaultdict[bytes, int] = defaultdict(int)
    prefix = collection(FIELD_PART, key)
    for entry_key, value in space.scan(prefix, after(prefix)):
        size = int.from_bytes(entry_key[len(prefix) : len(prefix) + 4])
        sums[entry_key[len(prefix) + 4 : len(prefix) + 4 + size]] += layout.read_signed(value)
    return sums


def _text(stored: bytes | None, total: int | None) -> bytes:
    if total is None:
        assert stored is not None
        return stored[1:]
    return str_of_counter(stored, total)


def set_field(space: Space, key: bytes, head: bytes, field: bytes, value: bytes) -> bytes:
    """Set a field and return the changed head, which is left to the caller to write."""
    entry_key = collection(FIELD, key) + field
    there = space.get(entry_key) is not None
    if head[2] & PARTS:
        head, had_parts = _drop_parts(space, key, head, field)
        there = there or had_parts
    space.put(entry_key, b"\x80" + value)
    return head if there else with_count(head, count_of(head) + 1)


def drop_field(space: Space, key: bytes, head: bytes, field: bytes) -> bytes:
    """Remove a field, if it is there, and return the changed head, which is left to the caller to write."""
    entry_key = collection(FIELD, key) + field
    there = space.get(entry_key) is not None
    if there:
        space.delete(entry_key)
    if head[2] & PARTS:
        head, had_parts = _drop_parts(space, key, head, field)
        there = there or had_parts
    return with_count(head, count_of(head) - 1) if there else head


def _drop_parts(space: Space, key: bytes, head: bytes, field: bytes) -> tuple[bytes, bool]:
    prefix = field_parts(key, field)
    found = [entry_key for entry_key, _ in space.scan(prefix, after(prefix))]
    for entry_key in found:
        space.delete(entry_key)
    if not found:
        return head, False
    return layout.with_field_part_count(head, layout.field_part_count(head) - len(found)), True
