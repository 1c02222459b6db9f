"""Who may cause look-ups, how many, and what was found nowhere a moment ago.

So that nobody makes a node dial without end: look-ups at once are few, guests have a part of them and so many a
minute, and what was found nowhere is not looked for again for a while.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from contextlib import contextmanager

from leither import limits
from leither.crypto import MimeiId
from leither.errors import LimitError
from leither.ports import Clock

_MINUTE_MS = 60_000


class TooManyLookups(LimitError):
    """So many look-ups run already, or were asked for within a minute."""

    code = "too-many-lookups"

    def __init__(self) -> None:
        super().__init__("this node looks for as much on the network as it may at once; try again in a moment")


class LookupQuota:
    """Counts look-ups. Thread-safe."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._absent: OrderedDict[MimeiId, int] = OrderedDict()
        self._running = self._running_of_guests = 0
        self._allowance = float(limits.GUEST_LOOKUPS_PER_MINUTE)
        self._counted_ms = clock.now_ms()
        self._guard = threading.Lock()

    def is_absent(self, mimei: MimeiId) -> bool:
        """Tell whether a MiMei was found nowhere a moment ago."""
        with self._guard:
            return self._absent.get(mimei, 0) > self._clock.now_ms()

    def note_absent(self, mimei: MimeiId) -> None:
        """Remember for a while that a MiMei was found nowhere."""
        with self._guard:
            self._absent[mimei] = self._clock.now_ms() + limits.ABSENT_S * 1000
            self._absent.move_to_end(mimei)
            if len(self._absent) > limits.ABSENT_MAX:
                self._absent.popitem(last=False)

    def forget_absent(self) -> None:
        """Look for everything again: somebody came who may have it."""
        with self._guard:
            self._absent.clear()

    @contextmanager
    def lookup(self, *, is_guest: bool) -> Iterator[None]:
        """Count a look-up while it lasts. Raises: TooManyLookups."""
        with self._guard:
            self._take(is_guest=is_guest)
        try:
            yield
        finally:
            with self._guard:
                self._running -= 1
                self._running_of_guests -= is_guest

    def _take(self, *, is_guest: bool) -> None:
        now_ms = self._clock.now_ms()
        earned = max(0, now_ms - self._counted_ms) * limits.GUEST_LOOKUPS_PER_MINUTE / _MINUTE_MS
        self._counted_ms = now_ms
        self._allowance = min(self._allowance + earned, float(limits.GUEST_LOOKUPS_PER_MINUTE))
        if self._running >= limits.RESOLVES_MAX:
            raise TooManyLookups
        if is_guest:
            if self._running_of_guests >= limits.RESOLVES_MAX // 4 or self._allowance < 1:
                raise TooManyLookups
            self._allowance -= 1
        self._running += 1
        self._running_of_guests += is_guest
