"""What lies between nodes: how long bytes take, what is lost, and who reaches whom."""

from collections.abc import Hashable, Iterable
from random import Random


class Links:
    """Latency, loss and partitions. A stream's lost packets come late; a message of its own that is lost is gone."""

    def __init__(
        self, chance: Random, *, latency_ms: tuple[int, int] = (5, 80), loss: float = 0.01, bytes_per_ms: int = 2000
    ) -> None:
        """Take latency_ms: the shortest and the longest one way. loss: the share of packets that are lost.

        At every tenth of that share of steps a stream breaks off.
        """
        self._chance = chance
        self._latency_ms = latency_ms
        self._loss = loss
        self._bytes_per_ms = bytes_per_ms
        self._sides: dict[Hashable, int] = {}
        self.bytes = 0

    def part(self, *sides: Iterable[Hashable]) -> None:
        """Cut the network between these sides; who is in none is one side more."""
        self._sides = {name: number for number, side in enumerate(sides, 1) for name in side}

    def join(self) -> None:
        """Undo `part`."""
        self._sides = {}

    def reach(self, one: Hashable, other: Hashable) -> bool:
        """Tell whether two nodes are on one side."""
        return self._sides.get(one, 0) == self._sides.get(other, 0)

    def delay_ms(self, size_bytes: int) -> int:
        """Return how long bytes take on a stream: what is lost is sent again, after a while."""
        self.bytes += size_bytes
        delay = self._chance.randint(*self._latency_ms) + size_bytes // self._bytes_per_ms
        while self._chance.random() < self._loss:
            delay += 200
        return delay

    def message_delay_ms(self, size_bytes: int) -> int | None:
        """Return how long a message takes, None if it is lost."""
        self.bytes += size_bytes
        return None if self._chance.random() < self._loss else self._chance.randint(*self._latency_ms)

    def breaks(self) -> bool:
        """Tell whether a stream breaks off at this step."""
        return self._chance.random() < self._loss / 10
