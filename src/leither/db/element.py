"""The elements of lists as entries."""

from collections.abc import Iterator, Sequence
from itertools import islice

from leither.db.keyspace import erase, set_head
from leither.db.layout import ELEMENT, after, collection, count_of, with_count
from leither.db.space import Space

Element = tuple[bytes, bytes]
"""The key of an element's entry, and its value with its type byte."""


def elements(space: Space, key: bytes, *, reverse: bool = False) -> Iterator[Element]:
    """Iterate over the elements of the list at `key`, from the front or from the end."""
    prefix = collection(ELEMENT, key)
    return space.scan(prefix, after(prefix), reverse=reverse)


def span(space: Space, key: bytes, head: bytes, start: int, stop: int) -> list[Element]:
    """Return the elements with `start <= index < stop`, both within the list. Cost: from the nearer end to there."""
    count = count_of(head)
    if start <= count - stop:
        return list(islice(elements(space, key), start, stop))
    found = list(islice(elements(space, key, reverse=True), count - stop, count - start))
    found.reverse()
    return found


def at_index(space: Space, key: bytes, head: bytes, index: int) -> Element | None:
    """Return the element at `index`, from the end if it is negative, or None."""
    count = count_of(head)
    index = index + count if index < 0 else index
    return span(space, key, head, index, index + 1)[0] if 0 <= index < count else None


def clamp(start: int, end: int, count: int) -> tuple[int, int]:
    """Return `start <= index < stop` for the range from `start` to `end`, as commands name it."""
    start = max(start + count, 0) if start < 0 else start
    end = end + count if end < 0 else min(end, count - 1)
    return (start, end + 1) if start <= end else (0, 0)


def drop(space: Space, key: bytes, head: bytes, entry_keys: Sequence[bytes]) -> None:
    """Remove elements, and the list with the last of them. Tells of the list, not of the elements."""
    for entry_key in entry_keys:
        space.delete(entry_key)
    count = count_of(head) - len(entry_keys)
    if count:
        set_head(space, key, with_count(head, count))
        return
    erase(space, key, with_count(head, 0))


def pop(space: Space, key: bytes, head: bytes, count: int, *, front: bool) -> list[bytes]:
    """Remove and return up to `count` elements from an end, and tell."""
    taken = list(islice(elements(space, key, reverse=not front), count))
    drop(space, key, head, [entry_key for entry_key, _ in taken])
    space.notify("l", "lpop" if front else "rpop", key)
    if len(taken) == count_of(head):
        space.notify("g", "del", key)
    return [value[1:] for _, value in taken]
