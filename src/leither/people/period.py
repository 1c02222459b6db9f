"""A period: from a moment on, and until another, which no longer belongs to it. In ms since 1970-01-01 UTC."""

from typing import NamedTuple


class Period(NamedTuple):
    """`start_ms <= now < until_ms`."""

    start_ms: int
    until_ms: int

    def __contains__(self, now_ms: object) -> bool:
        return isinstance(now_ms, int) and self.start_ms <= now_ms < self.until_ms

    def within(self, other: "Period") -> bool:
        """Tell whether all of this period belongs to `other`."""
        return other.start_ms <= self.start_ms and self.until_ms <= other.until_ms
