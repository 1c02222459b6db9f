"""Readers of a private MiMei change, and the process ends at every disk operation: it is before, or after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leither.crypto import MimeiId, seal_key
from leither.people import Act
from leither.people.period import Period
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.grant_entries import Kept, grants_of
from leither.service.grants import give, take_back
from leither.service.readers import readers_of, rotate, settle_readers
from leither.testing.faults import FaultyDisk, PowerCutDisk, run_in_child
from leither.testing.node import memory_engines
from leither.testing.suites.expect import damage
from tests.crash.test_service_life import opened
from tests.unit.service import life
from tests.unit.service.test_private import private, shown

READERS = [bytes([number]) * 32 for number in (1, 2)]


def let_in(engines: Engines, number: int) -> None:
    now_ms = engines.clock.now_ms()
    give(
        engines,
        life.held(engines, private(engines)),
        engines.identity.person,
        to=READERS[number],
        acts=Act.READ_VERSIONS,
        period=Period(now_ms, now_ms + 1000),
        seal=seal_key(READERS[number]).public,
    )


def granted(engines: Engines, mimei: MimeiId) -> list[Kept]:
    with engines.state.read() as view:
        return list(grants_of(Cur(engines, view, life.held(engines, mimei))))


def leave_out(engines: Engines, number: int) -> None:
    mimei = private(engines)
    for kept in granted(engines, mimei):
        if kept.chain.to == READERS[number]:
            take_back(engines, mimei, kept.name)


def save(engines: Engines, name: str) -> None:
    mimei = private(engines)
    life.put(engines, mimei, name, name.encode() * 500)
    backup(engines, mimei)


STEPS: list[Callable[[Engines], object]] = [
    private,
    lambda e: save(e, "first"),
    lambda e: let_in(e, 0),
    lambda e: let_in(e, 1),
    lambda e: save(e, "second"),
    lambda e: leave_out(e, 0),
    lambda e: save(e, "third"),
    lambda e: rotate(e, private(e)),
    collect,
]
ROTATES = {5, 7}


def ring(engines: Engines) -> tuple[int, object]:
    """The key epoch and the ring in force."""
    mimei = Catalog(engines).create(kind="fs", mark="diary", private=True)[0]
    return mimei.control.key_epoch or 0, mimei.control.ring


def rings_seen() -> list[tuple[int, object]]:
    """The ring after each step."""
    engines = memory_engines()
    found = []
    for step in STEPS:
        step(engines)
        found.append(ring(engines))
    return found


def live(engines: Engines, report: Callable[[str], None], *, start: int = 0) -> None:
    for number, step in enumerate(STEPS[start:], start):
        step(engines)
        report(str(number))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("disk_at", [pytest.param(FaultyDisk, id="killed"), pytest.param(PowerCutDisk, id="power-cut")])
def test_a_change_of_readers_happens_whole_or_not_at_all(
    disk_at: Callable[[int], FaultyDisk], memory_folder: Path, ends: Callable[[int], range]
) -> None:
    rings = rings_seen()
    assert len(set(rings)) == 5

    def count(report: Callable[[str], None]) -> None:
        disk = FaultyDisk()
        with opened(memory_folder / "counted", disk) as engines:
            live(engines, lambda _: None)
        for name in disk.names:
            report(name)

    names, status = run_in_child(count)
    assert status == 0, names
    for at in ends(len(names)):
        home = memory_folder / str(at)

        def die(report: Callable[[str], None], at: int = at, home: Path = home) -> None:
            with opened(home, disk_at(at)) as engines:
                live(engines, report)

        reported, status = run_in_child(die)
        assert status in (-9, 0), (at, names[at - 1], reported)
        done = len(reported)

        def look(report: Callable[[str], None], home: Path = home, done: int = done) -> None:
            with opened(home) as engines:
                assert damage(check(engines)) == []
                before = rings[done - 1] if done else (0, None)
                now = ring(engines)
                assert now in (before, *rings[done : done + 1]), f"{done} steps were acknowledged"
                mimei = private(engines)
                if done >= len(STEPS):
                    return
                settle_readers(engines, mimei)
                live(engines, lambda _: None, start=done + (done in ROTATES and now != before))
                wanted = {name: name.encode() * 500 for name in ("first", "second", "third")}
                assert shown(engines, mimei) == shown(engines, mimei, "last") == wanted
                assert [reader.has_key for reader in readers_of(engines, mimei)] == [True, True]
                assert damage(check(engines)) == []

        complaints, status = run_in_child(look)
        assert (complaints, status) == ([], 0), (at, names[at - 1], reported)
