"""Small blocks that are asked for often, kept in memory."""

import threading
from collections import OrderedDict

from leither import limits
from leither.codec import Cid
from leither.ports import NOTHING_DENIED, Denied
from leither.service.denied import refuse_denied
from leither.unixfs import Get


class SmallBlocks:
    """Blocks of at most limits.SMALL_BLOCK_BYTES, the last used of limits.BODIES_CACHED_BYTES in all. Thread-safe.

    Who may read a block is decided before it is asked for here.
    """

    def __init__(self, get: Get, denied: Denied = NOTHING_DENIED) -> None:
        self._get = get
        self._denied = denied
        self._kept: OrderedDict[Cid, bytes] = OrderedDict()
        self._size_bytes = 0
        self._guard = threading.Lock()

    def kept(self, cid: Cid) -> bytes | None:
        """Return the block's bytes if they are in memory and not denied, without waiting for the disk."""
        if self._denied.denies(cid):
            return None
        with self._guard:
            kept = self._kept.get(cid)
            if kept is not None:
                self._kept.move_to_end(cid)
            return kept

    def get(self, cid: Cid) -> bytes:
        """Return the block's bytes. Raises: BlockMissing, BlockMismatch, ContentDenied."""
        refuse_denied(self._denied, cid)
        kept = self.kept(cid)
        if kept is not None:
            return kept
        block = self._get(cid)
        if len(block) <= limits.SMALL_BLOCK_BYTES:
            with self._guard:
                if cid not in self._kept:
                    self._kept[cid] = block
                    self._size_bytes += len(block)
                while self._size_bytes > limits.BODIES_CACHED_BYTES:
                    self._size_bytes -= len(self._kept.popitem(last=False)[1])
        return block
