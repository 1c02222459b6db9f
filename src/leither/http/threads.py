"""Blocking work beside the event loop: one bounded pool for all of the gateway."""

from collections.abc import Callable
from typing import TypeVar

import anyio
import anyio.to_thread

from leither import limits

T = TypeVar("T")


class Threads:
    """Runs blocking calls in worker threads, at most limits.WEB_THREADS_MAX at a time; more wait in order."""

    def __init__(self) -> None:
        self._limiter: anyio.CapacityLimiter | None = None

    async def run(self, work: Callable[[], T]) -> T:
        """Return what `work` returns. A caller that goes away meanwhile leaves it running to its end, unheard."""
        if self._limiter is None:
            self._limiter = anyio.CapacityLimiter(limits.WEB_THREADS_MAX)
        return await anyio.to_thread.run_sync(work, limiter=self._limiter, abandon_on_cancel=True)
