"""The cache of files on demand: what came when it was read, and when it was last read; it is kept within its limit.

What is over the limit goes with a sweep, in a thread of its own, so what comes meanwhile may pass the limit.
"""

import logging
import threading
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor

from leither import limits
from leither.codec import RAW, Cid
from leither.errors import LeitherError
from leither.service.cache_rows import CacheRow, drop_cached, note_uses, put_cached, read_cache
from leither.service.collect import SweepStopped, collect
from leither.service.engines import Engines

LOGGER = logging.getLogger("leither.cache")


class Cache:
    """What is in the cache. Thread-safe."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._used_ms: dict[bytes, int] = {}
        self._size_bytes: int | None = None
        self._is_sweeping = self._is_closed = self._came_meanwhile = False
        self._tried_bytes = 0
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(1, "leither-cache")

    def close(self) -> None:
        """Write what was noted, and return when nothing is under way. A sweep is broken off if it can be."""
        self._is_closed = True
        self._pool.shutdown(cancel_futures=True)
        self._write_uses()

    def settle(self) -> None:
        """Write what was noted, and wait for what is under way."""
        self._pool.submit(self._write_uses).result()

    def note(self, came: Mapping[Cid, int]) -> None:
        """Take in blocks that came for readers, with their lengths. Some of the others may go then."""
        now_ms = self._engines.clock.now_ms()
        put_cached(self._engines.state, {cid.digest: CacheRow(now_ms, size) for cid, size in came.items()})
        with self._guard:
            self._came_meanwhile = True
            if self._size_bytes is not None:
                self._size_bytes += sum(came.values())
        self._keep_within()

    def use(self, cid: Cid) -> None:
        """Note that a block was read, which need not be in the cache. Returns at once."""
        now_ms = self._engines.clock.now_ms()
        with self._guard:
            known = self._used_ms.get(cid.digest, -1)
            if known >= 0 and now_ms - known < limits.CACHE_USE_NOTED_S * 1000:
                return
            self._used_ms[cid.digest] = now_ms
            is_due = len(self._used_ms) == limits.CACHE_USES_MAX
        if is_due:
            self._pool.submit(self._write_uses)

    def sweep(self) -> None:
        """Evict what is too much, and count anew what is there, soon and in another thread."""
        with self._guard:
            if self._is_sweeping:
                return
            self._is_sweeping = True
        self._pool.submit(self._sweep)

    def _keep_within(self) -> None:
        size_bytes = self._count()
        with self._guard:
            # What can't go is not tried again for every block that comes.
            step = self._engines.cache_bytes * (100 - limits.CACHE_KEPT_PERCENT) // 100
            is_due = size_bytes > self._engines.cache_bytes and size_bytes >= self._tried_bytes + step
        if is_due:
            self.sweep()

    def _count(self) -> int:
        """Return how much is in the cache. The first time, what a stop left behind in the rows is put right."""
        with self._guard:
            if self._size_bytes is not None:
                return self._size_bytes
        size_bytes, gone = 0, []
        with self._engines.state.read() as view:
            for digest, row in read_cache(view):
                if self._engines.blocks.has(Cid.from_digest(RAW, digest)):
                    size_bytes += row.size_bytes
                else:
                    gone.append(digest)
        drop_cached(self._engines.state, gone)
        with self._guard:
            self._size_bytes = size_bytes
        return size_bytes

    def _sweep(self) -> None:
        """Sweep, and again as long as it is too much and more came meanwhile, which a sweep leaves alone."""
        is_due = True
        try:
            while is_due:
                with self._guard:
                    self._came_meanwhile = False
                self._write_uses()
                collect(self._engines, is_stopped=lambda: self._is_closed)
                is_due = self._count_anew() and self._came_meanwhile
        except SweepStopped:
            return
        except LeitherError as error:
            LOGGER.warning("nothing could be evicted: %s", error)
            self._count_anew()
        finally:
            with self._guard:
                self._is_sweeping = False

    def _count_anew(self) -> bool:
        """Count what is there; tell whether it is too much."""
        with self._guard:
            self._size_bytes = None
        size_bytes = self._count()
        with self._guard:
            is_over = size_bytes > self._engines.cache_bytes
            self._tried_bytes = size_bytes if is_over else 0
        return is_over

    def _write_uses(self) -> None:
        with self._guard:
            used_ms, self._used_ms = self._used_ms, {}
        if used_ms:
            note_uses(self._engines.state, used_ms)
