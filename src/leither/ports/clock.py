"""The ports to time and chance, so that everything else is repeatable."""

from typing import Protocol


class Clock(Protocol):
    """Wall time. Used for what people read; never decides an outcome between nodes."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""


class Random(Protocol):
    """Unpredictable bytes."""

    def token(self, size_bytes: int) -> bytes:
        """Return `size_bytes` bytes nobody can guess."""
