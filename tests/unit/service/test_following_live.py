"""Working copies followed live between nodes on a network in memory, with threads and a clock as real nodes have."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator

import pytest

from leither.crypto import MimeiId
from leither.db import execute
from leither.people import Act
from leither.people import right as rights
from leither.runtime import SystemClock
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.service.events import Event
from leither.wire.sync_messages import NEWS, Shared
from tests.unit.service.following_world import Node, making
from tests.unit.service.life import held, made, put

EVERYBODY = rights.pack(everyone=Act.READ_CUR | Act.READ_VERSIONS)


@pytest.fixture
def node() -> Iterator[Callable[..., Node]]:
    """Makes nodes on one hub, whose time goes on."""
    with making(SystemClock) as make:
        yield make


def run(node: Node, mimei: MimeiId, *words: bytes) -> object:
    return Database.open(node.engines, mimei).write(lambda space: execute(space, list(words))).result()


def test_each_change_comes_without_a_backup(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    phone.follow(mimei, desk)
    for number in range(5):
        put(desk.engines, mimei, "b", b"%d" % number)
        phone.until(lambda text=b"%d" % number: phone.shows(mimei) == {"a": b"1", "b": text})  # type: ignore[misc]
    assert held(phone.engines, mimei).base is None


def test_watchers_hear_of_a_change_that_came(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    phone.follow(mimei, desk)
    phone.until(lambda: phone.following.last(mimei) != {})
    told: list[Event] = []
    with phone.engines.events.watching(told.append):
        put(desk.engines, mimei, "b", b"2")
        phone.until(lambda: phone.shows(mimei) == {"b": b"2"})
    assert "change" in [event.what for event in told if event.id == mimei]


def test_two_that_write_at_once_see_all_of_it_once(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines, "db")
    run(desk, mimei, b"SET", b"hits", b"0")
    phone.follow(mimei, desk)
    phone.until(lambda: phone.following.last(mimei) != {})
    desk.follow(mimei, phone)

    def write(one: Node) -> None:
        for _ in range(60):
            run(one, mimei, b"INCR", b"hits")
            run(one, mimei, b"RPUSH", b"queue", b"x")

    threads = [threading.Thread(target=write, args=(one,)) for one in (desk, phone)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for one in (desk, phone):
        one.until(lambda one=one: run_read(one, mimei) == (b"120", 120))  # type: ignore[misc]


def run_read(node: Node, mimei: MimeiId) -> tuple[object, object]:
    with Database.open(node.engines, mimei).reading() as space:
        return execute(space, [b"GET", b"hits"]), execute(space, [b"LLEN", b"queue"])


def test_a_reader_that_may_not_write_sees_changes_through_another(node: Callable[..., Node]) -> None:
    desk, bobs, eves = node("desk"), node("bob's", person="bob"), node("eve's", person="eve")
    mimei = made(desk.engines)
    Catalog(desk.engines).change_control(mimei, right=EVERYBODY)
    bobs.follow(mimei, desk)
    bobs.until(lambda: bobs.following.last(mimei) != {})
    eves.follow(mimei, bobs)
    put(desk.engines, mimei, "a", b"1")
    eves.until(lambda: eves.shows(mimei) == {"a": b"1"})


def test_a_backup_after_live_changes_is_the_version_of_both(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    phone.follow(mimei, desk)
    put(desk.engines, mimei, "a", b"1")
    phone.until(lambda: phone.shows(mimei) == {"a": b"1"})
    done = backup(desk.engines, mimei)
    phone.until(lambda: held(phone.engines, mimei).base == done.cid)
    assert phone.shows(mimei) == {"a": b"1"}


def test_nobody_who_follows_live_is_no_reason_for_a_draft(node: Callable[..., Node]) -> None:
    desk, bobs = node("desk"), node("bob's", person="bob")
    mimei = made(desk.engines)
    Catalog(desk.engines).change_control(mimei, right=rights.pack(everyone=Act.READ_VERSIONS))
    bobs.follow(mimei, desk)
    bobs.until(lambda: bobs.following.last(mimei) != {})
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    bobs.until(lambda: bobs.shows(mimei) == {"a": b"1"})
    assert held(desk.engines, mimei).row.seq == 1


def test_news_of_a_draft_that_is_not_there_changes_nothing(node: Callable[..., Node]) -> None:
    desk, phone = node("desk"), node("phone")
    mimei = made(desk.engines)
    put(desk.engines, mimei, "a", b"1")
    backup(desk.engines, mimei)
    phone.follow(mimei, desk)
    phone.until(lambda: phone.shows(mimei) == {"a": b"1"})
    number = held(desk.engines, mimei).row.number
    desk.network.send(phone.network.peer_id, [NEWS], Shared(mimei=mimei, writer=number, seq=99).encode())
    put(desk.engines, mimei, "a", b"2")
    phone.until(lambda: phone.shows(mimei) == {"a": b"2"})
