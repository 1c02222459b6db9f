"""Keys whose time has passed: finding and removing them, before a backup and from time to time."""

from collections.abc import Iterable, Iterator

from leither.db.keyspace import erase, expired
from leither.db.layout import EXPIRY, HEAD, after
from leither.db.space import Space


def expired_keys(space: Space, start: bytes = b"") -> Iterator[bytes]:
    """Iterate over the keys from `start` on, as the expiries have them in order, that have expired by `space.now_ms`.

    `start` is a place, as `sweep_place` gives it. Cost: the keys that expire at all, not those that live for good.
    """
    last = None
    for entry_key, _ in space.scan(EXPIRY + start, after(EXPIRY)):
        size = int.from_bytes(entry_key[1:5])
        key = entry_key[5 : 5 + size]
        if key == last:
            continue
        last = key
        head = space.get(HEAD + key)
        if head is not None and expired(space, head):
            yield key


def sweep_place(key: bytes) -> bytes:
    """Return the place in `expired_keys` from which a sweep that stopped before `key` goes on."""
    return len(key).to_bytes(4) + key


def remove_expired(space: Space, keys: Iterable[bytes]) -> int:
    """Remove those of `keys` that have expired, tell, and return their number."""
    removed = 0
    for key in list(keys):
        head = space.get(HEAD + key)
        if head is not None and expired(space, head):
            erase(space, key, head)
            if head[1]:
                space.notify("x", "expired", key)
            removed += 1
    return removed
