"""Private MiMei between a person's nodes: archives hold them sealed, and two that went apart are merged."""

from __future__ import annotations

import pytest

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.mimei.sealing import SealBroken
from leither.ports import Fault
from leither.service import history
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.collect import check, collect
from leither.service.engines import Engines
from leither.service.proof_of_records import Refused
from tests.unit.service import life
from tests.unit.service.archive import Archive
from tests.unit.service.test_foreign_databases import run
from tests.unit.service.test_private import SECRET, clear_blocks, private, shown


def both(desk: Engines, phone: Engines) -> MimeiId:
    """A private MiMei with one file, on both nodes."""
    mimei = private(desk)
    life.put(desk, mimei, "map.txt", SECRET)
    backup(desk, mimei)
    life.bring(desk, phone, mimei)
    return mimei


def sealed_blocks(engines: Engines) -> set[Cid]:
    return {cid for cid in engines.blocks.cids() if engines.blocks.get(cid)[:2] == b"\x86\x01"}


def test_another_node_of_the_person_reads_what_an_archive_brings(desk: Engines, phone: Engines) -> None:
    mimei = both(desk, phone)
    assert shown(phone, mimei) == shown(phone, mimei, 0) == {"map.txt": SECRET}
    assert life.held(phone, mimei).genesis == life.held(desk, mimei).genesis


def test_an_archive_holds_nothing_in_the_clear(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "hidden-name.txt", SECRET)
    car = life.exported(desk, mimei)
    assert b"treasure" not in car
    assert b"hidden-name" not in car
    assert b"diary" not in car


def test_an_export_saves_unsaved_changes_as_a_version(desk: Engines, phone: Engines) -> None:
    mimei = both(desk, phone)
    life.put(desk, mimei, "more.txt", b"more")
    life.bring(desk, phone)
    assert shown(phone, mimei, "last") == {"map.txt": SECRET, "more.txt": b"more"}
    assert life.held(desk, mimei).row.dirty == 0


def test_what_two_nodes_wrote_apart_is_merged_alike_and_stays_sealed(desk: Engines, phone: Engines) -> None:
    mimei = both(desk, phone)
    life.put(desk, mimei, "desk.txt", b"by the desk")
    life.put(phone, mimei, "phone.txt", b"by the phone")
    backup(desk, mimei)
    backup(phone, mimei)
    assert life.bring(phone, desk, mimei).mimei[0].state == "merged"
    life.bring(desk, phone, mimei)
    expected = {"desk.txt": b"by the desk", "map.txt": SECRET, "phone.txt": b"by the phone"}
    assert shown(desk, mimei) == shown(phone, mimei) == expected
    assert life.held(desk, mimei).base == life.held(phone, mimei).base
    for engines in (desk, phone):
        collect(engines)
        assert shown(engines, mimei, "last") == expected
        assert [found for found in check(engines) if isinstance(found, Fault)] == []
    assert sealed_blocks(desk) == sealed_blocks(phone)


def test_the_same_file_changed_on_both_keeps_both_through_a_collection(desk: Engines, phone: Engines) -> None:
    mimei = both(desk, phone)
    life.put(desk, mimei, "map.txt", b"by the desk")
    life.put(phone, mimei, "map.txt", b"by the phone")
    backup(desk, mimei)
    life.bring(phone, desk, mimei)
    life.bring(desk, phone, mimei)
    life.bring(phone, desk, mimei)
    assert shown(desk, mimei) == shown(phone, mimei)
    collect(desk)
    life.put(desk, mimei, "later.txt", b"later")
    backup(desk, mimei)
    collect(desk)
    assert [found for found in check(desk) if isinstance(found, Fault)] == []


def test_a_database_written_on_two_nodes_is_merged(desk: Engines, phone: Engines) -> None:
    mimei = private(desk, "db")
    run(desk, mimei, "SET treasure oak")
    life.bring(desk, phone, mimei)
    run(desk, mimei, "SET steps 3")
    run(phone, mimei, "SET spade yes")
    life.bring(phone, desk, mimei)
    life.bring(desk, phone, mimei)
    for engines in (desk, phone):
        assert run(engines, mimei, "MGET treasure steps spade") == [[b"oak", b"3", b"yes"]]
        collect(engines)
        assert clear_blocks(engines) == {Control, Head}


def test_a_release_and_a_deleted_version_travel(desk: Engines, phone: Engines) -> None:
    mimei = both(desk, phone)
    life.put(desk, mimei, "map.txt", b"moved")
    made = backup(desk, mimei).cid
    history.release(desk, mimei)
    history.delete_versions(desk, mimei, 0, 0)
    collect(desk)
    life.bring(desk, phone, mimei)
    assert life.held(phone, mimei).release == made
    assert shown(phone, mimei, "release") == {"map.txt": b"moved"}


def test_a_sealed_block_that_was_changed_is_refused(desk: Engines, phone: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "map.txt", SECRET)
    other = private(desk, mark="other")
    life.put(desk, other, "map.txt", SECRET)
    archive = Archive(life.exported(desk, mimei))
    foreign = Archive(life.exported(desk, other))
    archive.blocks.update(foreign.blocks)
    with pytest.raises(SealBroken):
        import_car(phone, [archive.with_shelf(genesis=foreign.shelves[0].genesis).pack()])


def test_a_private_mimei_that_comes_in_the_clear_is_refused(desk: Engines, phone: Engines) -> None:
    mimei = private(desk)
    genesis = life.held(desk, mimei).genesis
    archive = Archive(life.exported(desk, mimei)).add(genesis.block)
    with pytest.raises(Refused, match="only a private MiMei is sealed"):
        import_car(phone, [archive.with_shelf(genesis=genesis.cid, sealed=None).pack()])
