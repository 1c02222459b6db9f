"""What makes two deeds the same, and what makes room in an audit."""

from __future__ import annotations

import pytest

from leither.crypto import key_id
from leither.people import ALL, OWNER, Act, Asking, Front, Principal, Scope, Visit, guest, visitor
from leither.people.audit import Entry, Kind, Trace, is_theirs, kind_of, several, surplus, trace_of
from tests.unit.people.samples import BOB, CAROL, DEVICE, HOUR, NOW

ASKING = Asking(Front.DAV, "session", "laptop")


def trace(principal: Principal, *, own: bool = False) -> Trace:
    return trace_of(principal, ASKING, Kind.READ, own=own, mimei=b"m" * 20, basis="own")


@pytest.mark.parametrize("act", [act for act in Act if act is not Act.SHARE])
def test_every_act_but_sharing_has_a_kind(act: Act) -> None:
    assert kind_of(act) is not None


def test_sharing_is_noted_with_the_grant_itself() -> None:
    assert kind_of(Act.SHARE) is None


def test_who_holds_a_token_sees_its_name_and_nobody_else_does() -> None:
    assert (trace(OWNER, own=True).session, trace(OWNER, own=True).label) == ("session", "laptop")
    assert (trace(OWNER).session, trace(OWNER).label) == ("", "")


def test_a_visitor_is_named_by_their_key_and_the_one_that_signed() -> None:
    found = trace(visitor(Visit(BOB.public, DEVICE.public, NOW + HOUR, ALL)))
    assert (found.role, found.who, found.device) == ("visitor", BOB.id, key_id(DEVICE.public))


def test_of_guests_nothing_is_noted_but_that_they_are_some() -> None:
    found = trace(guest(Front.DAV))
    assert (found.role, found.who, found.device, found.session, found.label) == ("guest", b"", b"", "", "")


def test_a_token_is_its_owners_and_a_visit_is_nobodys_here() -> None:
    assert is_theirs(Principal("ci", Scope.READ), None)
    assert is_theirs(Principal("bob", Scope.OWNER, user=BOB.id), BOB.id)
    assert not is_theirs(Principal("bob", Scope.OWNER, user=BOB.id), None)
    assert not is_theirs(visitor(Visit(BOB.public, BOB.public, NOW + HOUR, ALL)), None)
    assert not is_theirs(guest(Front.API), None)


def test_two_entries_of_one_trace_are_one_that_spans_both() -> None:
    one = trace(OWNER)
    assert Entry(5, 9, 2, one).joined(Entry(3, 7, 1, one)) == Entry(3, 9, 3, one)


def test_a_request_that_looks_twice_has_looked_once_and_a_connection_twice() -> None:
    request, connection = Asking(Front.API), Asking(Front.REDIS, lasting=True)
    assert [request.counts("a"), request.counts("a"), request.counts("b")] == [True, False, True]
    assert [connection.counts("a"), connection.counts("a")] == [True, True]


def test_how_somebody_asks_makes_them_nobody_else() -> None:
    assert OWNER.through(ASKING) == OWNER
    assert hash(OWNER.through(ASKING)) == hash(OWNER)


def test_strangers_and_guests_make_room_among_each_other_and_people_for_themselves() -> None:
    bob, carol = (visitor(Visit(each.public, each.public, NOW + HOUR, ALL)) for each in (BOB, CAROL))
    strange = [trace_of(each, ASKING, Kind.SIGN_IN, own=False, stranger=True).bucket for each in (bob, carol)]
    assert strange[0] == strange[1]
    assert (
        len({*strange, trace(bob).bucket, trace(carol).bucket, trace(OWNER).bucket, trace(guest(Front.API)).bucket})
        == 5
    )


def test_what_is_not_told_apart_says_what_was_done_and_where() -> None:
    assert several("read", "dav") == Trace("read", "dav", "several")


def test_the_oldest_of_whoever_has_the_most_goes_first() -> None:
    held = [(n, "loud") for n in range(8)] + [(8, "quiet"), (9, "calm"), (10, "calm")]
    assert surplus(held, most=6, of_one=100) == [0, 1, 2, 3, 4]


def test_nobody_keeps_more_than_their_share_even_where_there_is_room() -> None:
    assert surplus([(n, "loud") for n in range(5)], most=100, of_one=3) == [0, 1]


def test_nothing_goes_while_all_fits() -> None:
    assert surplus([(n, "loud") for n in range(5)], most=5, of_one=5) == []
