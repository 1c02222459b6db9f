"""Cursors of SCAN, HSCAN, SSCAN and ZSCAN: numbers that stand for a place in key order.

RESP wants a number of 64 bits, and a place is a key. So a cursor is a hash of the place, and the last places given out
are remembered: walks go on after keys were added and deleted, since a place needs no key on it. An unknown cursor (of a
walk left for long, or from before a restart) begins anew, which may show keys twice but leaves none out.
"""

from collections import OrderedDict
from hashlib import sha256

from leither import limits


class Cursors:
    """The places of walks, the oldest forgotten first. Cost: O(1); bounded in number and bytes."""

    __slots__ = ("_bytes", "_places")

    def __init__(self) -> None:
        self._places: OrderedDict[int, bytes] = OrderedDict()
        self._bytes = 0

    def remember(self, place: bytes) -> int:
        """Return the cursor of `place`: the same each time, never 0."""
        cursor = int.from_bytes(sha256(place).digest()[:8]) >> 1 or 1
        if cursor in self._places:
            self._bytes -= len(self._places.pop(cursor))
        self._places[cursor] = place
        self._bytes += len(place)
        while len(self._places) > limits.DB_CURSORS_MAX or self._bytes > limits.DB_CURSOR_BYTES_MAX:
            self._bytes -= len(self._places.popitem(last=False)[1])
        return cursor

    def recall(self, cursor: int) -> bytes:
        """Return the place that `cursor` stands for: the beginning, b"", for 0 and what is unknown."""
        return self._places.get(cursor, b"")
