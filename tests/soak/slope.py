"""How fast something grows, and how sure that is."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

BATCHES = 10
_STUDENT_95 = 2.306
"""Of a line through ten points, which leaves eight degrees of freedom: 95 % on both sides together."""


@dataclass(frozen=True, slots=True)
class Slope:
    """What is gained in an hour, give or take `margin`, with 95 % confidence."""

    per_hour: float
    margin: float

    @property
    def surely(self) -> float:
        """What it grows by at least."""
        return self.per_hour - self.margin


def slope(samples: Sequence[tuple[float, float]]) -> Slope:
    """Return the slope of (second, value).

    Neighbours among the samples are alike, which would make a line through them look surer than it is. So they are
    taken together in ten batches, and the line is that through the batches' means.
    """
    size = len(samples) // BATCHES
    assert size > 0, f"{len(samples)} samples are too few; {BATCHES} are needed"
    batches = [samples[number * size : (number + 1) * size] for number in range(BATCHES)]
    hours = [statistics.mean(second for second, _ in batch) / 3600 for batch in batches]
    values = [statistics.mean(value for _, value in batch) for batch in batches]
    per_hour, intercept = statistics.linear_regression(hours, values)
    off = sum((value - intercept - per_hour * hour) ** 2 for hour, value in zip(hours, values, strict=True))
    spread = sum((hour - statistics.mean(hours)) ** 2 for hour in hours)
    return Slope(per_hour, _STUDENT_95 * math.sqrt(off / (BATCHES - 2) / spread))
