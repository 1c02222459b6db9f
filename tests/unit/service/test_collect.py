"""Giving space back: everything reachable stays, everything else goes, beside those who work."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from leither.codec import RAW, Block, Cid
from leither.crypto import MimeiId
from leither.mimei.entry import Reference
from leither.mimei.export import Shelf
from leither.service import history, pages, references
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import NotCollected, SweepStopped, check, collect
from leither.service.conflicts import contested, take
from leither.service.engines import Engines
from leither.service.holding import load
from leither.service.uploads import Upload
from leither.testing.node import counted, memory_engines
from leither.testing.suites.expect import damage
from tests.unit.service.archive import Archive
from tests.unit.service.life import bring, exported, held, made, put, remove, shown, version


@pytest.fixture
def site(desk: Engines) -> MimeiId:
    return made(desk)


def saved(engines: Engines, mimei: MimeiId, path: str, data: bytes) -> Cid:
    put(engines, mimei, path, data)
    cid = backup(engines, mimei).cid
    assert cid is not None
    return cid


def test_what_is_left_is_what_an_archive_holds(desk: Engines, site: MimeiId) -> None:
    for number in range(5):
        saved(desk, site, f"d/{number}", b"%d" % number * 100)
    remove(desk, site, "d/1")
    put(desk, site, "unsaved", b"u")
    history.delete_versions(desk, site, 1, 3)
    collect(desk)
    stored = {cid.digest for cid in desk.blocks.cids()}
    packed = Archive(exported(desk))
    made_for_the_archive = {packed.shelves[0].versions, packed.shelves[0].cur}
    assert stored == {cid.digest for cid in packed.blocks if cid not in made_for_the_archive}
    assert isinstance(packed.shelves[0], Shelf)


def test_an_upload_under_way_keeps_its_blocks(desk: Engines, site: MimeiId) -> None:
    data = bytes(3_000_000)
    with Upload(desk, site, ("f",)) as upload:
        upload.write(data)
        collect(desk)
        upload.finish()
        collect(desk)
    collect(desk)
    assert shown(desk, site) == {"f": data}
    assert damage(check(desk)) == []


@pytest.mark.parametrize(
    "work",
    [
        lambda e, m: put(e, m, "new", b"2"),
        lambda e, m: backup(e, m),
        lambda e, m: history.fork(e, m, 0, mark="fork"),
        lambda e, m: history.restore(e, m, 0, discard=True),
    ],
)
def test_work_in_the_middle_of_a_sweep_is_kept(
    desk: Engines, site: MimeiId, work: Callable[[Engines, MimeiId], object]
) -> None:
    saved(desk, site, "a", b"1")
    put(desk, site, "b", b"2")
    before, after = threading.Event(), threading.Event()

    def meanwhile() -> None:
        before.wait()
        work(desk, site)
        after.set()

    worker = threading.Thread(target=meanwhile)
    worker.start()
    sweep = desk.blocks.sweep

    def interrupted(mark, *, thorough):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        def marked():  # type: ignore[no-untyped-def]  # noqa: ANN202
            found = list(mark())
            before.set()
            after.wait()
            return found

        return sweep(marked, thorough=thorough)

    desk.blocks.sweep = interrupted  # type: ignore[method-assign, assignment]
    collect(desk)
    worker.join()
    assert damage(check(desk)) == []


def test_a_version_referred_to_outlives_its_mimei(desk: Engines, site: MimeiId) -> None:
    other = made(desk, mark="other")
    cid = saved(desk, other, "f", b"referred" * 100)
    references.add(desk, site, Reference(other, cid))
    backup(desk, site)
    Catalog(desk).delete(other, force=True)
    collect(desk)
    assert desk.blocks.has(cid)
    assert desk.blocks.has(version(desk, cid).content)
    references.add(desk, site, Reference(other, cid), delta=-1)
    backup(desk, site)
    collect(desk)
    assert desk.blocks.has(cid)  # an older version still refers to it
    history.delete_versions(desk, site, 0, 0)
    collect(desk)
    assert not desk.blocks.has(cid)


def test_what_lost_in_a_merge_can_be_taken_after_its_version_is_gone(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"0")
    bring(desk, phone)
    for engines, data in ((desk, b"desk" * 50), (phone, b"phone" * 50)):
        saved(engines, mimei, "a", data)
    bring(phone, desk)
    saved(desk, mimei, "b", b"after")
    with desk.state.read() as view:
        (one,) = contested(desk, view, load(desk, view, mimei))
    for n in range(held(desk, mimei).row.seq):
        try:
            history.delete_versions(desk, mimei, n, n)
        except history.VersionInUse:
            continue
    collect(desk)
    assert damage(check(desk)) == []
    take(desk, mimei, ("a",), *one.others[0].stamp)
    assert shown(desk, mimei)["a"] in (b"desk" * 50, b"phone" * 50)


def lost_one_by_one(desk: Engines, site: MimeiId) -> list[Cid]:
    put(desk, site, "d/f", b"1" * 50)
    backup(desk, site)
    put(desk, site, "g", b"2" * 50)
    collect(desk)
    return list(desk.blocks.cids())


def test_a_missing_block_is_named_and_nothing_is_reclaimed(desk: Engines, site: MimeiId, phone: Engines) -> None:
    every = lost_one_by_one(desk, site)
    car = exported(desk)
    for lost in every:
        engines = type(desk)(
            blocks=type(counted(desk))(),
            state=type(desk.state)(),
            clock=desk.clock,
            random=desk.random,
            identity=desk.identity,
        )
        import_car(engines, [car])
        collect(engines)
        with engines.blocks.lease() as lease:
            lease.put(Block.of(RAW, b"garbage"))
        counted(engines).lose([lost])
        assert lost in {fault.cid for fault in damage(check(engines))}
        before = engines.blocks.stats()
        with pytest.raises(NotCollected):
            collect(engines)
        assert engines.blocks.stats() == before


def test_a_damaged_block_is_named(desk: Engines, site: MimeiId) -> None:
    for damaged in lost_one_by_one(desk, site):
        counted(desk).flip(damaged)
        assert damaged.digest in {fault.cid.digest for fault in damage(check(desk)) if fault.cid}
        counted(desk).flip(damaged)
    assert damage(check(desk)) == []


def test_a_file_just_begun_is_whole(desk: Engines) -> None:
    file = made(desk, "file")
    pages.write_at(desk, file, 0, b"x")
    collect(desk)
    assert damage(check(desk)) == []


def test_a_sweep_that_is_broken_off_takes_nothing() -> None:
    engines = memory_engines()
    stray = Block.of(RAW, b"stray")
    with engines.blocks.lease() as lease:
        lease.put(stray)
    made(engines)
    with pytest.raises(SweepStopped):
        collect(engines, is_stopped=lambda: True)
    assert engines.blocks.has(stray.cid)
    collect(engines)
    assert not engines.blocks.has(stray.cid)
