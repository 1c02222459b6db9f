"""Whose node it is."""

import stat
from pathlib import Path

import pytest

from leither.crypto import WrongPassphrase, id_text, key_id, person_key
from leither.node.home import Home, HomeInUse
from leither.node.identity import (
    IdentityLocked,
    IdentityMissing,
    IdentityPresent,
    Succession,
    adopt_seed,
    forget_former,
    former_ids,
    is_locked,
    learn_former,
    read_identity,
    rotate,
    set_passphrase,
)
from leither.people.successor import Successor, lineage
from leither.service.persons import Former
from leither.testing.node import FakeClock, SeededRandom

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


def test_a_locked_identity_opens_with_its_passphrase_alone(tmp_path: Path) -> None:
    home, random = Home(tmp_path), SeededRandom()
    before = read_identity(home, random)
    set_passphrase(home, random, "correct horse", None)
    assert is_locked(home)
    assert before.seed not in home.seed_file.read_bytes()
    assert stat.S_IMODE(home.seed_file.stat().st_mode) == 0o600
    assert read_identity(home, random, lambda: "correct horse").seed == before.seed
    with pytest.raises(WrongPassphrase):
        read_identity(home, random, lambda: "wrong")
    with pytest.raises(IdentityLocked, match="LEITHER_PASSPHRASE"):
        read_identity(home, random)


def test_a_passphrase_is_asked_for_once_however_many_seeds_are_under_it(tmp_path: Path) -> None:
    home, random, asked = Home(tmp_path), SeededRandom(), []

    def unlock() -> str:
        asked.append(1)
        return "correct horse"

    read_identity(home, random)
    set_passphrase(home, random, "correct horse", None)
    rotate(home, random, FakeClock(), lambda: "correct horse")
    assert len(read_identity(home, random, unlock).former) == 1
    assert len(asked) == 1


def test_another_passphrase_takes_the_place_of_the_one_before_and_none_of_it(tmp_path: Path) -> None:
    home, random = Home(tmp_path), SeededRandom()
    first = read_identity(home, random)
    rotate(home, random, FakeClock(), None)
    set_passphrase(home, random, "one", None)
    set_passphrase(home, random, "two", lambda: "one")
    assert read_identity(home, random, lambda: "two").former[0].seed == first.seed
    set_passphrase(home, random, None, lambda: "two")
    assert read_identity(home, random).former[0].seed == first.seed
    assert not is_locked(home)


def test_a_new_key_follows_the_one_before_and_both_say_so(tmp_path: Path) -> None:
    home, random = Home(tmp_path), SeededRandom()
    first = read_identity(home, random)
    name, seed = rotate(home, random, FakeClock(), None)
    rotate(home, random, FakeClock(), None)
    third = read_identity(home, random)
    assert name == id_text(first.person.id)
    assert [former.seed for former in third.former] == [first.seed, seed]
    records = [former.successor for former in third.former]
    assert lineage(first.person.public, records)[-1] == third.person.public
    assert third.node.id == first.node.id
    assert former_ids(home) == sorted(id_text(key_id(former.key)) for former in third.former)


def test_a_rotation_that_broke_off_before_the_new_seed_changes_nothing(tmp_path: Path) -> None:
    home, random = Home(tmp_path), SeededRandom()
    before = read_identity(home, random)
    rotate(home, random, FakeClock(), None)
    home.seed_file.write_bytes(before.seed)
    after = read_identity(home, random)
    assert (after.seed, after.former) == (before.seed, ())
    rotate(home, random, FakeClock(), None)
    assert [former.seed for former in read_identity(home, random).former] == [before.seed]


def test_a_former_seed_that_is_another_ones_is_refused(tmp_path: Path) -> None:
    home, random = Home(tmp_path), SeededRandom()
    read_identity(home, random)
    name, _ = rotate(home, random, FakeClock(), None)
    (home.former / f"{name}.seed").write_bytes(SEED)
    with pytest.raises(Succession):
        read_identity(home, random)


def test_former_keys_from_elsewhere_are_kept_if_they_lead_to_the_present_one(tmp_path: Path) -> None:
    one, other, random = Home(tmp_path / "one"), Home(tmp_path / "other"), SeededRandom()
    read_identity(one, random)
    for _ in range(2):
        _, seed = rotate(one, random, FakeClock(), None)
    former = read_identity(one, random).former
    adopt_seed(other, seed, random, replace=False)
    stray = Former(SEED, Successor.make(person_key(SEED), person_key(bytes(32)), at=1))
    learn_former(other, random, [stray, *former], None)
    assert read_identity(other, random).former == former


def test_former_seeds_that_nothing_needs_are_removed_and_their_keys_stay_known(tmp_path: Path) -> None:
    home, random = Home(tmp_path), SeededRandom()
    read_identity(home, random)
    for _ in range(2):
        rotate(home, random, FakeClock(), None)
    former = read_identity(home, random).former
    forget_former(home, former, needed={former[1].key})
    after = read_identity(home, random).former
    assert [one.seed for one in after] == [None, former[1].seed]
    assert [one.key for one in after] == [one.key for one in former]
