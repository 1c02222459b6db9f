"""Grants that are kept with a MiMei: given, passed on, taken back; and what they allow here and on other nodes."""

from __future__ import annotations

import pytest

from leither import limits
from leither.crypto import KeyPair
from leither.people import GUEST, Act, Denied
from leither.people.period import Period
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog, NotTheAuthor
from leither.service.collect import check, collect
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.grant_entries import grants_of, state_of
from leither.service.grants import (
    GrantNotFound,
    GrantUseless,
    NothingToPassOn,
    TooManyGrants,
    give,
    keep,
    sign_grant,
    take_back,
)
from leither.testing.node import clock_of
from leither.testing.suites.expect import damage
from tests.unit.service.guests import BOB, EVE, HOUR_MS, passed_on, seen_as, shared
from tests.unit.service.life import bring, counters, held, made, put, recounted

READ = Act.READ_CUR


def names(engines: Engines, mimei: bytes) -> list[str]:
    with engines.state.read() as view:
        return [kept.name for kept in grants_of(Cur(engines, view, held(engines, mimei)))]  # type: ignore[arg-type]


def test_a_grant_lets_its_holder_in_and_nobody_else(desk: Engines) -> None:
    mimei = made(desk)
    shared(desk, mimei, READ)
    assert held(desk, mimei).acts(seen_as(desk, BOB)) == READ
    assert held(desk, mimei).acts(seen_as(desk, EVE)) == Act(0)
    assert held(desk, mimei).acts(GUEST) == Act(0)


def test_a_grant_says_nothing_of_another_mimei(desk: Engines) -> None:
    mimei, other = made(desk), made(desk, mark="other")
    shared(desk, mimei, READ)
    assert held(desk, other).acts(seen_as(desk)) == Act(0)


def test_a_grant_given_to_who_is_here_already_counts_at_once(desk: Engines) -> None:
    mimei, bob = made(desk), seen_as(desk)
    assert held(desk, mimei).acts(bob) == Act(0)
    shared(desk, mimei, READ)
    assert held(desk, mimei).acts(bob) == READ


def test_a_grant_ends_with_its_time(desk: Engines) -> None:
    mimei = made(desk)
    shared(desk, mimei, READ, hours=2)
    clock_of(desk).advance(2 * HOUR_MS - 1000)
    bob = seen_as(desk)
    assert held(desk, mimei).acts(bob) == READ
    clock_of(desk).advance(1000)
    assert held(desk, mimei).acts(bob) == Act(0)


def test_a_grant_that_was_taken_back_ends_at_once_with_what_was_passed_on_under_it(desk: Engines) -> None:
    mimei = made(desk)
    grant = shared(desk, mimei, READ | Act.SHARE)
    passed_on(desk, grant, BOB, READ)
    eve, bob = seen_as(desk, EVE), seen_as(desk, BOB)
    assert held(desk, mimei).acts(eve) == READ
    take_back(desk, mimei, grant.name)
    assert held(desk, mimei).acts(bob) == Act(0)
    assert held(desk, mimei).acts(eve) == Act(0)
    assert names(desk, mimei) == []


def test_a_grant_that_was_taken_back_is_not_kept_again(desk: Engines) -> None:
    mimei = made(desk)
    grant = shared(desk, mimei, READ)
    take_back(desk, mimei, grant.name[:8])
    with pytest.raises(GrantUseless, match="taken it back"):
        keep(desk, mimei, grant.record)


def test_what_was_taken_back_stays_so_when_an_older_version_is_restored(desk: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "page", b"one")
    grant = shared(desk, mimei, READ)
    backup(desk, mimei)
    take_back(desk, mimei, grant.name)
    history.restore(desk, mimei, 0, discard=True)
    assert held(desk, mimei).acts(seen_as(desk)) == Act(0)


@pytest.mark.parametrize("kind", ["fs", "db"])
def test_a_grant_outlives_discarding_and_restoring(desk: Engines, kind: str) -> None:
    mimei = made(desk, kind)
    old, new = shared(desk, mimei, READ), None
    backup(desk, mimei)
    new = shared(desk, mimei, Act.WRITE)
    assert history.discard(desk, mimei) == 0
    assert sorted(names(desk, mimei)) == sorted([old.name, new.name])
    history.restore(desk, mimei, 0, discard=True)
    assert sorted(names(desk, mimei)) == sorted([old.name, new.name])
    assert counters(desk, mimei) == recounted(desk, mimei)
    assert held(desk, mimei).acts(seen_as(desk)) == READ | Act.WRITE


def test_a_grant_of_a_deleted_mimei_gives_nothing_to_one_made_anew(desk: Engines) -> None:
    mimei, bob = made(desk), seen_as(desk)
    shared(desk, mimei, READ)
    Catalog(desk).delete(mimei)
    assert made(desk) == mimei
    assert held(desk, mimei).acts(bob) == Act(0)


def test_a_fork_gives_nothing_to_who_was_granted_something_in_its_parent(desk: Engines) -> None:
    mimei = made(desk)
    shared(desk, mimei, READ)
    backup(desk, mimei)
    fork = history.fork(desk, mimei, "last", mark="fork")
    put(desk, fork.id, "page", b"one")
    assert held(desk, fork.id).acts(seen_as(desk)) == Act(0)


def test_grants_and_what_was_taken_back_count_on_every_node_that_holds_the_mimei(
    desk: Engines, stranger: Engines
) -> None:
    mimei = made(desk)
    grant = shared(desk, mimei, READ)
    kept = shared(desk, mimei, Act.TAG)
    backup(desk, mimei)
    bring(desk, stranger)
    bob = seen_as(stranger)
    assert held(stranger, mimei).acts(bob) == READ | Act.TAG
    take_back(desk, mimei, grant.name)
    backup(desk, mimei)
    bring(desk, stranger)
    assert held(stranger, mimei).acts(bob) == Act.TAG
    assert names(stranger, mimei) == [kept.name]


def test_a_sweep_leaves_grants_whole(desk: Engines) -> None:
    mimei = made(desk)
    grant = shared(desk, mimei, READ | Act.SHARE)
    passed_on(desk, grant, BOB, READ)
    backup(desk, mimei)
    collect(desk)
    assert damage(check(desk)) == []
    assert held(desk, mimei).acts(seen_as(desk, EVE)) == READ


def test_who_holds_a_copy_passes_on_from_the_grant_that_covers_it(desk: Engines, stranger: Engines) -> None:
    mimei, person = made(desk), stranger.identity.person
    shared(desk, mimei, READ, to=person)
    shared(desk, mimei, READ | Act.SHARE, to=person)
    backup(desk, mimei)
    bring(desk, stranger)
    now = stranger.clock.now_ms()
    given = give(stranger, held(stranger, mimei), person, to=EVE.public, acts=READ, period=Period(now, now + HOUR_MS))
    assert held(stranger, mimei).acts(seen_as(stranger, EVE)) == READ
    keep(desk, mimei, given.record, keys=[person.public])
    assert held(desk, mimei).acts(seen_as(desk, EVE)) == READ


@pytest.mark.parametrize(
    ("acts", "hours"), [(Act.WRITE, 1), (READ, 2)], ids=["more than was granted", "for longer than was granted"]
)
def test_nobody_passes_on(desk: Engines, acts: Act, hours: int) -> None:
    mimei = made(desk)
    shared(desk, mimei, READ | Act.SHARE)
    now = desk.clock.now_ms()
    with pytest.raises(NothingToPassOn):
        give(desk, held(desk, mimei), BOB, to=EVE.public, acts=acts, period=Period(now, now + hours * HOUR_MS))


def test_a_stranger_s_own_grant_is_not_kept(desk: Engines) -> None:
    mimei, now = made(desk), desk.clock.now_ms()
    forged = sign_grant(EVE, mimei, to=BOB.public, acts=READ, period=Period(now, now + HOUR_MS), passed_on=None)
    with pytest.raises(GrantUseless, match="not the author"):
        keep(desk, mimei, forged.encode(), keys=[EVE.public])


def test_nobody_brings_a_grant_that_somebody_else_signed(desk: Engines) -> None:
    mimei = made(desk)
    with pytest.raises(Denied):
        keep(desk, mimei, shared(desk, mimei, READ).record, keys=[EVE.public])


def test_only_the_author_takes_back(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    grant = shared(desk, mimei, READ)
    backup(desk, mimei)
    bring(desk, stranger)
    with pytest.raises(NotTheAuthor):
        take_back(stranger, mimei, grant.name)


@pytest.mark.parametrize("name", ["", "00", "x"])
def test_what_names_no_grant_takes_nothing_back(desk: Engines, name: str) -> None:
    mimei = made(desk)
    grant = shared(desk, mimei, READ)
    assert not grant.name.startswith("00")
    with pytest.raises(GrantNotFound):
        take_back(desk, mimei, name)


def test_grants_of_one_key_are_bounded_and_those_that_are_over_make_room(desk: Engines) -> None:
    mimei = made(desk)
    for number in range(limits.GRANTS_OF_ONE_MAX):
        shared(desk, mimei, READ, start_ms=desk.clock.now_ms() + number)
    with pytest.raises(TooManyGrants):
        shared(desk, mimei, READ, hours=3)
    clock_of(desk).advance(HOUR_MS)
    shared(desk, mimei, READ, hours=3)
    assert len(names(desk, mimei)) == limits.GRANTS_OF_ONE_MAX


def test_what_one_holder_passes_on_is_bounded(desk: Engines) -> None:
    mimei = made(desk)
    grant = shared(desk, mimei, READ | Act.SHARE)
    for number in range(limits.GRANTS_OF_ONE_MAX):
        passed_on(desk, grant, BOB, READ, to=KeyPair(number.to_bytes(32)))
    with pytest.raises(TooManyGrants):
        passed_on(desk, grant, BOB, READ)


def test_each_grant_tells_how_it_stands(desk: Engines) -> None:
    mimei = made(desk)
    early = shared(desk, mimei, READ, start_ms=desk.clock.now_ms() + HOUR_MS)
    now, end = desk.clock.now_ms(), desk.clock.now_ms() + 2 * HOUR_MS
    assert [state_of(held(desk, mimei), early.chain, at) for at in (now, now + HOUR_MS, end)] == [
        "early",
        "counts",
        "expired",
    ]
