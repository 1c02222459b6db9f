"""A private MiMei in memory stores, for tests that put blocks one by one."""

from __future__ import annotations

from leither.codec import DAG_CBOR, RAW, Block, Cid, dagcbor
from leither.mimei.sealing import Pair
from leither.mimei.version import Version
from leither.store import MemoryBlocks, MemoryState
from tests.unit.mimei.samples import WRITER
from tests.unit.service.sealed_device import MIMEI, open_blocks

LEAF, OTHER = Block.of(RAW, b"leaf"), Block.of(RAW, b"other")


def node(*children: Block) -> Block:
    return Block.of(DAG_CBOR, dagcbor.encode([child.cid for child in children]))


def version(content: Block, *parents: Cid, epoch: int = 0) -> Version:
    return Version(
        mimei=MIMEI,
        n=1 if parents else 0,
        content=content.cid,
        side=content.cid,
        salt=bytes(16),
        size_bytes=0,
        parents=tuple(sorted(parents)),
        key_epoch=epoch,
    ).signed(WRITER)


class Home:
    """Memory stores, opened with the keys up to an epoch."""

    def __init__(self, epoch: int = 0) -> None:
        self.blocks = CountingBlocks()
        self.state = MemoryState()
        self.sealed = open_blocks(self.blocks, self.state, epoch)

    def rotate(self, epoch: int) -> None:
        self.sealed = open_blocks(self.blocks, self.state, epoch)

    def store(self, *blocks: Block) -> None:
        with self.sealed.lease() as lease:
            lease.put_many(blocks)

    def save(self, content: Block, *blocks: Block, over: tuple[Pair, ...] = ()) -> Pair:
        """Store a version of `content`, and the blocks it holds."""
        with self.sealed.lease(over=over) as lease:
            lease.put_many(blocks)
            made = version(content, *(cid for cid, _ in over))
            return made.cid, lease.put_version(made)


class CountingBlocks(MemoryBlocks):
    """Remembers which blocks were read."""

    def __init__(self) -> None:
        super().__init__()
        self.reads: list[Cid] = []

    def get(self, cid: Cid) -> bytes:
        self.reads.append(cid)
        return super().get(cid)
