"""What goes from the cache with a sweep: the blocks that were read longest ago, where others have them.

The cache is what of files on demand is here and could be had again. Everything else is reached first, so that what is
needed for another reason never goes: what is whole, what was changed here, what nobody else is known to have.
"""

from collections.abc import Iterable, Iterator

from leither import limits
from leither.codec import RAW, Cid
from leither.ports import View
from leither.service.cache_rows import CacheRow, drop_cached, put_cached, read_cache, read_cached
from leither.service.engines import Engines

_BATCH = 1000


class Eviction:
    """The cache as one sweep sees it. Make it when the sweep asks what is reached. Not thread-safe.

    Memory: 300 bytes for each block in the cache, while what is to go is chosen.
    """

    def __init__(self, engines: Engines, view: View) -> None:
        self._engines = engines
        self._view = view
        self._doomed = self._oldest()
        self._needed: list[bytes] = []
        self._new: dict[bytes, CacheRow] = {}

    def needed(self, cids: Iterable[Cid]) -> Iterator[Cid]:
        """Yield blocks that are to be here for another reason than that somebody read them."""
        for cid in cids:
            if cid.digest in self._doomed:
                self._doomed.discard(cid.digest)
                self._needed.append(cid.digest)
            yield cid

    def spared(self, cids: Iterable[Cid]) -> Iterator[Cid]:
        """Yield blocks that may go another time, once somebody else is known to have them."""
        for cid in cids:
            self._doomed.discard(cid.digest)
            self._meet(cid)
            yield cid
        self._flush()

    def cached(self, cids: Iterable[Cid]) -> Iterator[Cid]:
        """Yield of blocks that could be had again those that stay."""
        for cid in cids:
            if cid.codec != RAW or cid.digest not in self._doomed:
                self._meet(cid)
                yield cid
        self._flush()

    def settle(self) -> None:
        """Note what went, once the sweep is over. What a reader or writer held meanwhile stays in the cache."""
        gone = (digest for digest in self._doomed if not self._engines.blocks.has(Cid.from_digest(RAW, digest)))
        drop_cached(self._engines.state, [*self._needed, *gone])

    def _oldest(self) -> set[bytes]:
        """Return what must go so that the cache is as full as it may be after an eviction."""
        size_bytes = sum(row.size_bytes for _, row in read_cache(self._view))
        most = self._engines.cache_bytes
        if size_bytes <= most:
            return set()
        excess = size_bytes - most * limits.CACHE_KEPT_PERCENT // 100
        doomed: set[bytes] = set()
        for _, digest, size in sorted((row.used_ms, digest, row.size_bytes) for digest, row in read_cache(self._view)):
            if excess <= 0:
                break
            doomed.add(digest)
            excess -= size
        return doomed

    def _meet(self, cid: Cid) -> None:
        """Take in a leaf that was not known to be in the cache, as what was here before it was on demand."""
        if cid.codec == RAW and read_cached(self._view, cid.digest) is None:
            self._new[cid.digest] = CacheRow(0, self._engines.blocks.size_bytes(cid))
            if len(self._new) >= _BATCH:
                self._flush()

    def _flush(self) -> None:
        if self._new:
            put_cached(self._engines.state, self._new)
            self._new = {}
