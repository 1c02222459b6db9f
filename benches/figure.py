"""One measured figure, alone or beside a peer's, and how a table of them is printed."""

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Figure:
    """What was measured. `ours` and each peer's are samples taken in turns, in the same run, in `unit`.

    `more_is_better`: throughputs are; times and memory are not. A ratio above 1 is always in our favour.
    """

    work: str
    unit: str
    ours: Sequence[float]
    peers: Mapping[str, Sequence[float]] = field(default_factory=dict)
    target: str = ""
    more_is_better: bool = False

    def ratio(self, peer: str) -> float:
        """Return how many times better than the peer, pair by pair, the median."""
        pairs = zip(self.ours, self.peers[peer], strict=False)
        better = ((a, b) if self.more_is_better else (b, a) for a, b in pairs)
        return statistics.median(one / other if other else math.inf for one, other in better)

    def lines(self) -> list[str]:
        """Return the figure as text, one line for ours and one for each peer."""
        found = [f"{self.work:<52} {_text(self.ours):>24} {self.unit:<6} {self.target}".rstrip()]
        for name, samples in self.peers.items():
            found.append(f"  {name:<50} {_text(samples):>24} {self.unit:<6} we are {self.ratio(name):.2f}x")
        return found


def _text(samples: Sequence[float]) -> str:
    middle = statistics.median(samples)
    if len(samples) == 1:
        return f"{middle:,.4g}"
    return f"{middle:,.4g} ({min(samples):,.4g} to {max(samples):,.4g})"


def in_turns(rounds: int, **workers: Callable[[], float]) -> dict[str, list[float]]:
    """Call each worker once a round, in turn, and return what each returned; the machine's moods hit all alike."""
    samples: dict[str, list[float]] = {name: [] for name in workers}
    for _ in range(rounds):
        for name, work in workers.items():
            samples[name].append(work())
    return samples
