"""Users' seeds: under a passphrase of their own, and replaced by new ones."""

from __future__ import annotations

import pytest

from leither.crypto import MimeiId, WrongPassphrase, read_phrase
from leither.people import Act
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.known_keys import KeyReplaced
from leither.service.leaving import Fate, remove_user
from leither.service.person_index import update_index
from leither.service.persons import UserLocked
from leither.service.tokens import Tokens
from leither.service.user_keys import SeedUnderPassphrase, UserKeys
from leither.service.users import AlreadyHere, Joined, Users
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import memory_engines
from tests.unit.service.life import held


@pytest.fixture
def users(desk: Engines) -> Users:
    return Users(desk, Tokens(desk), MemorySeeds())


@pytest.fixture
def ann(users: Users) -> Joined:
    return users.join(users.invite("Ann")[0])


def restarted(desk: Engines, users: Users) -> tuple[Engines, Users]:
    """Return the same node, started anew."""
    again = memory_engines(node="desk")
    again = Engines(blocks=desk.blocks, state=desk.state, clock=desk.clock, random=again.random, identity=desk.identity)
    fresh = Users(again, Tokens(again), users.keys.seeds)
    fresh.keys.admit_all()
    return again, fresh


def made(engines: Engines, ann: Joined, mark: str = "hers", *, private: bool = False) -> MimeiId:
    return Catalog(engines).create(kind="file", mark=mark, user=ann.id, private=private)[0].id


def test_a_seed_under_a_passphrase_stands_nowhere_in_clear(users: Users, ann: Joined) -> None:
    assert ann.words is not None
    users.keys.set_passphrase(ann.id, "correct horse")
    assert read_phrase(ann.words) not in b"".join(users.keys.seeds.all().values())
    assert users.keys.is_locked(ann.id)


def test_after_a_restart_nobody_signs_for_a_user_until_they_gave_their_passphrase(
    desk: Engines, users: Users, ann: Joined
) -> None:
    mimei = made(desk, ann)
    users.keys.set_passphrase(ann.id, "correct horse")
    again, fresh = restarted(desk, users)
    with pytest.raises(UserLocked, match="leither user unlock"):
        made(again, ann, "another")
    assert held(again, mimei).facts.user == ann.id
    with pytest.raises(WrongPassphrase):
        fresh.keys.unlock(ann.id, "wrong")
    fresh.keys.unlock(ann.id, "correct horse")
    assert held(again, made(again, ann, "another")).facts.own


def test_recovery_words_open_a_locked_seed_as_well(desk: Engines, users: Users, ann: Joined) -> None:
    users.keys.set_passphrase(ann.id, "correct horse")
    again, fresh = restarted(desk, users)
    fresh.sign_in(ann.words or "")
    assert again.persons.of_user(ann.id).key.id == ann.id


def test_nobody_joins_with_the_words_of_a_user_whose_seed_is_locked(desk: Engines, users: Users, ann: Joined) -> None:
    users.keys.set_passphrase(ann.id, "correct horse")
    _, fresh = restarted(desk, users)
    with pytest.raises(AlreadyHere):
        fresh.join(fresh.invite("Ben")[0], phrase=ann.words)
    assert fresh.keys.is_locked(ann.id)


def test_a_passphrase_is_taken_away_again(desk: Engines, users: Users, ann: Joined) -> None:
    users.keys.set_passphrase(ann.id, "correct horse")
    users.keys.set_passphrase(ann.id, None)
    again, _ = restarted(desk, users)
    assert again.persons.of_user(ann.id).key.id == ann.id


def test_a_user_with_a_new_key_has_what_was_theirs_under_the_same_id(desk: Engines, users: Users, ann: Joined) -> None:
    mimei, before = made(desk, ann), desk.persons.of_user(ann.id).key.public
    person, words = users.keys.rotate(ann.id, None)
    assert person.user == ann.id
    assert held(desk, mimei).control.lineage == (before, person.key.public)
    again, _ = restarted(desk, users)
    assert again.persons.of_user(ann.id).seed == read_phrase(words)
    assert Catalog(again).change_control(mimei, right=int(Act.READ_CUR)).facts.own
    assert made(again, ann) == mimei, "the topic is found under the former key"


def test_the_old_seed_of_a_user_is_forgotten_and_its_words_open_nothing(
    desk: Engines, users: Users, ann: Joined
) -> None:
    assert ann.words is not None
    users.keys.rotate(ann.id, None)
    assert read_phrase(ann.words) not in users.keys.seeds.all().values()
    with pytest.raises(KeyReplaced):
        users.sign_in(ann.words)


def test_the_owners_old_words_open_no_session(desk: Engines) -> None:
    from leither.crypto import person_key, write_phrase
    from leither.people import Successor
    from leither.service.engines import Identity
    from leither.service.persons import Former

    old, seed = desk.identity, b"n" * 32
    record = Successor.make(old.person, person_key(seed), at=1)
    identity = Identity(seed, person_key(seed), old.node, (Former(None, record),))
    later = Engines(blocks=desk.blocks, state=desk.state, clock=desk.clock, random=desk.random, identity=identity)
    with pytest.raises(KeyReplaced):
        Users(later, Tokens(later), MemorySeeds()).sign_in(write_phrase(old.seed))


def test_a_user_s_former_seed_is_kept_while_something_private_is_under_it(
    desk: Engines, users: Users, ann: Joined
) -> None:
    mimei = made(desk, ann, private=True)
    old = desk.persons.of_user(ann.id)
    users.keys.rotate(ann.id, None)
    again, _ = restarted(desk, users)
    assert again.persons.of_user(ann.id).seed_of(old.key.public) == old.seed
    assert held(again, mimei).is_private
    assert old.seed not in b"".join(users.keys.seeds.all().values())


def test_a_new_key_goes_under_the_same_passphrase(desk: Engines, users: Users, ann: Joined) -> None:
    users.keys.set_passphrase(ann.id, "correct horse")
    for given, error in ((None, SeedUnderPassphrase), ("wrong", WrongPassphrase)):
        with pytest.raises(error):
            users.keys.rotate(ann.id, given)
    users.keys.rotate(ann.id, "correct horse")
    again, fresh = restarted(desk, users)
    with pytest.raises(UserLocked):
        again.persons.of_user(ann.id)
    fresh.keys.unlock(ann.id, "correct horse")


def test_a_rotation_that_broke_off_leaves_the_user_as_they_were(
    desk: Engines, users: Users, ann: Joined, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaking(*_: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(UserKeys, "_keep", breaking)
    with pytest.raises(RuntimeError):
        users.keys.rotate(ann.id, None)
    again, _ = restarted(desk, users)
    assert again.persons.of_user(ann.id).key.id == ann.id


def test_who_left_comes_back_with_their_newest_words_and_has_all_of_it(
    desk: Engines, users: Users, ann: Joined
) -> None:
    mimei = made(desk, ann)
    _, words = users.keys.rotate(ann.id, None)
    update_index(desk, ann.id)
    remove_user(desk, users, ann.id, Fate.KEEP)
    assert users.keys.seeds.all() == {}
    back = users.join(users.invite("Ann")[0], phrase=words)
    assert held(desk, mimei).facts.user == back.id
    assert held(desk, mimei).facts.own
