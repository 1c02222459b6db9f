"""Who did what: counted in memory, written in one change, and kept within bounds."""

from __future__ import annotations

import pytest

from leither import limits
from leither.crypto import MimeiId
from leither.errors import LeitherError
from leither.mimei.entry import Reference
from leither.people import ALL, OWNER, Act, Asking, Denied, Front, Principal, Scope, guest
from leither.people.audit import Entry, Trace
from leither.people.right import pack
from leither.service import references
from leither.service.audit_rows import drop_audit, read_audit
from leither.service.catalog import Catalog, StillReferred
from leither.service.engines import Engines
from leither.service.grants import take_back
from leither.service.holding import MimeiNotFound
from leither.service.tokens import Tokens
from leither.service.users import Users
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import START_MS, clock_of, memory_engines
from tests.unit.service.guests import BOB, EVE, shared, visiting
from tests.unit.service.life import held, made

HOUR_MS = 3_600_000
ME = OWNER.through(Asking(Front.API, "here", "laptop", lasting=True))


def written(engines: Engines) -> list[Entry]:
    """What stands in the owner's audit already, without what waits."""
    with engines.state.read() as view:
        return list(read_audit(view, None))


def kinds(entries: list[Entry]) -> list[str]:
    return [entry.trace.kind for entry in entries]


def read(engines: Engines, mimei: MimeiId, principal: Principal = ME) -> None:
    Catalog(engines).get(mimei, principal, Act.READ_CUR)


def test_the_same_within_an_hour_is_one_entry(desk: Engines) -> None:
    mimei = made(desk)
    for _ in range(3):
        read(desk, mimei)
        clock_of(desk).advance(1000)
    (entry,) = desk.audit.read(None)
    assert (entry.first_ms, entry.last_ms, entry.count) == (START_MS, START_MS + 2000, 3)
    assert entry.trace == Trace("read", "api", "owner", session="here", label="laptop", mimei=mimei, basis="own")


def test_what_is_written_in_two_goes_is_one_entry_still(desk: Engines) -> None:
    mimei = made(desk)
    for _ in range(2):
        read(desk, mimei)
        desk.audit.write()
    assert [entry.count for entry in written(desk)] == [2]


def test_another_hour_is_another_entry(desk: Engines) -> None:
    mimei = made(desk)
    read(desk, mimei)
    clock_of(desk).advance(HOUR_MS)
    read(desk, mimei)
    assert [entry.first_ms for entry in desk.audit.read(None)] == [START_MS + HOUR_MS, START_MS]


def test_what_the_node_does_of_itself_is_not_noted(desk: Engines) -> None:
    mimei = made(desk)
    read(desk, mimei, OWNER)
    Catalog(desk).change_control(mimei, quota=5)
    assert desk.audit.read(None) == []


def test_who_is_denied_is_noted_with_what_they_asked_for(desk: Engines) -> None:
    mimei = made(desk)
    with pytest.raises(MimeiNotFound):
        read(desk, mimei, guest(Front.GATEWAY))
    (entry,) = desk.audit.read(None)
    assert entry.trace == Trace("denied", "gateway", "guest", mimei=mimei, basis="read-cur")


def test_who_may_read_and_not_write_is_noted_as_denied(desk: Engines) -> None:
    mimei = made(desk)
    with pytest.raises(Denied):
        Catalog(desk).get(mimei, Principal("ci", Scope.READ, asking=Asking(Front.API)), Act.WRITE)
    assert kinds(desk.audit.read(None)) == ["denied"]


@pytest.mark.parametrize("scope", [Scope.READ, Scope.WRITE])
def test_a_tokens_scope_is_by_what_it_reads(desk: Engines, scope: Scope) -> None:
    read(desk, made(desk), Principal("ci", scope, asking=Asking(Front.API)))
    assert [entry.trace.basis for entry in desk.audit.read(None)] == [f"own, by a token to {scope.value}"]


def test_a_change_of_rights_stands_in_the_audit_as_soon_as_it_stands(desk: Engines) -> None:
    mimei = made(desk)
    Catalog(desk).change_control(mimei, by=ME, right=pack(everyone=Act.READ_CUR))
    assert kinds(written(desk)) == ["rights"]


def test_grants_given_and_taken_back_stand_as_soon_as_they_do(desk: Engines) -> None:
    mimei = made(desk)
    kept = shared(desk, mimei, Act.READ_CUR)
    take_back(desk, mimei, kept.name, by=ME)
    assert kinds(written(desk)) == ["revoke"]


def test_a_deletion_outlives_what_was_deleted(desk: Engines) -> None:
    mimei = made(desk)
    Catalog(desk).delete(mimei, by=ME)
    assert [(entry.trace.kind, entry.trace.mimei) for entry in written(desk)] == [("delete", mimei)]


def test_a_deletion_that_is_refused_is_none(desk: Engines) -> None:
    target, source = made(desk, mark="target"), made(desk, mark="source")
    references.add(desk, source, Reference(target, None))
    with pytest.raises(StillReferred):
        Catalog(desk).delete(target, by=ME)
    assert written(desk) == []


def test_signing_in_and_out_stand_as_soon_as_they_do(desk: Engines) -> None:
    tokens = Tokens(desk)
    code, _ = tokens.one_time_code()
    secret, _ = tokens.redeem(code, agent="Firefox")
    tokens.end(secret)
    assert {(entry.trace.kind, entry.trace.label) for entry in written(desk)} == {
        ("sign-in", "Firefox"),
        ("sign-out", "Firefox"),
    }


def test_tokens_are_noted_by_their_names_where_they_begin_and_end(desk: Engines) -> None:
    tokens = Tokens(desk)
    tokens.create("ci", Scope.READ)
    tokens.revoke("ci")
    assert {(entry.trace.kind, entry.trace.label, entry.trace.basis) for entry in written(desk)} == {
        ("sign-in", "ci", "scope read"),
        ("sign-out", "ci", "scope read"),
    }


def test_visitors_who_come_in_are_told_to_the_owner_of_the_node(desk: Engines) -> None:
    shared(desk, made(desk), Act.READ_CUR)
    visiting(desk, Tokens(desk))
    visiting(desk, Tokens(desk), EVE)
    found = {(entry.trace.who, entry.trace.stranger) for entry in written(desk)}
    assert found == {(bytes(BOB.id), False), (bytes(EVE.id), True)}


def test_each_person_has_an_audit_of_their_own(desk: Engines) -> None:
    users = Users(desk, Tokens(desk), MemorySeeds())
    child = users.join(users.invite("Child")[0]).id
    theirs = Catalog(desk).create(kind="fs", mark="theirs", user=child)[0].id
    who = Principal("child", Scope.OWNER, user=child, asking=Asking(Front.API, "s", "phone"))
    read(desk, theirs, who)
    with pytest.raises(LeitherError):
        read(desk, theirs, ME)
    assert desk.audit.read(None) == []
    assert {(entry.trace.kind, entry.trace.role, entry.trace.label) for entry in desk.audit.read(child)} == {
        ("sign-in", "user", ""),
        ("read", "user", "phone"),
        ("denied", "owner", ""),
    }


def test_a_tally_is_counted_from_where_it_was_looked_at_last(desk: Engines) -> None:
    trace = Trace("read", "redis", "guest")
    tally = desk.audit.tally(None, trace)
    tally.count += 3
    assert [entry.count for entry in desk.audit.read(None)] == [3]
    tally.count += 2
    tally.ended = True
    assert [entry.count for entry in desk.audit.read(None)] == [5]
    assert desk.audit.is_idle


def test_somebody_is_woken_when_there_begins_to_be_something_to_write(desk: Engines) -> None:
    woken: list[int] = []
    desk.audit.wake = lambda: woken.append(1)
    mimei = made(desk)
    for _ in range(3):
        read(desk, mimei)
    assert len(woken) == 1
    desk.audit.write()
    read(desk, mimei)
    assert len(woken) == 2


def test_what_could_not_be_written_waits_on(desk: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    mimei = made(desk)
    read(desk, mimei)

    def fail(change: object) -> None:
        raise OSError("full")

    with monkeypatch.context() as broken:
        broken.setattr(desk.state, "write", fail)
        with pytest.raises(OSError, match="full"):
            desk.audit.write()
    read(desk, mimei)
    assert [entry.count for entry in desk.audit.read(None)] == [2]


def test_too_much_at_once_is_counted_and_not_told_apart(desk: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_WAITING_OF_ONE_MAX", 3)
    for number in range(10):
        desk.audit.note(None, Trace("denied", "api", "guest", mimei=b"%d" % number))
    desk.audit.note(None, Trace("read", "api", "owner", mimei=b"mine"))
    found = desk.audit.read(None)
    assert sorted((entry.trace.role, entry.count) for entry in found) == [
        *[("guest", 1)] * 3,
        ("owner", 1),
        ("several", 7),
    ]


def test_too_many_denials_at_once_are_counted_and_not_told_apart(
    desk: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "AUDIT_WAITING_MAX", 3)
    mimei = made(desk)
    for _ in range(5):
        with pytest.raises(MimeiNotFound):
            read(desk, mimei, guest(Front.API))
    found = desk.audit.read(None)
    assert sorted((entry.trace.role, entry.trace.kind, entry.count) for entry in found) == [
        ("guest", "denied", 3),
        ("several", "denied", 2),
    ]


def test_what_is_too_old_goes(desk: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "AUDIT_SLACK", 1)
    mimei = made(desk)
    read(desk, mimei)
    desk.audit.write()
    clock_of(desk).advance(limits.AUDIT_S * 1000 + HOUR_MS)
    read(desk, mimei)
    assert len(desk.audit.read(None)) == 1


def test_an_audit_can_be_forgotten_whole(desk: Engines) -> None:
    read(desk, made(desk))
    desk.audit.write()
    desk.state.write(lambda transaction: drop_audit(transaction, None))
    assert desk.audit.read(None) == []


def test_a_user_who_leaves_takes_their_audit_along(desk: Engines) -> None:
    from leither.service.leaving import Fate, remove_user

    users = Users(desk, Tokens(desk), MemorySeeds())
    joined = users.join(users.invite("Child")[0], agent="Firefox")
    assert kinds(desk.audit.read(joined.id)) == ["sign-in"]
    remove_user(desk, users, joined.id, Fate.DELETE)
    assert desk.audit.read(joined.id) == []


def test_what_everyone_may_is_told_from_what_was_granted() -> None:
    engines = memory_engines()
    mimei = Catalog(engines).create(kind="fs", mark="x", right=pack(everyone=Act.READ_RELEASE))[0].id
    grant = shared(engines, mimei, ALL)
    tokens = Tokens(engines)
    bob = tokens.principal_of(visiting(engines, tokens), Front.API)
    found = held(engines, mimei)
    assert found.basis(bob, Act.READ_RELEASE) == "everyone"
    assert found.basis(bob, Act.WRITE) == f"grant {grant.name}"
