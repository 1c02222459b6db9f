"""Every adapter passes the suite of its port."""

from pathlib import Path

import pytest

from leither import limits
from leither.crypto import id_text, person_key
from leither.ports import Blocks, Seeds, State
from leither.store import LmdbState, MemoryBlocks, MemoryState, PackBlocks
from leither.store.keyfile import KeyFileExposed
from leither.store.memory_seeds import MemorySeeds
from leither.store.seed_files import SeedFiles
from leither.testing.suites import BlocksSuite, SeedsSuite, StateSuite, SweepSuite


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


class TestMemorySeeds(SeedsSuite):
    def make(self, directory: Path) -> Seeds:
        return MemorySeeds()


class TestSeedFiles(SeedsSuite):
    def make(self, directory: Path) -> Seeds:
        return SeedFiles(directory / "users")


def test_seed_files_are_their_owners_alone_and_other_files_are_left(tmp_path: Path) -> None:
    seeds = SeedFiles(tmp_path)
    person = person_key(bytes(32)).id
    seeds.put(person, bytes(32))
    (tmp_path / "note").write_text("no seed")
    assert list(seeds.all()) == [person]
    path = tmp_path / id_text(person)
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    with pytest.raises(KeyFileExposed):
        seeds.all()
