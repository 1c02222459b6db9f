"""Virtual time: what is to happen, in its order. An hour passes as fast as its events can be worked through."""

import heapq
from collections.abc import Callable
from random import Random

from leither.testing.node import START_MS, FakeClock


class Timeline:
    """One seed decides everything that is left to chance, so a run can be replayed."""

    def __init__(self, seed: int) -> None:
        self.seed = seed
        self.chance = Random(seed)  # noqa: S311 - to be replayed, no secret
        self.clock = FakeClock()
        self.happened = 0
        self._waiting: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0

    @property
    def now_ms(self) -> int:
        """The time."""
        return self.clock.ms

    @property
    def passed_s(self) -> float:
        """How long it has gone on."""
        return (self.clock.ms - START_MS) / 1000

    def after(self, ms: int, happen: Callable[[], None]) -> None:
        """Let something happen later."""
        self._count += 1
        heapq.heappush(self._waiting, (self.clock.ms + ms, self._count, happen))

    def run(self, seconds: float) -> None:
        """Let time pass, and what is due in it happen."""
        end_ms = self.clock.ms + round(seconds * 1000)
        while self._waiting and self._waiting[0][0] <= end_ms:
            at_ms, _, happen = heapq.heappop(self._waiting)
            self.clock.ms = max(self.clock.ms, at_ms)
            self.happened += 1
            happen()
        self.clock.ms = end_ms
