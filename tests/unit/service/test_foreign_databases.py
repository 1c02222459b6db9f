"""Databases from elsewhere: what is derived in them follows from the rest, or nothing of them is taken."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from leither.crypto import MimeiId
from leither.db import Space, execute
from leither.db.head_agreement import WrongDerivedEntry
from leither.db.layout import HEAD, RANKED, collection
from leither.merkle import Entry, Stamp
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.database import Database
from leither.service.derived import NOBODY
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound
from leither.service.proof_of_records import Refused
from tests.unit.db.database_cases import DERIVED
from tests.unit.service.archive import Archive, Forger
from tests.unit.service.life import bring, held, made

SET_HEAD = bytes.fromhex("8004000000000000000001")


def run(engines: Engines, mimei: MimeiId, *lines: str) -> list[object]:
    def work(space: Space) -> list[object]:
        return [execute(space, line.encode().split()) for line in lines]

    return Database.open(engines, mimei).write(work).result()


def patch(engines: Engines, mimei: MimeiId, entries: Mapping[str, str | None]) -> None:
    """Set entries past the commands, as a node would that does not hold to the format."""

    def work(space: Space) -> None:
        for key, value in entries.items():
            if value is None:
                space.delete(bytes.fromhex(key))
            else:
                space.put(bytes.fromhex(key), bytes.fromhex(value))

    Database.open(engines, mimei).write(work).result()


def refuse(source: Engines, target: Engines, mimei: MimeiId, kind: type[Exception] = WrongDerivedEntry) -> Exception:
    """Bring a MiMei, which must be refused, and whole."""
    with pytest.raises(kind) as refused:
        bring(source, target, mimei)
    with pytest.raises(MimeiNotFound):
        held(target, mimei)
    return refused.value


@pytest.mark.parametrize("name", DERIVED)
@pytest.mark.parametrize("saved", [pytest.param(True, id="saved"), pytest.param(False, id="unsaved")])
@pytest.mark.parametrize("begun", [pytest.param(True, id="over a version"), pytest.param(False, id="over nothing")])
def test_a_database_is_taken_or_refused_for_its_derived_entries(
    desk: Engines, phone: Engines, name: str, *, begun: bool, saved: bool
) -> None:
    lines, entries, wrong = DERIVED[name]
    mimei = made(desk, "db")
    run(desk, mimei, "SET other 1", *lines)
    if begun:
        backup(desk, mimei)
    patch(desk, mimei, entries)
    if saved:
        backup(desk, mimei)
    if wrong is None:
        assert [one.state for one in bring(desk, phone, mimei).mimei] == ["added"]
        assert run(phone, mimei, "GET other") == [b"1"]
    else:
        error = refuse(desk, phone, mimei)
        assert isinstance(error, WrongDerivedEntry)
        assert error.key == wrong


def test_what_a_known_database_gets_anew_is_checked_too(desk: Engines, phone: Engines) -> None:
    mimei = made(desk, "db")
    run(desk, mimei, "SADD s a")
    backup(desk, mimei)
    bring(desk, phone, mimei)
    patch(desk, mimei, {(HEAD + b"s").hex(): "8004000000000000000002"})
    backup(desk, mimei)
    before = held(phone, mimei)
    with pytest.raises(WrongDerivedEntry):
        bring(desk, phone, mimei)
    assert held(phone, mimei) == before
    assert run(phone, mimei, "SCARD s") == [1]


def test_a_version_that_mends_what_the_one_below_has_wrong_does_not_save_it(desk: Engines, phone: Engines) -> None:
    mimei = made(desk, "db")
    run(desk, mimei, "SADD s a")
    patch(desk, mimei, {(HEAD + b"s").hex(): "8004000000000000000002"})
    backup(desk, mimei)
    run(desk, mimei, "DEL s")
    backup(desk, mimei)
    refuse(desk, phone, mimei)


FORGERIES: dict[str, Callable[[Forger], Archive]] = {
    "a head that somebody set": lambda f: f.with_entry(HEAD + b"s", SET_HEAD),
    "a head that lost in a merge": lambda f: f.with_sibling(Entry(HEAD + b"s", Stamp(1, 1), SET_HEAD)),
    "a rank that lost in a merge": lambda f: f.with_sibling(
        Entry(collection(RANKED, b"z") + bytes.fromhex("bff0000000000000") + b"m", NOBODY, b"\x80")
    ),
}


@pytest.mark.parametrize("forgery", FORGERIES)
def test_what_is_derived_has_nobody_s_stamp_and_never_loses(desk: Engines, phone: Engines, forgery: str) -> None:
    mimei = made(desk, "db")
    run(desk, mimei, "SADD s a", "ZADD z 1 m")
    backup(desk, mimei)
    car = FORGERIES[forgery](Forger(desk, mimei)).pack()
    with pytest.raises(Refused, match="that follows from others"):
        import_car(phone, [car])
    with pytest.raises(MimeiNotFound):
        held(phone, mimei)
