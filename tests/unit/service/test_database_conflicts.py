"""What a merge of databases sets aside: listed, taken, and settled."""

from __future__ import annotations

import pytest

from leither.crypto import MimeiId
from leither.db import describe, execute
from leither.db.layout import FIELD
from leither.service.backup import backup
from leither.service.conflicts import Contested, NoSuchSibling, contested, take_value
from leither.service.database import Database
from leither.service.engines import Engines
from leither.service.holding import load
from tests.unit.service.life import bring, held, made


def ask(engines: Engines, mimei: MimeiId, line: str) -> object:
    words = line.encode().split()
    return Database.open(engines, mimei).write(lambda space: execute(space, words)).result()


@pytest.fixture
def base(desk: Engines, phone: Engines) -> MimeiId:
    """A database that both nodes write."""
    mimei = made(desk, "db")
    for line in ("SET word first", "HSET hash field first", "ZADD ranks 1 member", "RPUSH list first"):
        ask(desk, mimei, line)
    backup(desk, mimei)
    bring(desk, phone)
    return mimei


def both(desk: Engines, phone: Engines, mimei: MimeiId) -> None:
    for engines in (desk, phone):
        backup(engines, mimei)
    bring(phone, desk)
    bring(desk, phone)
    assert held(desk, mimei).base == held(phone, mimei).base


def conflicts_of(engines: Engines, mimei: MimeiId) -> list[Contested]:
    with engines.state.read() as view:
        return list(contested(engines, view, load(engines, view, mimei)))


CASES = [
    pytest.param("SET word {}", "GET word", b"desk", b"phone", id="a string"),
    pytest.param("HSET hash field {}", "HGET hash field", b"desk", b"phone", id="a field"),
    pytest.param("ZADD ranks {} member", "ZSCORE ranks member", 20.0, 30.0, id="a score"),
    pytest.param("LSET list 0 {}", "LINDEX list 0", b"desk", b"phone", id="an element"),
]


@pytest.mark.parametrize(("change", "look", "one", "other"), CASES)
def test_what_was_set_aside_is_taken_and_the_other_nodes_follow(
    desk: Engines, phone: Engines, base: MimeiId, change: str, look: str, one: object, other: object
) -> None:
    for engines, value in ((desk, one), (phone, other)):
        ask(engines, base, change.format(value.decode() if isinstance(value, bytes) else value))
    both(desk, phone, base)
    (found,) = conflicts_of(desk, base)
    before = ask(desk, base, look)
    assert before in (one, other)
    take_value(desk, base, found.key, *found.others[0].stamp)
    assert {before, ask(desk, base, look)} == {one, other}
    assert conflicts_of(desk, base) == []
    both(desk, phone, base)
    assert ask(phone, base, look) == ask(desk, base, look) != before
    assert conflicts_of(phone, base) == []


@pytest.mark.parametrize(("change", "look", "one", "other"), CASES)
def test_what_shows_is_kept_and_what_was_set_aside_is_gone(
    desk: Engines, phone: Engines, base: MimeiId, change: str, look: str, one: object, other: object
) -> None:
    for engines, value in ((desk, one), (phone, other)):
        ask(engines, base, change.format(value.decode() if isinstance(value, bytes) else value))
    both(desk, phone, base)
    before = ask(desk, base, look)
    (found,) = conflicts_of(desk, base)
    assert found.shown is not None
    take_value(desk, base, found.key, *found.shown.stamp)
    both(desk, phone, base)
    assert (ask(phone, base, look), conflicts_of(phone, base)) == (before, [])


def test_a_score_that_was_taken_ranks_anew(desk: Engines, phone: Engines, base: MimeiId) -> None:
    ask(desk, base, "ZADD ranks 5 other")
    both(desk, phone, base)
    ask(desk, base, "ZADD ranks 2 member")
    ask(phone, base, "ZADD ranks 9 member")
    both(desk, phone, base)
    before = ask(desk, base, "ZRANK ranks member")
    (found,) = conflicts_of(desk, base)
    take_value(desk, base, found.key, *found.others[0].stamp)
    assert ask(desk, base, "ZRANK ranks member") == 1 - int(str(before))
    assert ask(desk, base, "ZCARD ranks") == 2


def test_what_both_set_alike_is_no_conflict(desk: Engines, phone: Engines, base: MimeiId) -> None:
    for engines in (desk, phone):
        ask(engines, base, "SET word same")
        ask(engines, base, "INCR counter")
    both(desk, phone, base)
    assert conflicts_of(desk, base) == []
    assert ask(desk, base, "GET counter") == b"2"


def test_only_what_is_contested_can_be_taken(desk: Engines, base: MimeiId) -> None:
    with pytest.raises(NoSuchSibling):
        take_value(desk, base, FIELD + b"no such", 1, 1)


def test_each_conflict_says_of_what_it_is(desk: Engines, phone: Engines, base: MimeiId) -> None:
    for engines, value in ((desk, "1"), (phone, "2")):
        ask(engines, base, f"HSET hash field {value}")
    both(desk, phone, base)
    (found,) = conflicts_of(desk, base)
    described = describe(found.key, found.others[0].value)
    assert described is not None
    assert (described.part, described.key, described.place) == ("field", b"hash", b"field")
