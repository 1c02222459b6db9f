"""When sweeps begin, for work that counts on blocks which nothing refers to yet and no lease protects."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager


class Swept(Exception):
    """What was counted on may have been reclaimed meanwhile."""


class Sweeps:
    """Counts the sweeps of one node. Thread-safe."""

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._begun = 0
        self._running = 0

    @contextmanager
    def running(self) -> Iterator[None]:
        """Sweep while the context lasts."""
        with self._guard:
            self._begun += 1
            self._running += 1
        try:
            yield
        finally:
            with self._guard:
                self._running -= 1

    def begun(self) -> int | None:
        """Return how many have begun so far; None while one runs, for nothing can be counted on then."""
        with self._guard:
            return None if self._running else self._begun

    @contextmanager
    def held_off(self, since: int | None) -> Iterator[None]:
        """Let none begin while the context lasts. Raises: Swept: unless `begun` still is what it was."""
        with self._guard:
            if since is None or self._running or self._begun != since:
                raise Swept
            yield
