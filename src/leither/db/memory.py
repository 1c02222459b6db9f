"""A space in memory: entries in a dict, their keys sorted beside it."""

from bisect import bisect_left, insort
from collections.abc import Callable, Iterator

from leither.db.cursor import Cursors
from leither.db.layout import HEAD, REMNANT_TYPE, after


class MemorySpace:
    """The Space of tests and trials. Cost: O(1) to read and change an entry, O(n) moves of pointers to add one."""

    def __init__(
        self, *, writer: int = 1, now_ms: int = 0, frozen: bool = False, chance: Callable[[int], int] = lambda _: 0
    ) -> None:
        self.writer = writer
        self.now_ms = now_ms
        self.frozen = frozen
        self.cursors = Cursors()
        self.entries: dict[bytes, bytes] = {}
        self.events: list[tuple[str, str, bytes]] = []
        self._keys: list[bytes] = []
        self._chance = chance

    def get(self, key: bytes) -> bytes | None:
        """Return the value of the entry at `key`."""
        return self.entries.get(key)

    def scan(self, start: bytes, stop: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries with `start <= key < stop`."""
        low, high = bisect_left(self._keys, start), bisect_left(self._keys, stop)
        positions = range(high - 1, low - 1, -1) if reverse else range(low, high)
        return ((self._keys[at], self.entries[self._keys[at]]) for at in positions)

    @property
    def key_count(self) -> int:
        """How many keys there are."""
        return sum(head[1] != REMNANT_TYPE for _, head in self.scan(HEAD, after(HEAD)))

    def count(self, start: bytes, stop: bytes) -> int:
        """Return how many entries have `start <= key < stop`."""
        return max(bisect_left(self._keys, stop) - bisect_left(self._keys, start), 0)

    def put(self, key: bytes, value: bytes) -> None:
        """Set an entry."""
        if key not in self.entries:
            insort(self._keys, key)
        self.entries[key] = value

    def delete(self, key: bytes) -> None:
        """Remove an entry, if it is there."""
        if self.entries.pop(key, None) is not None:
            del self._keys[bisect_left(self._keys, key)]

    def chance(self, bound: int) -> int:
        """Return what the function given returns for `bound`."""
        return self._chance(bound)

    def notify(self, kind: str, event: str, key: bytes) -> None:
        """Add to `events`."""
        self.events.append((kind, event, key))
