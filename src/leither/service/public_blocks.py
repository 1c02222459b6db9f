"""What anyone may fetch by CID: the blocks below public versions, answered in microseconds.

The rules are those of `visible`: a block is found under the codec it has in a public version, or as `raw`.
"""

import threading
from dataclasses import dataclass

from leither.codec import RAW, BlockMissing, Cid
from leither.crypto import MimeiId
from leither.people import GUEST
from leither.service.block_index import BlockIndex
from leither.service.engines import Engines
from leither.service.visible import Visibility, Visible


@dataclass(frozen=True, slots=True)
class _Part:
    roots: frozenset[Cid]
    barred: frozenset[Cid]
    index: BlockIndex


class PublicBlocks:
    """One index over all MiMei. Thread-safe. When rights or versions change, the parts that changed are walked anew."""

    def __init__(self, engines: Engines, visibility: Visibility) -> None:
        self._engines = engines
        self._visibility = visibility
        self._guard = threading.Lock()
        self._view: Visible | None = None
        self._parts: dict[MimeiId, _Part] = {}
        self._index = BlockIndex(engines.blocks.get, (), frozenset())

    def size_bytes(self, cid: Cid) -> int | None:
        """Return a block's length; None if it isn't here, or not for everyone.

        Cost: two lookups; after a change, O(MiMei), and a walk over what became public.
        """
        index = self._current()
        if cid not in index and not (cid.codec == RAW and index.holds_digest(cid.digest)):
            return None
        try:
            return self._engines.blocks.size_bytes(cid)
        except BlockMissing:
            return None

    def _current(self) -> BlockIndex:
        view = self._visibility.of(GUEST)
        with self._guard:
            if view is not self._view:
                parts = {mimei: self._part(mimei, roots, barred) for mimei, roots, barred in view.roots()}
                if parts != self._parts:
                    self._index = BlockIndex.union(part.index for part in parts.values())
                self._view, self._parts = view, parts
            return self._index

    def _part(self, mimei: MimeiId, roots: frozenset[Cid], barred: frozenset[Cid]) -> _Part:
        kept = self._parts.get(mimei)
        if kept is not None and (kept.roots, kept.barred) == (roots, barred):
            return kept
        return _Part(roots, barred, BlockIndex(self._engines.blocks.get, roots, barred))
