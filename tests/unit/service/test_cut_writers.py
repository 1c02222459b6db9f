"""Writers that were cut off: a stolen device does no more than its cut allows, whatever it signs and sends."""

from __future__ import annotations

import msgspec
import pytest

from leither.codec import Block, Cid
from leither.crypto import MimeiId
from leither.merkle import Entry, Nodes, Shape, Stamp, build
from leither.mimei.control import Control, WriterEntry
from leither.mimei.export import BESIDE, VERSION_TYPE
from leither.mimei.head import Head, Release
from leither.mimei.revoking import cutting_off, lowering
from leither.mimei.version import Version
from leither.service import history
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.controls import ControlUndone
from leither.service.engines import Engines
from leither.service.holding import heads
from leither.service.versions import held_versions
from leither.testing.node import memory_engines
from tests.unit.service.archive import Archive, with_control
from tests.unit.service.life import bring, exported, held, made, put, shown


def wrote(engines: Engines, mimei: MimeiId, name: str) -> None:
    put(engines, mimei, name, b"1")
    backup(engines, mimei)


def control_of(engines: Engines, mimei: MimeiId) -> Control:
    return held(engines, mimei).control


def adopt(engines: Engines, mimei: MimeiId, control: Control) -> None:
    """Let a node learn of a control that its author signs."""
    signed = control.signed(engines.identity.person)
    import_car(engines, [with_control(exported(engines, mimei), signed)])


def head_of(engines: Engines, mimei: MimeiId, writer: Engines) -> tuple[int, Head]:
    key = writer.identity.node.public
    with engines.state.read() as view:
        return next((number, head) for number, head, _ in heads(engines, view, mimei) if head.by == key)


def cut_off(author: Engines, mimei: MimeiId, doomed: Engines) -> None:
    """Cut a writer off where the author's node knows it."""
    adopt(author, mimei, cutting_off(control_of(author, mimei), *head_of(author, mimei, doomed)))


def versions(engines: Engines, mimei: MimeiId) -> set[Cid]:
    with engines.state.read() as view:
        return set(held_versions(view, mimei))


def with_versions(engines: Engines, archive: Archive, *cids: Cid) -> Archive:
    """The archive with these in its list of versions."""
    blocks: list[Block] = []
    entries = (Entry(VERSION_TYPE + cid, Stamp(0, 0), BESIDE) for cid in sorted(cids))
    root = build(Nodes(engines.blocks.get, blocks.append), entries, Shape(bytes(16)))
    return archive.add(*blocks).with_shelf(versions=root)


@pytest.fixture
def thief() -> Engines:
    """Who has the phone's key, and what was on the phone."""
    return memory_engines(node="phone")


@pytest.fixture
def mimei(desk: Engines, phone: Engines) -> MimeiId:
    """A MiMei in which the phone has written twice, known to the desk."""
    found = made(desk)
    wrote(desk, found, "desk")
    bring(desk, phone)
    wrote(phone, found, "one")
    wrote(phone, found, "two")
    bring(phone, desk)
    return found


EXPECTED = {"desk": b"1", "one": b"1", "two": b"1"}


def test_another_history_below_the_cut_neither_counts_nor_hinders(
    desk: Engines, thief: Engines, mimei: MimeiId, stranger: Engines
) -> None:
    bring(desk, thief)
    cut_off(desk, mimei, thief)
    number, last = head_of(desk, mimei, thief)
    assert last.seq == 2
    forged = msgspec.structs.replace(last, seq=1, prev=None, release=Release(last.tip, 9)).signed(thief.identity.node)
    archive = Archive(exported(desk, mimei)).add(forged.block).without(last.cid)
    others = [one for one in archive.shelves[0].heads if one != last.cid]
    car = archive.with_shelf(heads=(forged.cid, *others)).pack()
    before = versions(desk, mimei)
    import_car(desk, [car])
    assert head_of(desk, mimei, thief) == (number, last)
    assert (shown(desk, mimei), versions(desk, mimei), held(desk, mimei).release) == (EXPECTED, before, None)
    import_car(stranger, [car])
    with stranger.state.read() as view:
        assert number not in {found for found, _, _ in heads(stranger, view, mimei)}
    bring(desk, stranger)
    assert head_of(stranger, mimei, thief) == (number, last)


def test_a_version_that_takes_the_place_of_an_accepted_one_is_not_kept(
    desk: Engines, phone: Engines, thief: Engines, stranger: Engines
) -> None:
    mimei = made(desk)
    wrote(desk, mimei, "desk")
    for engines in (phone, thief):
        bring(desk, engines, mimei)
    wrote(phone, mimei, "good")
    wrote(thief, mimei, "bad")
    bring(phone, desk)
    cut_off(desk, mimei, phone)
    accepted = versions(desk, mimei)
    (bad,) = versions(thief, mimei) - accepted
    record = thief.record(Version, bad)
    archive = Archive(exported(desk, mimei))
    archive.add(*(Block(cid, data) for cid, data in Archive(exported(thief, mimei)).blocks.items()))
    assert record.by == thief.identity.node.public
    import_car(stranger, [with_versions(desk, archive, *accepted, bad).pack()])
    assert versions(stranger, mimei) == accepted
    bring(thief, desk)
    assert (versions(desk, mimei), shown(desk, mimei)) == (accepted, {"desk": b"1", "good": b"1"})


def test_an_unsigned_merge_that_only_the_thief_vouches_for_is_not_kept(
    desk: Engines, thief: Engines, mimei: MimeiId
) -> None:
    bring(desk, thief)
    cut_off(desk, mimei, thief)
    accepted = versions(desk, mimei)
    wrote(thief, mimei, "bad")
    _, newest = head_of(thief, mimei, thief)
    record = thief.record(Version, newest.tip)
    forged = msgspec.structs.replace(
        record, by=None, sig=None, note="", time=None, parents=tuple(sorted(list(accepted)[:2])), n=record.n
    )
    over = msgspec.structs.replace(record, parents=(forged.cid,), n=forged.n + 1).signed(thief.identity.node)
    head = msgspec.structs.replace(newest, tip=over.cid).signed(thief.identity.node)
    archive = Archive(exported(thief, mimei)).add(forged.block, over.block, head.block)
    others = [one for one in archive.shelves[0].heads if one != newest.cid]
    archive = with_versions(thief, archive, *versions(thief, mimei), forged.cid, over.cid)
    import_car(desk, [archive.with_shelf(heads=(head.cid, *others)).pack()])
    assert (versions(desk, mimei), shown(desk, mimei)) == (accepted, EXPECTED)
    assert head_of(desk, mimei, thief)[1].seq == 2


def test_the_highest_seq_and_turn_do_no_more_than_the_cut_allows(desk: Engines, thief: Engines, mimei: MimeiId) -> None:
    history.release(desk, mimei, 0)
    bring(desk, thief)
    cut_off(desk, mimei, thief)
    release = held(desk, mimei).release
    wrote(thief, mimei, "bad")
    history.release(thief, mimei, held(thief, mimei).base or "last")
    _, newest = head_of(thief, mimei, thief)
    high = msgspec.structs.replace(newest, seq=1 << 40, release=Release(newest.tip, 1 << 40))
    head = high.signed(thief.identity.node)
    archive = Archive(exported(thief, mimei)).add(head.block)
    others = [one for one in archive.shelves[0].heads if one != newest.cid]
    import_car(desk, [archive.with_shelf(heads=(head.cid, *others)).pack()])
    assert (shown(desk, mimei), held(desk, mimei).release) == (EXPECTED, release)


def test_old_versions_of_a_cut_writer_survive_on_an_empty_machine_though_the_author_deleted_some_between(
    desk: Engines, phone: Engines, mimei: MimeiId, stranger: Engines
) -> None:
    wrote(desk, mimei, "later")
    cut_off(desk, mimei, phone)
    history.delete_versions(desk, mimei, 2, 2)
    bring(desk, stranger)
    assert versions(stranger, mimei) == versions(desk, mimei)
    assert any(stranger.record(Version, one).by == phone.identity.node.public for one in versions(stranger, mimei))


def test_a_control_that_takes_a_cut_back_is_refused(desk: Engines, phone: Engines, mimei: MimeiId) -> None:
    cut_off(desk, mimei, phone)
    with pytest.raises(ControlUndone, match="takes back that writer"):
        adopt(desk, mimei, control_of(desk, mimei).following(cut=()))
    with pytest.raises(ControlUndone, match="goes back from epoch 1 to 0"):
        adopt(desk, mimei, control_of(desk, mimei).following(epoch=0))


def test_rights_that_one_of_two_nodes_lowered_stay_lowered(desk: Engines, phone: Engines, mimei: MimeiId) -> None:
    bring(desk, phone)
    number, _ = head_of(desk, mimei, phone)
    adopt(phone, mimei, lowering(control_of(phone, mimei), number, 1))
    for quota in range(1, 4):
        adopt(desk, mimei, control_of(desk, mimei).following(quota=quota, epoch=quota))
    bring(phone, desk)
    bring(desk, phone)
    for engines in (desk, phone):
        assert control_of(engines, mimei).quota == 3
        (entry,) = [one for one in control_of(engines, mimei).writers if one.number == number]
        assert entry == WriterEntry(number, phone.identity.node.public, 1)
    assert control_of(desk, mimei) == control_of(phone, mimei)
