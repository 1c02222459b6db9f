"""Blocks of files, for those who read them: what is on demand and not here is fetched first.

Everything else, sweeps and proofs and what is given to others, looks at `Engines.blocks` alone, which is what is here.
"""

from asyncio import get_running_loop
from typing import Protocol

from leither.codec import DAG_PB, RAW, BlockMissing, Cid
from leither.ports import Blocks
from leither.service.leaves import leaves


class OnDemand(Protocol):
    """What brings blocks that are not here. Thread-safe."""

    @property
    def is_used(self) -> bool:
        """Whether anything is on demand at all."""

    def has(self, cid: Cid) -> bool:
        """Tell whether a block is of a file that is on demand."""

    def fetch(self, cid: Cid) -> bytes:
        """Return a block of a file on demand. Raises: BlockMissing: if it is of none; and why it didn't come."""

    def use(self, cid: Cid) -> None:
        """Note that a block was read."""


class FileBlocks:
    """Reads blocks. Thread-safe."""

    def __init__(self, blocks: Blocks) -> None:
        self._blocks = blocks
        self.on_demand: OnDemand | None = None
        """Set while a node is open."""

    def fetch(self, cid: Cid) -> bytes:
        """Return a block's bytes, from here or else from another node.

        An event loop's thread waits for no other node; there what is not here is missing, and is to be read in another.
        Raises: BlockMissing, BlockMismatch, and why it did not come.
        """
        on_demand = self.on_demand
        try:
            data = self._blocks.get(cid)
        except BlockMissing:
            if on_demand is None or cid.codec != RAW or _in_event_loop():
                raise
            return on_demand.fetch(cid)
        if on_demand is not None and cid.codec == RAW:
            on_demand.use(cid)
        return data

    def has(self, cid: Cid) -> bool:
        """Tell whether a block is here, or may come when it is read."""
        on_demand = self.on_demand
        return self._blocks.has(cid) or (on_demand is not None and cid.codec == RAW and on_demand.has(cid))

    def is_whole(self, cid: Cid) -> bool:
        """Tell whether a block is here with all below it.

        Every block is stored after what lies below it, and so whole, but for those above files on demand. Cost: where
        anything is on demand, reads the directories and inner blocks of files below.
        """
        if not self._blocks.has(cid):
            return False
        if cid.codec != DAG_PB or self.on_demand is None or not self.on_demand.is_used:
            return True
        return all(self._blocks.has(leaf.cid) for leaf in leaves(self._blocks.get, [cid]))


def _in_event_loop() -> bool:
    try:
        get_running_loop()
    except RuntimeError:
        return False
    return True
