"""Every adapter passes the suite of its port."""

from pathlib import Path

from leither.ports import Blocks, State
from leither.store import LmdbState, MemoryBlocks, MemoryState, PackBlocks
from leither.testing.suites import BlocksSuite, StateSuite, SweepSuite


class TestMemoryBlocks(BlocksSuite, SweepSuite):
    def make(self, directory: Path) -> Blocks:
        return MemoryBlocks()


class TestPackBlocks(BlocksSuite, SweepSuite):
    durable = True

    def make(self, directory: Path) -> Blocks:
        return PackBlocks(directory)


class TestTinyPacks(BlocksSuite, SweepSuite):
    """Packs so small that every test fills several."""

    durable = True

    def make(self, directory: Path) -> Blocks:
        return PackBlocks(directory, pack_bytes_max=2000)


class TestMemoryState(StateSuite):
    def make(self, directory: Path) -> State:
        return MemoryState()


class TestLmdbState(StateSuite):
    durable = True

    def make(self, directory: Path) -> State:
        return LmdbState(directory)
