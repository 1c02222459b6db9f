"""A node for tests: all in memory, with time and chance of one's choice, so what is done again comes out alike."""

import hashlib
from collections.abc import Iterable

from leither.codec import Block, Cid
from leither.ports import Blocks, State
from leither.service.engines import Engines, Identity
from leither.store import MemoryBlocks, MemoryState
from leither.store.memory_blocks import MemoryLease

START_MS = 1_700_000_000_000


class FakeClock:
    """A clock that stands still until it is set. `now_ms` returns `ms`."""

    def __init__(self, ms: int = START_MS) -> None:
        self.ms = ms

    def now_ms(self) -> int:
        """Return the time it was set to."""
        return self.ms

    def advance(self, ms: int) -> None:
        """Let time pass."""
        self.ms += ms


class SeededRandom:
    """Bytes that follow from a seed: never the same twice, always the same again."""

    def __init__(self, seed: bytes = b"") -> None:
        self._seed = seed
        self._count = 0

    def token(self, size_bytes: int) -> bytes:
        """Return the next `size_bytes` bytes."""
        self._count += 1
        return hashlib.shake_256(self._seed + self._count.to_bytes(8)).digest(size_bytes)


class CountingBlocks(MemoryBlocks):
    """Blocks in memory that count what is stored. `new` holds the CIDs that were not there before, in order."""

    def __init__(self) -> None:
        super().__init__()
        self.puts = 0
        self.new: list[Cid] = []

    def put(self, lease: MemoryLease, block: Block) -> None:
        """See MemoryBlocks."""
        self.puts += 1
        if not self.has(block.cid):
            self.new.append(block.cid)
        super().put(lease, block)

    def forget_counts(self) -> None:
        """Begin to count anew."""
        self.puts = 0
        self.new.clear()

    def lose(self, cids: Iterable[Cid]) -> None:
        """Drop blocks as a damaged disk would."""
        for cid in cids:
            self._blocks.pop(cid.digest, None)

    def flip(self, cid: Cid) -> None:
        """Change the last bit of a stored block."""
        codec, data = self._blocks[cid.digest]
        self._blocks[cid.digest] = (codec, data[:-1] + bytes((data[-1] ^ 1,)))


def seed_of(name: str) -> bytes:
    """Return 32 bytes that follow from `name`."""
    return hashlib.sha256(name.encode()).digest()


def identity(*, person: str = "ada", node: str = "desk") -> Identity:
    """Return the identity of a person on one of their nodes, both named."""
    return Identity.of(seed_of(f"person {person}"), seed_of(f"node {node}"))


def engines_over(
    blocks: Blocks, state: State, *, person: str = "ada", node: str = "desk", clock: FakeClock | None = None
) -> Engines:
    """Return engines over these stores, with a clock that stands still and chance that follows from the node's name."""
    return Engines(
        blocks=blocks,
        state=state,
        clock=clock or FakeClock(),
        random=SeededRandom(seed_of(f"random {node}")),
        identity=identity(person=person, node=node),
    )


def memory_engines(*, person: str = "ada", node: str = "desk", clock: FakeClock | None = None) -> Engines:
    """Return the engines of a node that holds nothing yet, in memory. Its `blocks` are `CountingBlocks`."""
    return engines_over(CountingBlocks(), MemoryState(), person=person, node=node, clock=clock)


def counted(engines: Engines) -> CountingBlocks:
    """Return the blocks of `memory_engines`, with their counts."""
    assert isinstance(engines.blocks, CountingBlocks)
    return engines.blocks


def clock_of(engines: Engines) -> FakeClock:
    """Return the clock of `memory_engines`, to be set."""
    assert isinstance(engines.clock, FakeClock)
    return engines.clock
