"""The port to content-addressed storage.

Adapters: memory, pack files, S3-compatible object stores (`leither.store`). All pass `leither.testing.suites`.
"""

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Protocol

from leither.codec import Block, Cid


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing `verify` found wrong. `cid` is None where the damage can't be tied to a block."""

    cid: Cid | None
    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Checked:
    """One block, or stretch of damage, that `verify` has read: how many bytes on disk."""

    size_bytes: int


@dataclass(frozen=True, slots=True)
class Reclaimed:
    """What a sweep did. `bytes_before` and `bytes_after` are sizes on disk."""

    blocks_kept: int
    blocks_dropped: int
    bytes_before: int
    bytes_after: int


class Lease(Protocol):
    """A stretch of work whose blocks no sweep may take, although nothing refers to them yet."""

    def put(self, block: Block) -> None:
        """Store `block`, not yet durably. Storing what is there is cheap and counts as new for sweeps."""

    def put_many(self, blocks: Iterable[Block]) -> None:
        """Store several blocks, not yet durably."""

    def hold(self, cid: Cid) -> bool:
        """Protect a block that is stored as if it were put now; tell whether it is stored."""

    def flush(self) -> None:
        """Return once all that was put through this lease is durable. Raises: StoreFull."""


class Blocks(Protocol):
    """Blocks by CID. Thread-safe. A block is found by its hash whatever codec it was stored under."""

    def get(self, cid: Cid) -> bytes:
        """Return the block's bytes, checked against the hash. Raises: BlockMissing, BlockMismatch."""

    def has(self, cid: Cid) -> bool:
        """Tell whether the block is stored."""

    def size_bytes(self, cid: Cid) -> int:
        """Return the block's length without reading it. Raises: BlockMissing."""

    def lease(self) -> AbstractContextManager[Lease]:
        """Open a lease. Leaving it without an error flushes; leaving it with one abandons to the next sweep."""

    def cids(self) -> Iterator[Cid]:
        """Iterate over what is stored, in no order; what comes or goes meanwhile may or may not show."""

    def sweep(self, mark: Callable[[], Iterable[Cid]], *, thorough: bool = False) -> Reclaimed:
        """Drop every block that `mark` does not name and no lease protects, beside readers and writers.

        `mark` is called once new blocks are safe from this sweep, so it must read the roots only then. `thorough`: let
        nothing of what is dropped stay in the files, even where giving so little space back would not pay.
        """

    def verify(self) -> Iterator[Fault | Checked]:
        """Read everything stored; yield what is wrong with it, and how far it is. Cost: reads and hashes the store."""

    def stats(self) -> "BlockStats":
        """Return counts and sizes. Cheap."""

    def close(self) -> None:
        """Flush and release. Idempotent."""


@dataclass(frozen=True, slots=True)
class BlockStats:
    """How much is stored. `bytes_on_disk` includes garbage not yet swept."""

    blocks: int
    bytes_on_disk: int
