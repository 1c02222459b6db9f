"""Remembered verdicts: the same answers as without, and asked anew when something that decides has changed."""

from __future__ import annotations

from typing import Any

from leither.people import ALL, Act, Chain, Facts, Principal, Visit, visitor
from leither.people.revoked import revoked_key
from leither.people.verdicts import Verdicts
from tests.unit.people.samples import AUTHOR, BOB, CAROL, HOUR, NOW, chain, facts

BOB_HERE = visitor(Visit(BOB.public, BOB.public, NOW + 9 * HOUR, ALL))
GRANT = chain(AUTHOR, BOB, Act.WRITE)


class Asked(frozenset[bytes]):
    """What was taken back, counting how often it was looked at."""

    count = 0

    def __contains__(self, name: object) -> bool:
        Asked.count += 1
        return super().__contains__(name)


def ask(
    verdicts: Verdicts,
    *grants: Chain,
    now_ms: int = NOW,
    principal: Principal = BOB_HERE,
    **changes: Any,  # noqa: ANN401 -- of any field of the facts
) -> tuple[Act, bool]:
    """The answer, and whether it was remembered."""
    before = Asked.count
    decides: Facts = facts(**{"revoked": Asked()} | changes)
    acts = verdicts.allowed(principal, decides, now_ms, grants)
    return acts, Asked.count == before


def test_the_same_question_is_decided_once() -> None:
    verdicts = Verdicts()
    assert ask(verdicts, GRANT) == (Act.WRITE, False)
    assert ask(verdicts, GRANT, now_ms=NOW + 5) == (Act.WRITE, True)


def test_a_new_control_is_asked_about_anew() -> None:
    verdicts = Verdicts()
    ask(verdicts, GRANT)
    taken_back = Asked([revoked_key(BOB.public)])
    assert ask(verdicts, GRANT, control=b"next", revoked=taken_back) == (Act(0), False)


def test_the_moment_at_which_something_ends_is_asked_about_anew() -> None:
    verdicts = Verdicts()
    ask(verdicts, GRANT)
    assert ask(verdicts, GRANT, now_ms=NOW + HOUR) == (Act(0), False)


def test_a_clock_that_was_put_back_is_asked_about_anew() -> None:
    verdicts = Verdicts()
    ask(verdicts, GRANT)
    assert ask(verdicts, GRANT, now_ms=NOW - 1) == (Act(0), False)


def test_other_principals_grants_and_controls_have_answers_of_their_own() -> None:
    verdicts = Verdicts()
    ask(verdicts, GRANT)
    assert ask(verdicts) == (Act(0), False)
    carol = visitor(Visit(CAROL.public, CAROL.public, NOW + HOUR, ALL))
    assert ask(verdicts, GRANT, principal=carol) == (Act(0), False)
    assert ask(verdicts, GRANT, control=b"next", author=BOB.public) == (ALL, False)
    assert ask(verdicts, GRANT) == (Act.WRITE, True)


def test_what_was_asked_least_recently_is_forgotten_first() -> None:
    verdicts = Verdicts(places=2)
    for control in (b"a", b"b"):
        ask(verdicts, control=control)
    assert ask(verdicts, control=b"a")[1]
    ask(verdicts, control=b"c")
    assert ask(verdicts, control=b"a")[1]
    assert not ask(verdicts, control=b"b")[1]
