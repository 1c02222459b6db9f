"""The members of sorted sets as entries, by name and by score."""

from collections.abc import Iterable, Iterator

from leither.db.keyspace import erase, set_head
from leither.db.layout import NEW_HEADS, RANKED, SCORE, ZSET_TYPE, after, collection, with_count
from leither.db.score import RANK_VALUE, encode_score, put_score, rank_key, read_score, read_sortable
from leither.db.set import shrink
from leither.db.space import Space

Scored = tuple[bytes, float]
"""A member and its score."""


def score_of(space: Space, key: bytes, member: bytes) -> float | None:
    """Return a member's score, or None."""
    value = space.get(b"\x96" + len(key).to_bytes(4) + key + member)
    return None if value is None else read_score(value)


def ranked(
    space: Space, key: bytes, start: bytes = b"", stop: bytes | None = None, *, reverse: bool = False
) -> Iterator[Scored]:
    """Iterate over members by score, then name; `start` and `stop` bound what follows the index's prefix."""
    prefix = collection(RANKED, key)
    cut = len(prefix)
    end = after(prefix) if stop is None else prefix + stop
    for entry_key, _ in space.scan(prefix + start, end, reverse=reverse):
        yield entry_key[cut + 8 :], read_sortable(entry_key[cut : cut + 8])


def named(
    space: Space, key: bytes, start: bytes = b"", stop: bytes | None = None, *, reverse: bool = False
) -> Iterator[Scored]:
    """Iterate over members by name, `start <= member < stop`."""
    prefix = collection(SCORE, key)
    end = after(prefix) if stop is None else prefix + stop
    for entry_key, value in space.scan(prefix + start, end, reverse=reverse):
        yield entry_key[len(prefix) :], read_score(value)


def set_score(space: Space, key: bytes, member: bytes, old: float | None, score: float) -> None:
    """Write a member's entries. The head is left to the caller."""
    if old is not None:
        space.delete(rank_key(key, old, member))
    space.put(b"\x96" + len(key).to_bytes(4) + key + member, encode_score(score))
    space.put(rank_key(key, score, member), RANK_VALUE)


def remove_members(space: Space, key: bytes, head: bytes, gone: Iterable[Scored], event: str) -> int:
    """Remove members, each there, and tell. Returns their number."""
    removed = 0
    prefix = collection(SCORE, key)
    for member, score in gone:
        space.delete(prefix + member)
        space.delete(rank_key(key, score, member))
        removed += 1
    if removed:
        shrink(space, key, head, removed, event)
    return removed


def store_zset(space: Space, key: bytes, found: Iterable[Scored], event: str) -> int:
    """Make `key` the sorted set of `found`, whatever it was, and return the number of members."""
    pairs = list(found)
    head = space.get(b"\x90" + key)
    if head is not None:
        erase(space, key, head)
    if pairs:
        for member, score in pairs:
            put_score(space, key, member, encode_score(score))
        set_head(space, key, with_count(NEW_HEADS[ZSET_TYPE], len(pairs)))
        space.notify("z", event, key)
    elif head is not None:
        space.notify("g", "del", key)
    return len(pairs)
