"""How much a command may read in the loop, where everybody waits for it."""

from collections.abc import Iterable, Iterator

from leither import limits
from leither.db.space import Space

Entry = tuple[bytes, bytes]


class TooLong(BaseException):
    """A command visits more entries than is right in the loop. It is stopped, and runs again beside it."""


class Brief:
    """A space on which commands visit entries up to a bound each; `renew` before each."""

    __slots__ = ("_left", "_space", "chance", "cursors", "delete", "frozen", "get", "now_ms", "put", "writer")

    def __init__(self, space: Space) -> None:
        self.get = space.get
        self.put = space.put
        self.delete = space.delete
        self.chance = space.chance
        self.cursors = space.cursors
        self.frozen = space.frozen
        self.now_ms = space.now_ms
        self.writer = space.writer
        self._space = space
        self._left = limits.REDIS_LOOP_ENTRIES_MAX

    @property
    def key_count(self) -> int:
        """How many keys there are."""
        return self._space.key_count

    def renew(self) -> None:
        """Let the next command visit as many entries as any."""
        self._left = limits.REDIS_LOOP_ENTRIES_MAX

    def scan(self, start: bytes, stop: bytes, *, reverse: bool = False) -> Iterator[Entry]:
        """Iterate over the entries with `start <= key < stop`. Raises: TooLong."""
        return self._counted(self._space.scan(start, stop, reverse=reverse))

    def count(self, start: bytes, stop: bytes) -> int:
        """Return how many entries have `start <= key < stop`. Raises: TooLong."""
        return sum(1 for _ in self.scan(start, stop))

    def notify(self, kind: str, event: str, key: bytes) -> None:
        """Pass on a change."""
        self._space.notify(kind, event, key)

    def _counted(self, entries: Iterable[Entry]) -> Iterator[Entry]:
        for entry in entries:
            self._left -= 1
            if self._left < 0:
                raise TooLong
            yield entry
