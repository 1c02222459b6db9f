"""Users: invited, joined, limited, suspended, gone."""

from __future__ import annotations

import pytest

from leither import limits
from leither.crypto import MimeiId, PhraseChecksum, person_key, read_phrase, write_phrase
from leither.mimei.entry import PathEntry
from leither.people import OWNER, Act, Principal, Scope
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound, load
from leither.service.leaving import Fate, remove_user
from leither.service.persons import UserNotFound
from leither.service.private import PrivateUnsupported
from leither.service.tokens import BadToken, SessionNotFound, Tokens
from leither.service.uploads import Upload
from leither.service.user_rows import UserQuotaReached
from leither.service.users import (
    AlreadyHere,
    BadInvitation,
    BadUserName,
    Joined,
    TooManyUsers,
    UserNameTaken,
    Users,
)
from leither.service.versions import held_versions
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import clock_of, memory_engines


@pytest.fixture
def users(desk: Engines) -> Users:
    return Users(desk, Tokens(desk), MemorySeeds())


def joined(users: Users, name: str = "Ann", *, quota: int | None = None, phrase: str | None = None) -> Joined:
    return users.join(users.invite(name, quota=quota)[0], phrase=phrase)


def made(engines: Engines, who: Joined, mark: str = "notes") -> MimeiId:
    mimei, _ = Catalog(engines).create(kind="fs", mark=mark, user=who.id)
    return mimei.id


def put(engines: Engines, mimei: MimeiId, name: str, data: bytes) -> PathEntry:
    with Upload(engines, mimei, (name,)) as upload:
        upload.write(data)
        return upload.finish()


def acts(engines: Engines, principal: Principal, mimei: MimeiId) -> Act:
    with engines.state.read() as view:
        return load(engines, view, mimei).acts(principal)


def test_who_joins_gets_a_seed_whose_words_they_are_told(desk: Engines, users: Users) -> None:
    ann = joined(users)
    assert ann.words is not None
    seed = read_phrase(ann.words)
    assert users.keys.seeds.all() == {ann.id: seed}
    assert person_key(seed).id == ann.id
    assert desk.persons.of_user(ann.id).seed == seed
    assert Tokens(desk).principal_of(ann.secret) == Principal("Ann", Scope.OWNER, user=ann.id)


def test_no_secret_of_a_user_is_in_the_state(desk: Engines, users: Users) -> None:
    code, _ = users.invite("Ann")
    with desk.state.read() as view:
        assert code.encode() not in b"".join(key + value for key, value in view.scan(b""))
    ann = users.join(code)
    with desk.state.read() as view:
        stored = b"".join(key + value for key, value in view.scan(b""))
    assert ann.secret.encode() not in stored
    assert users.keys.seeds.all()[ann.id] not in stored
    assert ann.secret not in repr(ann)
    assert str(ann.words) not in repr(ann)


def test_an_invitation_ends_when_it_is_used_or_its_time_is_over(desk: Engines, users: Users) -> None:
    code, invitation = users.invite("Ann")
    users.join(code)
    with pytest.raises(BadInvitation):
        users.join(code)
    late, _ = users.invite("Ben")
    clock_of(desk).ms = invitation.expires_ms
    with pytest.raises(BadInvitation):
        users.join(late)
    with pytest.raises(BadInvitation):
        users.join("guessed")
    assert users.invitations() == []
    assert [user.row.name for user in users.list()] == ["Ann"]


def test_a_withdrawn_invitation_lets_nobody_in(users: Users) -> None:
    code, _ = users.invite("Ann")
    assert users.withdraw("Ann")
    with pytest.raises(BadInvitation):
        users.join(code)
    assert not users.withdraw("Ann")


def test_a_refused_phrase_leaves_the_invitation_as_it_is(users: Users) -> None:
    code, _ = users.invite("Ann")
    words = write_phrase(bytes(32)).split()
    with pytest.raises(PhraseChecksum):
        users.join(code, phrase=" ".join(words[::-1]))
    assert users.keys.seeds.all() == {}
    assert users.join(code, phrase=" ".join(words)).id == person_key(bytes(32)).id


def test_nobody_joins_twice_or_as_the_owner(desk: Engines, users: Users) -> None:
    joined(users, phrase=write_phrase(bytes(32)))
    for seed in (bytes(32), desk.identity.seed):
        with pytest.raises(AlreadyHere):
            joined(users, f"again {seed[0]}", phrase=write_phrase(seed))


@pytest.mark.parametrize("name", ["", "owner", " Ann", "An\nn", "\u202eAnn", "n" * (limits.USER_NAME_BYTES_MAX + 1)])
def test_names_that_deceive_or_do_not_fit_are_refused(users: Users, name: str) -> None:
    with pytest.raises(BadUserName):
        users.invite(name)


def test_no_two_are_called_the_same(users: Users) -> None:
    ann = joined(users)
    users.invite("Ben")
    for name in ("Ann", "Ben"):
        with pytest.raises(UserNameTaken):
            users.invite(name)
    with pytest.raises(UserNameTaken):
        users.rename(ann.id, "Ben")
    assert users.rename(ann.id, "Anna").row.name == "Anna"
    assert users.find("Anna").id == ann.id


def test_there_is_a_bound_to_how_many_are_invited(users: Users, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "INVITATIONS_MAX", 2)
    users.invite("a")
    users.invite("b")
    with pytest.raises(TooManyUsers):
        users.invite("c")


def test_users_are_there_after_a_restart_with_their_seeds(desk: Engines, users: Users) -> None:
    ann = joined(users)
    again = memory_engines(node="desk")
    again.state = desk.state
    fresh = Users(again, Tokens(again), users.keys.seeds)
    with pytest.raises(UserNotFound):
        again.persons.of_user(ann.id)
    fresh.keys.admit_all()
    assert again.persons.of_user(ann.id).key.id == ann.id


def test_a_seed_without_a_user_signs_for_nobody(desk: Engines) -> None:
    seeds = MemorySeeds()
    seeds.put(person_key(bytes(32)).id, bytes(32))
    Users(desk, Tokens(desk), seeds).keys.admit_all()
    assert not desk.persons.has_users


def test_a_user_without_a_seed_keeps_what_is_theirs_apart(desk: Engines, users: Users) -> None:
    ann = joined(users)
    hers = made(desk, ann)
    again = memory_engines(node="desk")
    again.state, again.blocks = desk.state, desk.blocks
    Users(again, Tokens(again), MemorySeeds()).keys.admit_all()
    assert again.persons.has_users
    assert not acts(again, OWNER, hers)


def test_a_quota_counts_all_that_is_a_users(desk: Engines, users: Users) -> None:
    ann = joined(users, quota=100)
    one, two = made(desk, ann, "one"), made(desk, ann, "two")
    put(desk, one, "a", bytes(60))
    with pytest.raises(UserQuotaReached, match=r"would hold 120 bytes, .* is\s+100"):
        put(desk, two, "a", bytes(60))
    put(desk, two, "a", bytes(40))
    assert users.get(ann.id).used_bytes == 100
    put(desk, one, "a", bytes(10))
    assert users.get(ann.id).used_bytes == 50
    Catalog(desk).delete(one)
    assert users.get(ann.id).used_bytes == 40


def test_a_quota_below_what_is_held_lets_it_shrink_only(desk: Engines, users: Users) -> None:
    ann = joined(users)
    hers = made(desk, ann)
    put(desk, hers, "a", bytes(100))
    users.set_quota(ann.id, 10)
    put(desk, hers, "a", bytes(50))
    with pytest.raises(UserQuotaReached):
        put(desk, hers, "b", bytes(1))


def test_a_fork_counts_like_what_is_written(desk: Engines, users: Users) -> None:
    ann = joined(users, quota=100)
    hers = made(desk, ann)
    put(desk, hers, "a", bytes(60))
    backup(desk, hers)
    with pytest.raises(UserQuotaReached):
        history.fork(desk, hers, "last", mark="fork", user=ann.id)


def test_the_owner_has_no_quota_and_counts_for_nobody(desk: Engines, users: Users) -> None:
    ann = joined(users, quota=10)
    mine, _ = Catalog(desk).create(kind="fs", mark="mine")
    put(desk, mine.id, "a", bytes(100))
    assert users.get(ann.id).used_bytes == 0


def test_who_is_suspended_gets_in_again_afterwards(desk: Engines, users: Users) -> None:
    ann, tokens = joined(users), Tokens(desk)
    users.suspend(ann.id, suspended=True)
    with pytest.raises(BadToken):
        tokens.principal_of(ann.secret)
    users.suspend(ann.id, suspended=False)
    assert tokens.principal_of(ann.secret).user == ann.id


def test_words_sign_in_whoever_is_here_by_them(desk: Engines, users: Users) -> None:
    ann, tokens = joined(users), Tokens(desk)
    secret, _ = users.sign_in(str(ann.words))
    assert tokens.principal_of(secret).user == ann.id
    secret, _ = users.sign_in(write_phrase(desk.identity.seed))
    assert tokens.principal_of(secret) == OWNER
    with pytest.raises(UserNotFound):
        users.sign_in(write_phrase(bytes(32)))


def test_sessions_are_listed_with_how_they_came_and_ended_by_their_own(desk: Engines, users: Users) -> None:
    ann, tokens = joined(users), Tokens(desk)
    code, _ = tokens.one_time_code(user=ann.id, name="Ann")
    secret, _ = tokens.redeem(code, agent="Browser\x1b[2J" + "x" * 500, address="local network")
    shown = {row.address: (session, row) for session, row in tokens.sessions(ann.id)}
    session, row = shown["local network"]
    assert row.agent.startswith("Browser [2J")
    assert len(row.agent.encode()) <= limits.SESSION_AGENT_BYTES_MAX
    assert tokens.sessions() == []
    with pytest.raises(SessionNotFound):
        tokens.end_session(session)
    tokens.end_session(session, ann.id)
    with pytest.raises(BadToken):
        tokens.principal_of(secret)
    assert tokens.principal_of(ann.secret).user == ann.id


def test_all_sessions_but_the_present_one_end_together(desk: Engines, users: Users) -> None:
    ann, tokens = joined(users), Tokens(desk)
    others = [users.sign_in(str(ann.words))[0] for _ in range(3)]
    mine, _ = users.sign_in(write_phrase(desk.identity.seed))
    assert tokens.end_sessions(ann.id, but=ann.secret) == 3
    assert tokens.principal_of(ann.secret).user == ann.id
    assert tokens.principal_of(mine) == OWNER
    for secret in others:
        with pytest.raises(BadToken):
            tokens.principal_of(secret)


def test_what_is_kept_is_read_and_forked_by_the_owner_and_changed_by_nobody(desk: Engines, users: Users) -> None:
    ann = joined(users)
    hers = made(desk, ann)
    put(desk, hers, "a", b"text")
    assert not acts(desk, OWNER, hers)
    left = remove_user(desk, users, ann.id, Fate.KEEP)
    assert (left.mimei, left.versions, left.bytes, left.sessions) == (1, 0, 4, 1)
    assert acts(desk, OWNER, hers) == Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE | Act.FORK | Act.SHARE
    with desk.state.read() as view:
        assert len(held_versions(view, hers)) == 1, "what was unsaved became a version"
    assert users.keys.seeds.all() == {}
    assert not desk.persons.has_users
    with pytest.raises(UserNotFound):
        users.get(ann.id)


def test_what_is_deleted_gives_its_blocks_back(desk: Engines, users: Users) -> None:
    ann = joined(users)
    hers = made(desk, ann)
    entry = put(desk, hers, "a", b"text")
    assert entry.cid is not None
    left = remove_user(desk, users, ann.id, Fate.DELETE)
    assert left.blocks_dropped > 0
    assert not desk.blocks.has(entry.cid)
    with pytest.raises(MimeiNotFound):
        Catalog(desk).get(hers, OWNER, Act.READ_CUR)


def test_who_comes_back_has_what_was_kept_again(desk: Engines, users: Users) -> None:
    ann = joined(users, quota=10)
    hers = made(desk, ann)
    put(desk, hers, "a", bytes(10))
    remove_user(desk, users, ann.id, Fate.KEEP)
    again = joined(users, "Anna", quota=5, phrase=ann.words)
    assert (again.id, again.returned, again.words) == (ann.id, 1, None)
    assert users.get(ann.id).used_bytes == 10, "it comes in whatever the quota is"
    assert not acts(desk, OWNER, hers)
    put(desk, hers, "a", bytes(4))
    backup(desk, hers)


def test_a_private_mimei_of_a_user_is_not_kept_without_them_and_can_be_deleted(desk: Engines, users: Users) -> None:
    ann = joined(users)
    mimei = Catalog(desk).create(kind="fs", mark="diary", user=ann.id, private=True)[0].id
    put(desk, mimei, "a", b"treasure")
    backup(desk, mimei)
    with pytest.raises(PrivateUnsupported, match="when its user leaves"):
        remove_user(desk, users, ann.id, Fate.KEEP)
    remove_user(desk, users, ann.id, Fate.DELETE)
    with pytest.raises(MimeiNotFound), desk.state.read() as view:
        load(desk, view, mimei)
