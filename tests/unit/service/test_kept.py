"""A keeper without a key: it keeps a private MiMei sealed, checks it, gives it on, and reclaims what was deleted."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest

from leither.codec import Block, BlockMissing, Cid
from leither.codec.sealed import NotSealed, sealed_block, write_head
from leither.crypto import MimeiId, id_text, key_id
from leither.merkle import Entry, Nodes, Shape, Stamp, build
from leither.mimei.control import Control
from leither.mimei.entry import decode_path_entry
from leither.mimei.export import NUMBERED, VERSION_TYPE
from leither.mimei.head import Head
from leither.mimei.record import BadSignature
from leither.ports import Fault
from leither.service import history
from leither.service.archive_in import import_car
from leither.service.archive_out import own_ids
from leither.service.backup import backup
from leither.service.collect import check, collect
from leither.service.conflicts import contested
from leither.service.controls import ControlUndone
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound
from leither.service.kept import Kept, KeptMeanwhile, NotKept, enter, give_up, kept
from leither.service.leaving import Fate, remove_user
from leither.service.proof_of_records import Refused
from leither.service.readers import rotate
from leither.service.tokens import Tokens
from leither.service.tree import read_bytes
from leither.service.users import Users
from leither.store import LmdbState, PackBlocks
from leither.store.memory_seeds import MemorySeeds
from leither.testing.node import counted, engines_over, memory_engines
from tests.unit.service import life
from tests.unit.service.archive import Archive
from tests.unit.service.test_foreign_databases import run
from tests.unit.service.test_private import SECRET, private, shown
from tests.unit.service.test_readers import READ, shared, written

WORDS = (b"treasure", b"hidden-name", b"secret-mark", b"secret-note", b"secret-key", b"secret-value")


@pytest.fixture
def keeper() -> Engines:
    """A node of somebody's who is no reader."""
    return memory_engines(person="hana", node="hana's")


def only(engines: Engines) -> Kept:
    with engines.state.read() as view:
        (found,) = kept(engines, view)
    return found


def faults(engines: Engines) -> list[Fault]:
    return [found for found in check(engines) if isinstance(found, Fault)]


def filled(engines: Engines) -> MimeiId:
    mimei = private(engines)
    written(engines, mimei, "map.txt", SECRET)
    written(engines, mimei, "other.txt", b"other")
    return mimei


def test_a_keeper_keeps_what_it_can_not_read_and_shows_nothing_of_it(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    arrived = life.bring(desk, keeper, mimei).mimei[0]
    assert (arrived.state, arrived.versions) == ("kept", 2)
    assert (only(keeper).id, only(keeper).author) == (mimei, desk.identity.person.id)
    with pytest.raises(MimeiNotFound):
        life.held(keeper, mimei)


def test_what_a_keeper_gives_on_brings_everything_back_to_its_author(
    desk: Engines, keeper: Engines, phone: Engines
) -> None:
    mimei = filled(desk)
    life.bring(desk, keeper, mimei)
    collect(keeper)
    life.bring(keeper, phone)
    assert shown(phone, mimei) == {"map.txt": SECRET, "other.txt": b"other"}
    assert shown(phone, mimei, 0) == {"map.txt": SECRET}


def test_a_keeper_passes_it_on_to_another_keeper_and_to_a_reader(
    desk: Engines, keeper: Engines, stranger: Engines
) -> None:
    mimei = filled(desk)
    shared(desk, mimei, stranger)
    second = memory_engines(person="ivo", node="ivo's")
    life.bring(desk, keeper, mimei)
    life.bring(keeper, second, mimei)
    life.bring(second, stranger, mimei)
    assert shown(stranger, mimei) == {"map.txt": SECRET, "other.txt": b"other"}


def test_a_keepers_whole_disk_holds_no_plaintext(desk: Engines, tmp_path: Path) -> None:
    files = private(desk, mark="secret-mark")
    life.put(desk, files, "hidden-name/map.txt", SECRET)
    backup(desk, files, note="secret-note")
    rotate(desk, files)
    written(desk, files, "hidden-name/more.txt", SECRET * 200)
    data = private(desk, "db", mark="secret-mark")
    run(desk, data, "SET secret-key secret-value")
    entry = life.put(desk, files, "hidden-name/last.txt", SECRET)
    blocks, state = PackBlocks(tmp_path / "blocks"), LmdbState(tmp_path / "state")
    keeper = engines_over(blocks, state, person="hana", node="hana's")
    life.bring(desk, keeper, files, data)
    life.bring(desk, keeper, files, data)
    collect(keeper)
    assert faults(keeper) == []
    state.close()
    blocks.close()
    stored = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert len(stored) > len(SECRET) * 200
    for word in WORDS:
        assert word not in stored
    assert entry.cid is not None
    assert entry.cid.digest not in stored


def test_a_keeper_reclaims_what_the_author_has_deleted(desk: Engines, keeper: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "old.txt", SECRET * 1000)
    life.remove(desk, mimei, "old.txt")
    written(desk, mimei, "new.txt", b"new")
    life.bring(desk, keeper, mimei)
    before = only(keeper).size_bytes
    history.delete_versions(desk, mimei, 0, 0)
    life.bring(desk, keeper, mimei)
    assert len(only(keeper).versions) == 1
    assert only(keeper).size_bytes < before - len(SECRET) * 900
    collect(keeper)
    assert sum(len(keeper.blocks.get(cid)) for cid in keeper.blocks.cids()) < len(SECRET) * 100
    assert faults(keeper) == []


def test_a_keeper_joins_what_two_writers_bring_and_loses_nothing_of_either(
    desk: Engines, phone: Engines, keeper: Engines
) -> None:
    mimei = filled(desk)
    life.bring(desk, phone, mimei)
    written(phone, mimei, "phone.txt", b"by the phone")
    life.bring(phone, desk, mimei)  # the phone is known as a writer
    written(desk, mimei, "desk.txt", b"by the desk")
    written(phone, mimei, "phone.txt", b"by the phone again")
    life.bring(desk, keeper, mimei)
    life.bring(phone, keeper, mimei)
    laptop = memory_engines(node="laptop")
    life.bring(keeper, laptop)
    assert shown(laptop, mimei)["desk.txt"] == b"by the desk"
    assert shown(laptop, mimei)["phone.txt"] == b"by the phone again"


def test_an_older_archive_takes_nothing_back(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    older = life.exported(desk, mimei)
    written(desk, mimei, "new.txt", b"new")
    life.bring(desk, keeper, mimei)
    before = only(keeper).shelf
    import_car(keeper, [older])
    assert only(keeper).shelf == before


def test_keys_that_come_later_open_what_was_kept(desk: Engines, stranger: Engines) -> None:
    mimei = filled(desk)
    life.bring(desk, stranger, mimei)
    shared(desk, mimei, stranger, acts=READ)
    assert life.bring(desk, stranger, mimei).mimei[0].state == "added"
    assert shown(stranger, mimei) == {"map.txt": SECRET, "other.txt": b"other"}
    with stranger.state.read() as view:
        assert list(kept(stranger, view)) == []


def test_a_check_tells_of_a_block_that_a_keeper_has_lost(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    life.bring(desk, keeper, mimei)
    counted(keeper).lose([next(iter(only(keeper).versions))])
    assert [fault.where for fault in faults(keeper)] == [f"{id_text(mimei)}, kept sealed"]


def test_what_is_given_up_is_reclaimed(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    life.bring(desk, keeper, mimei)
    assert own_ids(keeper, None) == [mimei]
    assert give_up(keeper, mimei, None) == 1
    collect(keeper)
    assert list(keeper.blocks.cids()) == []
    with pytest.raises(NotKept):
        give_up(keeper, mimei, None)


def test_it_counts_against_the_quota_of_the_user_who_keeps_it(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    user = keeper.persons.admit(bytes([6]) * 32).user
    import_car(keeper, [life.exported(desk, mimei)], user=user)
    assert only(keeper).user == user
    assert only(keeper).size_bytes > len(SECRET)


def forged_control(desk: Engines, stranger: Engines, mimei: MimeiId) -> Control:
    """A control of the same genesis, signed by somebody else."""
    control = life.held(desk, mimei).control
    return Control.decode(
        Control(
            genesis=control.genesis,
            created=control.created,
            epoch=9,
            right=0,
            writers=control.writers,
            by=stranger.identity.person.public,
        )
        .signed(stranger.identity.person)
        .encode()
    )


def test_who_claims_anothers_mimei_takes_nothing_s_place(desk: Engines, stranger: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    life.bring(desk, keeper, mimei)
    control = forged_control(desk, stranger, mimei)
    archive = Archive(life.exported(desk, mimei)).add(control.block).with_shelf(control=control.cid)
    import_car(keeper, [archive.pack()])
    with keeper.state.read() as view:
        found = {one.author: one for one in kept(keeper, view)}
    assert set(found) == {key_id(desk.identity.person.public), key_id(stranger.identity.person.public)}
    phone = memory_engines(node="phone")
    import_car(phone, [life.exported(desk, mimei)])
    assert shown(phone, mimei) == {"map.txt": SECRET, "other.txt": b"other"}


def test_a_control_of_another_mimei_is_refused(desk: Engines, keeper: Engines) -> None:
    mimei, other = filled(desk), private(desk, mark="other")
    control = life.held(desk, other).control
    archive = Archive(life.exported(desk, mimei)).add(control.block).with_shelf(control=control.cid)
    with pytest.raises(Refused, match="another MiMei's"):
        import_car(keeper, [archive.pack()])


def test_a_control_whose_signature_is_broken_is_refused(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    control = life.held(desk, mimei).control
    broken = Control.decode(msgspec.structs.replace(control, epoch=5).encode())
    archive = Archive(life.exported(desk, mimei)).add(broken.block).with_shelf(control=broken.cid)
    with pytest.raises(BadSignature):
        import_car(keeper, [archive.pack()])


def test_a_version_that_no_head_leads_to_is_refused(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    archive = Archive(life.exported(desk, mimei))
    data = bytes(40)
    named = b"\x80\x81" + b"\xd8\x2a\x58\x25\x00" + archive.shelves[0].genesis
    forged = sealed_block(write_head(0, bytes(24), named, len(data)), named, data)
    made: list[Block] = []
    entries = [Entry(VERSION_TYPE + forged.cid, Stamp(0, 0), NUMBERED)]
    root = build(Nodes(archive.blocks.__getitem__, made.append), entries, Shape(bytes(16)))
    archive.add(forged, *made).with_shelf(versions=root)
    with pytest.raises(Refused, match="no head of its writers leads to"):
        import_car(keeper, [archive.pack()])


def test_a_head_by_nobody_who_writes_is_refused(desk: Engines, stranger: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    archive = Archive(life.exported(desk, mimei))
    head = desk.record(Head, Cid(life.held(desk, mimei).row.head))
    theirs = msgspec.structs.replace(head, by=stranger.identity.node.public, sig=None)
    signed = theirs.signed(stranger.identity.node)
    archive.add(signed.block).with_shelf(heads=(signed.cid,))
    with pytest.raises(Refused, match="not by one of its writers"):
        import_car(keeper, [archive.pack()])


def test_what_is_no_sealed_block_is_refused(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    plain = life.held(desk, mimei).genesis.block
    archive = Archive(life.exported(desk, mimei)).add(plain).with_shelf(genesis=plain.cid)
    with pytest.raises(NotSealed):
        import_car(keeper, [archive.pack()])


def test_a_block_that_is_missing_is_named(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    archive = Archive(life.exported(desk, mimei))
    with pytest.raises(BlockMissing):
        import_car(keeper, [archive.without(archive.shelves[0].genesis).pack()])


def test_a_key_epoch_that_goes_back_is_refused(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    rotate(desk, mimei)
    life.bring(desk, keeper, mimei)
    control = life.held(desk, mimei).control
    back = Control.decode(control.following(key_epoch=0, ring=None).signed(desk.identity.person).encode())
    archive = Archive(life.exported(desk, mimei)).add(back.block).with_shelf(control=back.cid)
    with pytest.raises(ControlUndone, match="goes back from key epoch 1 to 0"):
        import_car(keeper, [archive.pack()])


def test_what_lost_in_a_merge_outlives_its_versions_at_a_keeper(desk: Engines, phone: Engines, keeper: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    life.bring(desk, phone, mimei)
    written(desk, mimei, "map.txt", b"by the desk" * 100)
    written(phone, mimei, "map.txt", b"by the phone" * 100)
    life.bring(phone, desk, mimei)
    written(desk, mimei, "later.txt", b"later")
    history.delete_versions(desk, mimei, 0, 2)
    collect(desk)
    life.bring(desk, keeper, mimei)
    collect(keeper)
    laptop = memory_engines(node="laptop")
    life.bring(keeper, laptop)
    collect(laptop)
    assert faults(laptop) == faults(keeper) == []
    with laptop.state.read() as view:
        held = life.held(laptop, mimei)
        (conflict,) = contested(laptop, view, held)
    (other,) = conflict.others
    lost = decode_path_entry(other.value).cid
    assert lost is not None
    assert b"".join(read_bytes(held.engines, lost)) in (b"by the desk" * 100, b"by the phone" * 100)


def test_two_imports_at_once_do_not_lose_what_either_brought(desk: Engines, keeper: Engines) -> None:
    mimei = filled(desk)
    life.bring(desk, keeper, mimei)
    stale = only(keeper)
    with pytest.raises(KeptMeanwhile):
        enter(keeper, [stale])  # it was joined with nothing, and by now there is something


@pytest.mark.parametrize("fate", list(Fate))
def test_what_a_user_keeps_goes_to_the_owner_or_goes_when_they_leave(desk: Engines, fate: Fate) -> None:
    node = memory_engines(person="hana", node="hana's")
    users = Users(node, Tokens(node), MemorySeeds())
    ann = users.join(users.invite("Ann")[0]).id
    mimei = filled(desk)
    import_car(node, [life.exported(desk, mimei)], user=ann)
    assert own_ids(node, ann) == [mimei]
    remove_user(node, users, ann, fate)
    assert own_ids(node, None) == ([mimei] if fate is Fate.KEEP else [])
    collect(node)
    assert bool(list(node.blocks.cids())) is (fate is Fate.KEEP)
