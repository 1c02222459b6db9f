"""Which proofs were used already: each counts once, and is remembered for as long as it could be used again."""

from heapq import heappop, heappush
from threading import Lock
from typing import Protocol

from leither import limits
from leither.people.period import Period
from leither.people.refused import TooManyProofs


class Replays(Protocol):
    """What a check of proofs asks for: a set that is told when it may forget."""

    def claim(self, name: bytes, period: Period, now_ms: int) -> bool:
        """Remember `name` for as long as `period` lasts; tell whether it is surely new. Raises: TooManyProofs."""
        ...


class MemoryReplays:
    """The proofs used in this process, bounded. Thread-safe.

    When all places are taken by proofs that could still be used again, no further one counts: to forget one would let
    it be used twice. Nothing is known of what was used before `since_ms`, so proofs that began before don't count.
    """

    def __init__(self, *, since_ms: int, places: int = limits.REPLAYS_MAX) -> None:
        self._since_ms = since_ms
        self._places = places
        self._used: set[bytes] = set()
        self._by_time: list[tuple[int, bytes]] = []
        self._guard = Lock()

    def claim(self, name: bytes, period: Period, now_ms: int) -> bool:
        """Remember `name` for as long as `period` lasts; tell whether it is surely new. Cost: O(log n).

        Raises: TooManyProofs.
        """
        if period.start_ms < self._since_ms:
            return False
        with self._guard:
            while self._by_time and self._by_time[0][0] <= now_ms:
                self._used.discard(heappop(self._by_time)[1])
            if name in self._used:
                return False
            if len(self._used) >= self._places:
                raise TooManyProofs
            self._used.add(name)
            heappush(self._by_time, (period.until_ms, name))
            return True
