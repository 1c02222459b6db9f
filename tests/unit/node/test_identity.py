"""Whose node it is."""

import stat
from pathlib import Path

import pytest

from leither.crypto import id_text, person_key
from leither.node.home import Home, HomeInUse
from leither.node.identity import IdentityMissing, IdentityPresent, adopt_seed, read_identity
from leither.testing.node import SeededRandom

SEED = bytes(range(32))


def test_the_first_start_makes_two_different_keys(tmp_path: Path) -> None:
    home = Home(tmp_path)
    identity = read_identity(home, SeededRandom())
    assert identity.seed == home.seed_file.read_bytes()
    assert home.key_file.read_bytes() != identity.seed
    assert [stat.S_IMODE(path.stat().st_mode) for path in (home.seed_file, home.key_file)] == [0o600, 0o600]


def test_later_starts_find_the_same_keys(tmp_path: Path) -> None:
    first = read_identity(Home(tmp_path), SeededRandom(b"a"))
    second = read_identity(Home(tmp_path), SeededRandom(b"b"))
    assert (second.seed, second.node.id) == (first.seed, first.node.id)


def test_no_identity_shows_its_seed(tmp_path: Path) -> None:
    identity = read_identity(Home(tmp_path), SeededRandom())
    assert identity.seed.hex() not in repr(identity)
    assert repr(identity.seed)[2:-1] not in repr(identity)


@pytest.mark.parametrize("gone", ["seed", "node.key"])
def test_data_without_its_keys_is_no_first_start(tmp_path: Path, gone: str) -> None:
    home = Home(tmp_path)
    read_identity(home, SeededRandom())
    home.state.mkdir()
    (tmp_path / "identity" / gone).unlink()
    with pytest.raises(IdentityMissing, match=gone):
        read_identity(home, SeededRandom())
    assert not (tmp_path / "identity" / gone).exists()


def test_an_adopted_seed_gets_a_new_node_key(tmp_path: Path) -> None:
    adopt_seed(Home(tmp_path / "a"), SEED, SeededRandom(b"a"), replace=False)
    adopt_seed(Home(tmp_path / "b"), SEED, SeededRandom(b"b"), replace=False)
    one, two = (read_identity(Home(tmp_path / name), SeededRandom()) for name in "ab")
    assert one.person.id == two.person.id == person_key(SEED).id
    assert one.node.id != two.node.id


def test_an_identity_is_not_replaced_by_accident(tmp_path: Path) -> None:
    home = Home(tmp_path)
    present = read_identity(home, SeededRandom())
    with pytest.raises(IdentityPresent, match=f"{id_text(present.person.id)}.*--replace-identity"):
        adopt_seed(home, SEED, SeededRandom(b"x"), replace=False)
    assert read_identity(home, SeededRandom()).seed == present.seed


def test_a_replaced_identity_is_kept_beside_the_new_one(tmp_path: Path) -> None:
    home = Home(tmp_path)
    present = read_identity(home, SeededRandom())
    adopt_seed(home, SEED, SeededRandom(b"x"), replace=True)
    adopted = read_identity(home, SeededRandom())
    assert adopted.seed == SEED
    assert adopted.node.id != present.node.id
    assert (tmp_path / "identity" / f"seed.{id_text(present.person.id)}").read_bytes() == present.seed


def test_adopting_the_same_seed_again_changes_nothing(tmp_path: Path) -> None:
    home = Home(tmp_path)
    present = read_identity(home, SeededRandom())
    adopt_seed(home, present.seed, SeededRandom(b"x"), replace=False)
    assert read_identity(home, SeededRandom()).node.id == present.node.id


def test_no_identity_is_adopted_under_a_running_node(tmp_path: Path) -> None:
    home = Home(tmp_path)
    with home.held(), pytest.raises(HomeInUse):
        adopt_seed(Home(tmp_path), SEED, SeededRandom(), replace=True)
