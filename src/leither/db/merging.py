"""What follows a join of two databases: the entries that follow from others are written anew.

A join works entry by entry and knows nothing of keys. It keeps or drops heads and rank indexes like any entry, and
those are then wrong; everything else it leaves is right. So `rewrite` makes them from what is there, for the keys the
join touched, and what it makes depends on nothing else: joins in any order and grouping end in the same bytes.
"""

from collections.abc import Iterable, Iterator

from leither.db import layout
from leither.db.contents import read_contents
from leither.db.layout import (
    EXPIRES,
    EXPIRY,
    FIELD_PART,
    HEAD,
    PART,
    RANKED,
    SCORE,
    STRING,
    after,
    collection,
    user_key,
)
from leither.db.score import RANK_VALUE, rank_key, read_score
from leither.db.space import Entries, Readable


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


def derive_head(entries: Readable, key: bytes) -> bytes | None:
    """Return the head that follows from the other entries of `key`, or None if it has none that need one."""
    return read_contents(entries, key).head


def _rewrite_ranks(entries: Entries, key: bytes) -> None:
    scores = collection(SCORE, key)
    wanted = {
        rank_key(key, read_score(value), entry_key[len(scores) :])
        for entry_key, value in entries.scan(scores, after(scores))
    }
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
