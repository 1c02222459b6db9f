"""Keys: looking them up, making them, removing them, and what touches their expiry."""

from leither.db import layout
from leither.db.layout import EXPIRES, HIDDEN, PARTS, collection, expiry_of
from leither.db.refusal import WrongType
from leither.db.space import Space


def expired(space: Space, head: bytes) -> bool:
    """Tell whether the key of `head` has expired. A version's keys don't."""
    when = expiry_of(head)
    return when is not None and space.now_ms > when and not space.frozen


def peek(space: Space, key: bytes) -> bytes | None:
    """Return the head of `key`, or None if it doesn't exist. For commands that only read."""
    head = space.get(b"\x90" + key)
    if head is None or (not head[2] and head[1]):
        return head
    return None if not head[1] or (head[2] & EXPIRES and expired(space, head)) else head


def take(space: Space, key: bytes) -> bytes | None:
    """Return the head of `key`, or None if it doesn't exist. For commands that write: an expired key is removed."""
    head = space.get(b"\x90" + key)
    if head is None or (not head[2] and head[1]):
        return head
    if not head[1]:
        erase(space, key, head)
        return None
    if head[2] & EXPIRES and expired(space, head):
        erase(space, key, head)
        space.notify("x", "expired", key)
        return None
    return head


def peek_as(space: Space, key: bytes, value_type: int) -> bytes | None:
    """Return the head of `key` as `peek` does. Raises: WrongType: if it is not of `value_type`."""
    head = peek(space, key)
    if head is not None and head[1] != value_type:
        raise WrongType
    return head


def take_as(space: Space, key: bytes, value_type: int) -> bytes | None:
    """Return the head of `key` as `take` does. Raises: WrongType: if it is not of `value_type`."""
    head = take(space, key)
    if head is not None and head[1] != value_type:
        raise WrongType
    return head


def set_head(space: Space, key: bytes, head: bytes) -> None:
    """Write the head of `key`."""
    space.put(b"\x90" + key, head)


def range_keys(space: Space, prefix: bytes) -> list[bytes]:
    """Return the keys of all entries that begin with `prefix`."""
    return [key for key, _ in space.scan(prefix, layout.after(prefix))]


def erase(space: Space, key: bytes, head: bytes) -> None:
    """Remove `key` with all its entries, whatever they are. Cost: its entries."""
    flags = head[2]
    value_type = head[1]
    if flags & HIDDEN or not value_type:
        kinds = [kind for entries in layout.VALUE_ENTRIES.values() for kind in entries]
    else:
        kinds = list(layout.VALUE_ENTRIES[value_type])
        if value_type in (layout.STRING_TYPE, layout.HASH_TYPE) and not flags & PARTS:
            kinds.pop()
    for kind in kinds:
        if kind == layout.STRING:
            space.delete(layout.STRING + key)
            continue
        for entry_key in range_keys(space, collection(kind, key)):
            space.delete(entry_key)
    if layout.ELEMENT in kinds:
        retire_numbers(space, key)
    if flags & EXPIRES or not value_type:
        clear_expiry(space, key)
    space.delete(b"\x90" + key)


def remove(space: Space, key: bytes, head: bytes, event: str = "del") -> None:
    """Remove `key`, and tell."""
    erase(space, key, head)
    space.notify("g", event, key)


def clear_expiry(space: Space, key: bytes) -> None:
    """Remove all writers' expiries of `key`; its head is left to the caller."""
    for entry_key in range_keys(space, collection(layout.EXPIRY, key)):
        space.delete(entry_key)


def set_expiry(space: Space, key: bytes, head: bytes, when_ms: int | None) -> bytes:
    """Let `key` expire at `when_ms`, or never, and return its new head, which is written."""
    if head[2] & EXPIRES:
        clear_expiry(space, key)
    if when_ms is not None:
        own = collection(layout.EXPIRY, key) + space.writer.to_bytes(4)
        space.put(own, b"\x80" + when_ms.to_bytes(8))
    changed = layout.with_expiry(head, when_ms)
    space.put(b"\x90" + key, changed)
    return changed


def retire_numbers(space: Space, key: bytes) -> None:
    """Move the list numbers this writer used under `key` to its mark for lists that are gone.

    A number used again could meet another writer's change of the element that had it. One mark for all lists
    that are gone, so that queues which come and go leave nothing behind.
    """
    own = collection(layout.NUMBERS, key) + space.writer.to_bytes(4)
    used = space.get(own)
    if used is None:
        return
    space.delete(own)
    mark = layout.RETIRED_KEY + space.writer.to_bytes(4)
    low, high = layout.read_numbers(used)
    mark_low, mark_high = layout.read_numbers(space.get(mark))
    if low < mark_low or high > mark_high:
        space.put(mark, layout.numbers(min(low, mark_low), max(high, mark_high)))
