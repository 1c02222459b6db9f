"""What happens to MiMei, told to whoever watches. Nothing is kept for those who come later."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from leither import limits
from leither.crypto import KeyId, MimeiId
from leither.errors import LimitError


@dataclass(frozen=True, slots=True)
class Event:
    """One change. `what`: create, change, backup, release, restore, merge, control, drop, delete; or ENDED.

    user: of what was deleted, to whom it belonged; None for the owner.
    """

    id: MimeiId
    what: str
    version: str | None = None
    user: KeyId | None = None


ENDED = Event(MimeiId(bytes(20)), "ended")
"""Sessions have ended: whoever serves one must look whether it still counts. It is of no MiMei."""


class TooManyWatchers(LimitError):
    """No more watchers can be taken."""

    code = "too-many-watchers"

    def __init__(self) -> None:
        super().__init__(f"this node already serves {limits.WATCHERS_MAX} watchers, its limit; close one and try again")


class Events:
    """The watchers of one node. Thread-safe; callbacks run in the changing thread and must return at once.

    `first` is told before every watcher, and counts as none.
    """

    def __init__(self, first: Callable[[Event], None] | None = None) -> None:
        self._first = first
        self._watchers: dict[int, Callable[[Event], None]] = {}
        self._guard = threading.Lock()
        self._next = 0

    @property
    def watchers(self) -> int:
        """How many watch."""
        return len(self._watchers)

    @contextmanager
    def watching(self, callback: Callable[[Event], None]) -> Iterator[None]:
        """Call `callback` for every event while the context lasts. Raises: TooManyWatchers."""
        with self._guard:
            if len(self._watchers) >= limits.WATCHERS_MAX:
                raise TooManyWatchers
            self._next += 1
            number = self._next
            self._watchers[number] = callback
        try:
            yield
        finally:
            with self._guard:
                del self._watchers[number]

    def tell_ended(self) -> None:
        """Tell every watcher that sessions have ended."""
        self.tell(ENDED)

    def tell(self, event: Event) -> None:
        """Tell every watcher."""
        if self._first is not None:
            self._first(event)
        with self._guard:
            watchers = list(self._watchers.values())
        for watcher in watchers:
            watcher(event)
