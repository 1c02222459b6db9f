"""What every `Seeds` adapter must do."""

from __future__ import annotations

from pathlib import Path

from leither.crypto import person_key
from leither.ports import Seeds

_ONE, _TWO = bytes(32), bytes([1]) * 32


class SeedsSuite:
    """Derive from it, and give it `make`."""

    def make(self, directory: Path) -> Seeds:
        """Return an adapter with nothing in it."""
        raise NotImplementedError

    def test_what_was_put_is_there(self, tmp_path: Path) -> None:
        """Each seed under the id of its person; the same again changes nothing."""
        seeds = self.make(tmp_path)
        for seed in (_ONE, _TWO, _ONE):
            seeds.put(person_key(seed).id, seed)
        assert seeds.all() == {person_key(_ONE).id: _ONE, person_key(_TWO).id: _TWO}

    def test_what_was_removed_is_gone(self, tmp_path: Path) -> None:
        """And what never was can be removed as well."""
        seeds = self.make(tmp_path)
        seeds.put(person_key(_ONE).id, _ONE)
        seeds.put(person_key(_TWO).id, _TWO)
        for _ in range(2):
            seeds.remove(person_key(_ONE).id)
        assert seeds.all() == {person_key(_TWO).id: _TWO}

    def test_there_are_none_at_first(self, tmp_path: Path) -> None:
        """And removing one does nothing."""
        seeds = self.make(tmp_path)
        seeds.remove(person_key(_ONE).id)
        assert seeds.all() == {}
