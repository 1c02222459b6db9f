"""The real clock and the real dice."""

from leither.runtime.clock import SystemClock
from leither.runtime.random import SystemRandom

__all__ = ["SystemClock", "SystemRandom"]
