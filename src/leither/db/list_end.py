"""Pushing to both ends of a list."""

from collections.abc import Sequence

from leither.db import layout
from leither.db.layout import ELEMENT, LIST_TYPE, NEW_HEADS, NUMBERS, collection, count_of
from leither.db.position import encode_pair
from leither.db.space import Space


def own_numbers(space: Space, key: bytes) -> tuple[int, int]:
    """Return the lowest and the highest number this writer has used in the list at `key`, or in lists that are gone."""
    used = space.get(collection(NUMBERS, key) + space.writer.to_bytes(4))
    if used is None:
        used = space.get(layout.RETIRED_KEY + space.writer.to_bytes(4))
    return layout.read_numbers(used)


def push_back(space: Space, key: bytes, head: bytes | None, values: Sequence[bytes]) -> int:
    """Put `values` at the end of the list at `key` and return how many elements it has then."""
    low, high, head = _ends(space, key, head)
    list_low, list_high = layout.list_ends(head)
    first = max(high, list_high) + 1
    prefix = collection(ELEMENT, key)
    for number, value in enumerate(values, start=first):
        space.put(prefix + encode_pair(number, space.writer), b"\x80" + value)
    return _grown(space, key, head, (low, first + len(values) - 1), (list_low, first + len(values) - 1), len(values))


def push_front(space: Space, key: bytes, head: bytes | None, values: Sequence[bytes]) -> int:
    """Put `values` one by one at the front of the list at `key` and return how many elements it has then."""
    low, high, head = _ends(space, key, head)
    list_low, list_high = layout.list_ends(head)
    first = min(low, list_low) - 1
    prefix = collection(ELEMENT, key)
    for offset, value in enumerate(values):
        space.put(prefix + encode_pair(first - offset, space.writer), b"\x80" + value)
    return _grown(space, key, head, (first - len(values) + 1, high), (first - len(values) + 1, list_high), len(values))


def _ends(space: Space, key: bytes, head: bytes | None) -> tuple[int, int, bytes]:
    low, high = own_numbers(space, key)
    return low, high, NEW_HEADS[LIST_TYPE] if head is None else head


def _grown(space: Space, key: bytes, head: bytes, own: tuple[int, int], ends: tuple[int, int], pushed: int) -> int:
    space.put(collection(NUMBERS, key) + space.writer.to_bytes(4), layout.numbers(*own))
    count = count_of(head) + pushed
    space.put(b"\x90" + key, layout.with_list(head, *ends, count))
    return count
