"""Blocks in memory. For tests and simulation."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from leither import limits
from leither.codec import Block, BlockMismatch, BlockMissing, BlockTooLarge, Cid
from leither.ports import BlockStats, Checked, Fault, Reclaimed
from leither.store.lease_book import LeaseBook
from leither.store.lock import StoreClosed


class MemoryLease:
    """A stretch of work on a `MemoryBlocks`."""

    __slots__ = ("_blocks", "touched")

    def __init__(self, blocks: MemoryBlocks, touched: set[bytes]) -> None:
        self._blocks = blocks
        self.touched = touched

    def put(self, block: Block) -> None:
        """Store `block`. Raises: BlockTooLarge."""
        self._blocks.put(self, block)

    def hold(self, cid: Cid) -> bool:
        """Protect a stored block; tell whether it is stored."""
        return self._blocks.hold(self, cid)

    def put_many(self, blocks: Iterable[Block]) -> None:
        """Store several blocks."""
        for block in blocks:
            self._blocks.put(self, block)

    def flush(self) -> None:
        """Do nothing: memory is as durable as it gets."""


class MemoryBlocks:
    """`Blocks` in a dictionary. Thread-safe."""

    def __init__(self) -> None:
        self._blocks: dict[bytes, tuple[int, bytes]] = {}
        self._mutex = threading.Lock()
        self._sweeping = threading.Lock()
        self._leases = LeaseBook()
        self._closed = False

    def get(self, cid: Cid) -> bytes:
        """Return the block's bytes. Raises: BlockMissing, BlockMismatch."""
        data = self._find(cid)
        if not cid.matches(data):
            raise BlockMismatch(cid, "memory")
        return data

    def has(self, cid: Cid) -> bool:
        """Tell whether the block is stored."""
        self._refuse_closed()
        return cid.digest in self._blocks

    def size_bytes(self, cid: Cid) -> int:
        """Return the block's length. Raises: BlockMissing."""
        return len(self._find(cid))

    @contextmanager
    def lease(self) -> Iterator[MemoryLease]:
        """Open a lease."""
        self._refuse_closed()
        with self._mutex:
            lease = MemoryLease(self, self._leases.begin())
        try:
            yield lease
        finally:
            with self._mutex:
                self._leases.end(lease.touched)

    def put(self, lease: MemoryLease, block: Block) -> None:
        """Store `block` for `lease`."""
        self._refuse_closed()
        if len(block.data) > limits.BLOCK_BYTES_MAX:
            raise BlockTooLarge(len(block.data))
        digest = block.cid.digest
        with self._mutex:
            self._leases.touch(lease.touched, digest)
            self._blocks.setdefault(digest, (block.cid.codec, bytes(block.data)))

    def hold(self, lease: MemoryLease, cid: Cid) -> bool:
        """Protect a stored block for `lease`; tell whether it is stored."""
        self._refuse_closed()
        with self._mutex:
            if cid.digest not in self._blocks:
                return False
            self._leases.touch(lease.touched, cid.digest)
            return True

    def cids(self) -> Iterator[Cid]:
        """Iterate over what is stored."""
        self._refuse_closed()
        with self._mutex:
            stored = [(codec, digest) for digest, (codec, _) in self._blocks.items()]
        for codec, digest in stored:
            yield Cid.from_digest(codec, digest)

    def sweep(self, mark: Callable[[], Iterable[Cid]], *, thorough: bool = False) -> Reclaimed:
        """Drop every block that `mark` does not name and no lease protects."""
        self._refuse_closed()
        with self._sweeping:
            with self._mutex:
                self._leases.begin_sweep()
                judged = list(self._blocks)
                before = self._size_bytes()
            try:
                marked = {cid.digest for cid in mark()}
                with self._mutex:
                    garbage = [one for one in judged if one not in marked and not self._leases.protects(one)]
                    for digest in garbage:
                        del self._blocks[digest]
                    return Reclaimed(len(self._blocks), len(garbage), before, self._size_bytes())
            finally:
                with self._mutex:
                    self._leases.end_sweep()

    def verify(self) -> Iterator[Fault | Checked]:
        """Yield blocks that don't match their hash, and how far it is."""
        for cid in self.cids():
            entry = self._blocks.get(cid.digest)
            if entry is None:
                continue
            if not cid.matches(entry[1]):
                yield Fault(cid, "memory", "the block does not match its hash")
            yield Checked(len(entry[1]))

    def stats(self) -> BlockStats:
        """Return counts and sizes."""
        with self._mutex:
            return BlockStats(len(self._blocks), self._size_bytes())

    def close(self) -> None:
        """Refuse further work. Idempotent."""
        self._closed = True

    def _find(self, cid: Cid) -> bytes:
        self._refuse_closed()
        entry = self._blocks.get(cid.digest)
        if entry is None:
            raise BlockMissing(cid)
        return entry[1]

    def _size_bytes(self) -> int:
        return sum(len(data) for _, data in self._blocks.values())

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed("the block store in memory")
