"""A MiMei's life is ended at every single disk operation: what was acknowledged is there, and it goes on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest

from leither.crypto import MimeiId
from leither.mimei.entry import Reference
from leither.people import OWNER
from leither.service import history, pages, paths, references, tags
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.drafting import share_cur
from leither.service.engines import Engines
from leither.service.holding import load
from leither.service.merge import merge
from leither.service.split import split
from leither.service.uploads import TreeUpload
from leither.service.versions import rows
from leither.store import Disk, LmdbState, PackBlocks
from leither.testing.faults import FaultyDisk, PowerCutDisk, run_in_child
from leither.testing.node import engines_over, memory_engines
from leither.testing.suites.expect import damage
from tests.unit.service.life import exported, made, put, recounted, remove, shown
from tests.unit.service.syncing import take


def site(engines: Engines) -> MimeiId:
    return made(engines)


def grow(engines: Engines) -> None:
    with TreeUpload(engines, site(engines)) as tree:
        for number in range(5):
            one = tree.file((f"d{number % 2}", f"f{number}"))
            one.write(b"%d" % number * 700)
            one.finish()
        tree.finish()


def remarked(engines: Engines, mark: str) -> MimeiId:
    found = (one.id for one in Catalog(engines).list(OWNER) if one.genesis.mark == mark)
    return next(found)


def merge_fork(engines: Engines) -> None:
    with engines.state.read() as view:
        base = load(engines, view, remarked(engines, "fork")).base
    assert base is not None
    merge(engines, site(engines), [base])


def arrive(engines: Engines) -> None:
    """Take in what another node made of the same topic."""
    other = memory_engines(node="other")
    put(other, made(other), "from another", b"node")
    backup(other, made(other))
    import_car(engines, [exported(other)])


def arrive_live(engines: Engines) -> None:
    """Take in what another node writes and did not back up, beside what is shared here."""
    other = memory_engines(node="third")
    put(other, made(other), "from a third", b"node")
    share_cur(other, made(other))
    take(engines, other, made(other), live=True)


def split_off(engines: Engines) -> None:
    split(engines, site(engines), ("moved",), mark="split")


STEPS: list[Callable[[Engines], object]] = [
    lambda e: made(e),
    grow,
    lambda e: backup(e, site(e)),
    lambda e: tags.add(e, site(e), "topic", "music"),
    lambda e: history.release(e, site(e)),
    lambda e: put(e, site(e), "shared", b"while it is worked on"),
    lambda e: share_cur(e, site(e)),
    arrive_live,
    lambda e: remove(e, site(e), "d0"),
    lambda e: backup(e, site(e)),
    lambda e: history.fork(e, site(e), 0, mark="fork"),
    lambda e: put(e, remarked(e, "fork"), "forked", b"1"),
    lambda e: backup(e, remarked(e, "fork")),
    lambda e: paths.move(e, site(e), ("d1",), ("moved",)),
    lambda e: backup(e, site(e)),
    merge_fork,
    split_off,
    lambda e: backup(e, site(e)),
    arrive,
    lambda e: history.delete_versions(e, site(e), 1, 1),
    collect,
    lambda e: made(e, "file", mark="file"),
    lambda e: pages.write_at(e, remarked(e, "file"), 70_000, b"page"),
    lambda e: pages.truncate(e, remarked(e, "file"), 70_002),
    lambda e: backup(e, remarked(e, "file")),
    lambda e: references.add(e, site(e), Reference(remarked(e, "file"), None)),
    lambda e: history.restore(e, site(e), 0, discard=True),
    lambda e: backup(e, site(e)),
    lambda e: Catalog(e).delete(remarked(e, "fork")),
    collect,
]


@contextmanager
def opened(home: Path, disk: Disk | None = None) -> Iterator[Engines]:
    with (
        closing(PackBlocks(home / "blocks", disk=disk, pack_bytes_max=20_000)) as blocks,
        closing(LmdbState(home / "state", disk=disk)) as state,
    ):
        yield engines_over(blocks, state)


def seen(engines: Engines) -> str:
    """All that a person can see of a node."""
    found = []
    for one in Catalog(engines).list(OWNER):
        with engines.state.read() as view:
            versions = [(row.record.n, row.cid.text, row.released) for row in rows(engines, view, one)]
        counts = (one.row.entries, one.row.size_bytes, one.row.dirty)
        assert counts == recounted(engines, one.id)
        for n, _, _ in versions:
            shown(engines, one.id, n)
        found.append((one.genesis.mark, shown(engines, one.id), versions, counts))
    return repr(sorted(found))


def live(engines: Engines, report: Callable[[str], None], *, start: int = 0) -> None:
    for number, step in enumerate(STEPS[start:], start):
        step(engines)
        report(str(number))


def history_seen() -> tuple[list[str], set[str]]:
    """What is to be seen before the first step and after each, and halfway through a split."""
    engines = memory_engines()
    states, halfway = [seen(engines)], set()
    for step in STEPS:
        if step is split_off:
            with engines.events.watching(lambda _: halfway.add(seen(engines))):
                step(engines)
        else:
            step(engines)
        states.append(seen(engines))
    return states, halfway - set(states)


@pytest.mark.timeout(600)
@pytest.mark.parametrize("disk_at", [pytest.param(FaultyDisk, id="killed"), pytest.param(PowerCutDisk, id="power-cut")])
def test_a_life_goes_on_wherever_it_was_ended(
    disk_at: Callable[[int], FaultyDisk], memory_folder: Path, ends: Callable[[int], range]
) -> None:
    states, halfway = history_seen()
    assert halfway

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
                now = seen(engines)
                split_halfway = now in halfway and STEPS[done] is split_off
                assert now in states[done : done + 2] or split_halfway, f"{done} steps were acknowledged"
                start = done + (now != states[done] and not split_halfway)
                live(engines, lambda _: None, start=start)
                assert seen(engines) == states[-1]
                assert damage(check(engines)) == []

        complaints, status = run_in_child(look)
        assert (complaints, status) == ([], 0), (at, names[at - 1], reported)
