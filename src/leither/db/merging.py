"""What follows a join of two databases: the entries that follow from others are written anew.

A join works entry by entry and knows nothing of keys. It keeps or drops heads and rank indexes like any entry, and
those are then wrong; everything else it leaves is right. So `rewrite` makes them from what is there, for the keys the
join touched, and what it makes depends on nothing else: joins in any order and grouping end in the same bytes.
"""

from collections.abc import Iterable, Iterator

from leither.db import layout
from leither.db.field import part_sums
from leither.db.layout import (
    ELEMENT,
    EXPIRES,
    EXPIRY,
    FIELD,
    FIELD_PART,
    HASH_TYPE,
    HEAD,
    HIDDEN,
    LIST_TYPE,
    MEMBER,
    NEW_HEADS,
    PART,
    RANKED,
    REMNANT_TYPE,
    SCORE,
    SET_TYPE,
    STRING,
    STRING_TYPE,
    ZSET_TYPE,
    after,
    collection,
    user_key,
    with_count,
)
from leither.db.position import first_number
from leither.db.score import RANK_VALUE, rank_key, read_score
from leither.db.space import Entries


def rewrite(entries: Entries, keys: Iterable[bytes]) -> None:
    """Write the derived entries of `keys` anew: of each key of which a join changed, kept or dropped any entry.

    A key lives while entries of a value remain. Of several types the least type number shows; the others' entries
    stay, hidden, until the key is deleted or set. What it puts must carry the stamp (0, 0).
    Cost: the entries of the keys.
    """
    for key in keys:
        _rewrite_ranks(entries, key)
        head = derive_head(entries, key)
        stored = entries.get(HEAD + key)
        if head is None:
            if stored is not None:
                entries.delete(HEAD + key)
        elif head != stored:
            entries.put(HEAD + key, head)


def derive_head(entries: Entries, key: bytes) -> bytes | None:
    """Return the head that follows from the other entries of `key`, or None if it has none that need one."""
    heads = [head for head in (make(entries, key) for make in _HEADS) if head is not None]
    when = max((int.from_bytes(value[1:]) for _, value in _entries(entries, EXPIRY, key)), default=None)
    if not heads:
        return None if when is None else layout.with_expiry(bytes((0x80, REMNANT_TYPE, 0)), when)
    head = heads[0]
    if len(heads) > 1:
        head = bytes((0x80, head[1], head[2] | HIDDEN)) + head[3:]
    return layout.with_expiry(head, when)


def _entries(entries: Entries, kind: bytes, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    prefix = collection(kind, key)
    return ((entry_key[len(prefix) :], value) for entry_key, value in entries.scan(prefix, after(prefix)))


def _count(entries: Entries, kind: bytes, key: bytes) -> int:
    return sum(1 for _ in _entries(entries, kind, key))


def _string_head(entries: Entries, key: bytes) -> bytes | None:
    parts = [layout.read_signed(value) for _, value in _entries(entries, PART, key)]
    if parts:
        return layout.with_string_sum(NEW_HEADS[STRING_TYPE], sum(parts))
    return None if entries.get(STRING + key) is None else NEW_HEADS[STRING_TYPE]


def _hash_head(entries: Entries, key: bytes) -> bytes | None:
    names = {field for field, _ in _entries(entries, FIELD, key)}
    parts = _count(entries, FIELD_PART, key)
    if parts:
        names.update(part_sums(entries, key))
    if not names:
        return None
    return layout.with_field_part_count(with_count(NEW_HEADS[HASH_TYPE], len(names)), parts)


def _list_head(entries: Entries, key: bytes) -> bytes | None:
    numbers = [first_number(position) for position, _ in _entries(entries, ELEMENT, key)]
    if not numbers:
        return None
    return layout.with_list(NEW_HEADS[LIST_TYPE], numbers[0], numbers[-1], len(numbers))


def _set_head(entries: Entries, key: bytes) -> bytes | None:
    count = _count(entries, MEMBER, key)
    return with_count(NEW_HEADS[SET_TYPE], count) if count else None


def _zset_head(entries: Entries, key: bytes) -> bytes | None:
    count = _count(entries, SCORE, key)
    return with_count(NEW_HEADS[ZSET_TYPE], count) if count else None


_HEADS = (_string_head, _hash_head, _list_head, _set_head, _zset_head)
assert [*range(STRING_TYPE, ZSET_TYPE + 1)] == [STRING_TYPE, HASH_TYPE, LIST_TYPE, SET_TYPE, ZSET_TYPE]


def _rewrite_ranks(entries: Entries, key: bytes) -> None:
    wanted = {rank_key(key, read_score(value), member) for member, value in _entries(entries, SCORE, key)}
    prefix = collection(RANKED, key)
    stored = {entry_key for entry_key, _ in entries.scan(prefix, after(prefix))}
    for entry_key in sorted(stored - wanted):
        entries.delete(entry_key)
    for entry_key in sorted(wanted - stored):
        entries.put(entry_key, RANK_VALUE)


def restamp(before: Entries, current: Entries, changed: Iterable[bytes], writer: int) -> Iterator[tuple[bytes, bytes]]:
    """Yield entries that a backup must stamp anew although they are as they were, among them some to be made.

    Another writer may drop a key for having expired, and a join then drops every entry that it had seen. A key whose
    expiry was moved or taken back since `before`, the version below, is to stand whole, so its value's entries
    are yielded; of a key that was changed otherwise only an expiry of `writer`'s own, so that what was added does not
    outlive the rest. Parts of counters that are other writers' are left to them. `changed`: the changed entries.
    Cost: a lookup in `current` a key that has changed entries, and the entries of keys whose expiry was moved.
    """
    names = list(changed)
    moved = {user_key(name) for name in names if name[:1] == EXPIRY}
    for key in sorted({key for key in map(user_key, names) if key is not None}):
        new = current.get(HEAD + key)
        if new is None or not new[1] or not (new[2] & EXPIRES or key in moved):
            continue
        old = before.get(HEAD + key)
        if old is None or not old[1] or not old[2] & EXPIRES:
            continue
        when = layout.expiry_of(new)
        if when is not None:
            yield collection(EXPIRY, key) + writer.to_bytes(4), b"\x80" + when.to_bytes(8)
        if when != layout.expiry_of(old):
            yield from _own_entries(current, key, new[1], writer)


def _own_entries(entries: Entries, key: bytes, value_type: int, writer: int) -> Iterator[tuple[bytes, bytes]]:
    for kind in layout.VALUE_ENTRIES[value_type]:
        if kind == STRING:
            stored = entries.get(STRING + key)
            if stored is not None:
                yield STRING + key, stored
        elif kind != RANKED:
            prefix = collection(kind, key)
            for entry_key, value in entries.scan(prefix, after(prefix)):
                if kind not in (PART, FIELD_PART) or entry_key.endswith(writer.to_bytes(4)):
                    yield entry_key, value
