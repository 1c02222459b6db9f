"""Who may do what: each way to a right, and each way it ends."""

from __future__ import annotations

from typing import Any

import pytest

from leither.crypto import KeyId, KeyPair
from leither.people import ALL, GUEST, OWNER, Act, Chain, Facts, Principal, Scope, Visit, allowed, visitor
from leither.people.policy import READS, decide
from leither.people.revoked import revoked_grant, revoked_key
from leither.people.right import pack
from tests.unit.people.samples import AUTHOR, BOB, CAROL, DEVICE, HOUR, NOW, OTHER, STRANGER, chain, facts, grant

NONE = Act(0)
ORG = bytes([7]) * 20


def visit(person: KeyPair, signer: KeyPair | None = None, *, most: Act = ALL, until_ms: int = NOW + HOUR) -> Principal:
    return visitor(Visit(person.public, (signer or person).public, until_ms, most))


def may(principal: Principal, decides: Facts, *grants: Chain, now_ms: int = NOW) -> Act:
    return allowed(principal, decides, now_ms, grants)


def test_a_visitor_to_whom_nothing_was_given_gets_what_everyone_gets() -> None:
    assert may(visit(BOB), facts()) == NONE
    assert may(visit(BOB), facts(right=pack(everyone=Act.READ_RELEASE, members=ALL))) == Act.READ_RELEASE


def test_the_author_may_do_everything_on_any_node() -> None:
    assert may(visit(AUTHOR), facts()) == ALL
    assert may(visit(AUTHOR, DEVICE), facts()) == ALL


def test_an_author_with_a_new_key_stays_the_author() -> None:
    assert may(visit(CAROL), facts(author=CAROL.public, former=frozenset([AUTHOR.public]))) == ALL
    assert may(visitor(Visit(CAROL.public, CAROL.public, NOW + 1, ALL), former=(AUTHOR.public,)), facts()) == ALL


def test_the_former_key_of_an_author_gives_nothing_to_who_has_it() -> None:
    assert may(visit(AUTHOR), facts(author=CAROL.public, former=frozenset([AUTHOR.public]))) == NONE


def test_of_the_grants_by_a_former_key_those_count_that_the_author_upholds() -> None:
    good, late = chain(AUTHOR, BOB, Act.READ_CUR), chain(AUTHOR, BOB, ALL)
    after = {"author": CAROL.public, "former": frozenset([AUTHOR.public])}
    assert may(visit(BOB), facts(**after), good, late) == NONE
    assert may(visit(BOB), facts(**after, upheld=frozenset([good.first])), good, late) == Act.READ_CUR


def test_what_was_passed_on_counts_with_the_grant_it_rests_on() -> None:
    first = grant(AUTHOR, BOB, Act.READ_CUR | Act.SHARE)
    further = chain(BOB, STRANGER, Act.READ_CUR, before=first)
    upheld = frozenset([chain(AUTHOR, BOB, Act.READ_CUR | Act.SHARE).digest])
    after = facts(author=CAROL.public, former=frozenset([AUTHOR.public]), upheld=upheld)
    assert may(visit(STRANGER), after, further) == Act.READ_CUR


@pytest.mark.parametrize("scope", Scope)
def test_a_user_has_over_their_own_what_the_owner_has_over_the_owners(scope: Scope) -> None:
    theirs, owners = facts(user=BOB.id, own=True), facts(own=True)
    assert may(Principal("bob", scope, user=BOB.id), theirs) == may(Principal("ada", scope), owners)


@pytest.mark.parametrize("scope", Scope)
def test_people_on_one_node_can_not_read_each_other(scope: Scope) -> None:
    bobs = facts(user=BOB.id, own=True)
    assert may(Principal("ada", scope), bobs) == NONE
    assert may(Principal("carol", scope, user=CAROL.id), bobs) == NONE
    assert may(Principal("bob", scope, user=BOB.id), facts(own=True)) == NONE


def test_neither_a_user_nor_a_visitor_is_the_owner_of_the_node() -> None:
    assert not Principal("bob", Scope.OWNER, user=KeyId(BOB.id)).is_owner
    assert not visit(AUTHOR).is_owner


def test_members_of_the_organization_have_the_right_of_members() -> None:
    member = visitor(Visit(BOB.public, BOB.public, NOW + HOUR, ALL), orgs=frozenset([ORG]))
    assert may(member, facts(org=ORG, right=pack(members=Act.WRITE))) == Act.WRITE
    assert may(member, facts(org=bytes(20), right=pack(members=Act.WRITE))) == NONE
    assert may(member, facts(right=pack(members=Act.WRITE))) == NONE


def test_the_holder_of_a_grant_has_its_acts() -> None:
    assert may(visit(BOB), facts(), chain(AUTHOR, BOB, Act.WRITE)) == Act.WRITE


def test_a_grant_is_of_no_use_to_who_only_brings_it() -> None:
    given = chain(AUTHOR, BOB, ALL)
    assert may(visit(STRANGER), facts(), given) == NONE
    assert may(GUEST, facts(), given) == NONE


def test_grants_add_up_with_each_other_and_with_what_everyone_may() -> None:
    given = [chain(AUTHOR, BOB, Act.WRITE), chain(AUTHOR, BOB, Act.TAG)]
    assert may(visit(BOB), facts(right=pack(everyone=Act.FORK)), *given) == Act.WRITE | Act.TAG | Act.FORK


def test_a_grant_counts_for_its_mimei_only() -> None:
    assert may(visit(BOB), facts(), chain(AUTHOR, BOB, ALL, mimei=OTHER)) == NONE


def test_a_grant_that_does_not_come_from_the_author_gives_nothing() -> None:
    assert may(visit(BOB), facts(), chain(CAROL, BOB, ALL)) == NONE


def test_a_grant_counts_in_its_period_only() -> None:
    given, bob = chain(AUTHOR, BOB, Act.WRITE), visit(BOB, until_ms=NOW + 9 * HOUR)
    moments = [NOW - 1, NOW, NOW + HOUR - 1, NOW + HOUR]
    assert [may(bob, facts(), given, now_ms=now) for now in moments] == [NONE, Act.WRITE, Act.WRITE, NONE]


def test_a_grant_to_a_key_stays_with_the_person_who_has_a_new_one() -> None:
    bob = visitor(Visit(CAROL.public, CAROL.public, NOW + HOUR, ALL), former=(BOB.public,))
    assert may(bob, facts(), chain(AUTHOR, BOB, Act.WRITE)) == Act.WRITE


FIRST = grant(AUTHOR, CAROL, Act.WRITE | Act.SHARE)
PASSED_ON = chain(CAROL, BOB, Act.WRITE, before=FIRST)
TAKEN_BACK = {
    "the first link": revoked_grant(FIRST.cid.digest),
    "the last link": revoked_grant(PASSED_ON.digest),
    "the author's key": revoked_key(AUTHOR.public),
    "the key between": revoked_key(CAROL.public),
    "the holder's key": revoked_key(BOB.public),
}


@pytest.mark.parametrize("name", TAKEN_BACK)
def test_a_link_that_was_taken_back_ends_what_was_passed_on_under_it(name: str) -> None:
    assert may(visit(BOB), facts(), PASSED_ON) == Act.WRITE
    assert may(visit(BOB), facts(revoked={TAKEN_BACK[name]}), PASSED_ON) == NONE


def test_what_else_was_taken_back_makes_no_difference() -> None:
    others = {revoked_key(STRANGER.public), revoked_grant(bytes(32))}
    assert may(visit(BOB), facts(revoked=others), PASSED_ON) == Act.WRITE


def test_a_passport_bounds_what_its_holder_may() -> None:
    decides = facts(right=pack(everyone=Act.READ_RELEASE))
    assert may(visit(AUTHOR, most=Act.READ_CUR), decides) == Act.READ_CUR | Act.READ_RELEASE
    assert may(visit(BOB, most=Act.TAG), decides, chain(AUTHOR, BOB, Act.WRITE)) == Act.READ_RELEASE


def test_a_passport_for_one_mimei_is_for_no_other() -> None:
    author = visitor(Visit(AUTHOR.public, AUTHOR.public, NOW + HOUR, ALL, OTHER))
    assert may(author, facts()) == NONE
    assert may(author, facts(id=OTHER)) == ALL


def test_a_visit_ends() -> None:
    assert may(visit(AUTHOR), facts(right=4), now_ms=NOW + HOUR) == Act.READ_RELEASE


def test_a_writer_has_the_acts_that_its_control_gives() -> None:
    decides = facts(writers={DEVICE.public: Act.WRITE | Act.BACKUP})
    assert may(visit(BOB, DEVICE), decides) == Act.WRITE | Act.BACKUP
    assert may(visit(BOB), decides) == NONE


def test_a_device_that_was_cut_off_gets_what_everyone_gets_whoever_it_acts_for() -> None:
    decides = facts(cut=frozenset([DEVICE.public]), right=4)
    assert may(visit(AUTHOR, DEVICE), decides) == Act.READ_RELEASE
    assert may(visit(BOB, DEVICE), decides, chain(AUTHOR, BOB, ALL)) == Act.READ_RELEASE
    assert may(visit(AUTHOR), decides) == ALL


def test_a_device_whose_key_was_taken_back_gets_what_everyone_gets() -> None:
    assert may(visit(AUTHOR, DEVICE), facts(revoked={revoked_key(DEVICE.public)}, right=4)) == Act.READ_RELEASE


def test_a_key_of_the_author_that_was_taken_back_is_the_authors_no_more() -> None:
    decides = facts(author=CAROL.public, former=frozenset([AUTHOR.public]), revoked={revoked_key(AUTHOR.public)})
    assert may(visit(AUTHOR), decides) == NONE
    assert may(visit(AUTHOR, DEVICE), decides) == NONE
    assert may(visit(CAROL), decides) == ALL


STALE: dict[str, Any] = {
    "fresh_until_ms": NOW - 1,
    "right": pack(everyone=Act.READ_RELEASE | Act.FORK | Act.WRITE, members=ALL),
}


def test_with_a_stale_control_the_authors_devices_go_on() -> None:
    assert may(visit(AUTHOR, DEVICE), facts(**STALE)) == ALL
    assert may(OWNER, facts(own=True, **STALE)) == ALL
    assert may(Principal("bob", Scope.READ, user=BOB.id), facts(own=True, user=BOB.id, **STALE)) == READS


@pytest.mark.parametrize(
    "principal",
    [
        GUEST,
        OWNER,
        Principal("app", Scope.WRITE),
        visit(BOB),
        visit(BOB, DEVICE),
        visitor(Visit(BOB.public, BOB.public, NOW + HOUR, ALL), orgs=frozenset([ORG])),
    ],
    ids=["guest", "owner of a copy", "token for a copy", "holder of a grant", "writer", "member"],
)
def test_with_a_stale_control_everyone_else_only_reads_what_everyone_may(principal: Principal) -> None:
    decides = facts(org=ORG, writers={DEVICE.public: ALL}, **STALE)
    assert may(principal, decides, chain(AUTHOR, BOB, ALL)) == Act.READ_RELEASE


def test_a_control_is_stale_from_the_moment_after_its_last() -> None:
    decides = facts(fresh_until_ms=NOW, right=pack(everyone=Act.FORK))
    assert [may(GUEST, decides, now_ms=now) for now in (NOW, NOW + 1)] == [Act.FORK, NONE]


def test_a_verdict_says_until_when_it_holds() -> None:
    bob = visit(BOB, until_ms=NOW + 9 * HOUR)
    given, later = chain(AUTHOR, BOB, Act.WRITE), chain(AUTHOR, BOB, Act.TAG, start_ms=NOW + 7)
    assert decide(bob, facts(), NOW, [given]) == (Act.WRITE, NOW + HOUR)
    assert decide(bob, facts(), NOW, [given, later]) == (Act.WRITE, NOW + 7)
    assert decide(bob, facts(fresh_until_ms=NOW + 1), NOW, [given]) == (Act.WRITE, NOW + 2)
    assert decide(bob, facts(), NOW) == (NONE, NOW + 9 * HOUR)
    assert decide(GUEST, facts(), NOW).until_ms > NOW + 1000 * 365 * 24 * HOUR
