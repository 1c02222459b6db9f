"""Every adapter passes the suite of its port."""

from pathlib import Path

import pytest

from leither import limits
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


class TestLmdbStateInTinyLayers(TestLmdbState):
    """Tables so small that most changes go to LMDB's file behind the next, and larger ones at once."""

    @pytest.fixture(autouse=True)
    def _tiny(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(limits, "STATE_TABLE_BYTES_MAX", 700)
        monkeypatch.setattr(limits, "STATE_CHANGE_BYTES_MAX", 2000)


class TestLmdbStateEverySecond(TestLmdbState):
    def make(self, directory: Path) -> State:
        return LmdbState(directory, every_second=True)
