"""Wall time from the operating system."""

import time


class SystemClock:
    """`Clock` as this machine tells it; it may jump when somebody sets it."""

    def now_ms(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000
