"""Archives: what they bring back, and what is refused with nothing kept."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TypeVar

import msgspec
import pytest

from leither import limits
from leither.codec import RAW, Block, Cid
from leither.codec.car import BadCar, write_car
from leither.crypto import MimeiId, open_seed
from leither.errors import LeitherError
from leither.merkle import Entry, Nodes, Shape, Stamp, build
from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.entry import EntryType, PathEntry, Reference, encode_record_value, tag_key
from leither.mimei.export import BESIDE, VERSION_TYPE, Export
from leither.mimei.head import Head, Release
from leither.mimei.path import path_key
from leither.mimei.property import property_key
from leither.mimei.tag import Tag
from leither.mimei.version import Version, seen_tuple
from leither.service import history, pages, references, tags
from leither.service.archive_in import NotAnArchive, import_car, sealed_identity
from leither.service.archive_out import export_car, seal_identity
from leither.service.backup import backup
from leither.service.catalog import Catalog, referrers
from leither.service.clones import ClonedWriter
from leither.service.collect import check, collect
from leither.service.controls import ControlDiverged
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound, heads, load
from leither.service.proof_of_records import Refused
from leither.service.versions import held_versions, rows
from leither.service.writers import WriterCut
from leither.store import MemoryState
from leither.store.memory_state import MemoryTransaction
from leither.testing.node import counted, memory_engines
from leither.testing.suites.expect import damage
from tests.unit.service.archive import Archive, Forger, tampered, with_control
from tests.unit.service.life import bring, counters, exported, held, made, put, recounted, remove, shown, version

T = TypeVar("T")


@pytest.fixture
def lived(desk: Engines) -> MimeiId:
    """A MiMei with a life: versions, one deleted, a release, a reference, a tag, a right, unsaved changes."""
    mimei, other = made(desk), made(desk, mark="other")
    backup(desk, other)
    for number in range(4):
        put(desk, mimei, f"d/f{number}", b"%d" % number * 2000)
        backup(desk, mimei)
    references.add(desk, mimei, Reference(other, held(desk, other).base), delta=2)
    tags.add(desk, mimei, "topic", "music")
    put(desk, mimei, "big", b"b" * 1_500_000)
    backup(desk, mimei)
    history.release(desk, mimei, 2)
    history.delete_versions(desk, mimei, 1, 1)
    Catalog(desk).change_control(mimei, right=7, quota=10_000_000)
    put(desk, mimei, "unsaved", b"u")
    remove(desk, mimei, "d/f0")
    return mimei


def state_of(engines: Engines) -> list[tuple[bytes, bytes]]:
    with engines.state.read() as view:
        return list(view.scan(b""))


def numbers(engines: Engines, mimei: MimeiId) -> list[tuple[int, Cid, bool]]:
    with engines.state.read() as view:
        found = rows(engines, view, load(engines, view, mimei))
        return [(row.record.n, row.cid, row.released) for row in found]


def test_on_an_empty_node_everything_is_as_it_was(desk: Engines, phone: Engines, lived: MimeiId) -> None:
    done = bring(desk, phone)
    assert sorted(one.state for one in done.mimei) == ["added", "added"]
    assert numbers(phone, lived) == numbers(desk, lived)
    assert [n for n, _, _ in numbers(phone, lived)] == [4, 3, 2, 0]
    for selector in ("cur", "release", 0, 2, 3, 4):
        assert shown(phone, lived, selector) == shown(desk, lived, selector)
    assert counters(phone, lived) == counters(desk, lived) == recounted(phone, lived)
    one, other = held(desk, lived), held(phone, lived)
    assert (one.control, one.genesis, one.release) == (other.control, other.genesis, other.release)
    with desk.state.read() as here, phone.state.read() as there:
        for target in (made(desk, mark="other"), lived):
            assert referrers(here, target) == referrers(there, target)
        assert tags.find(there, [("topic", "music")]) == {lived}
    assert damage(check(phone)) == []


def test_an_equal_archive_changes_nothing(desk: Engines, phone: Engines, lived: MimeiId) -> None:
    car = exported(desk)
    assert exported(desk) == car
    import_car(phone, [car])
    before = state_of(phone)
    assert {one.state for one in import_car(phone, [car]).mimei} == {"unchanged"}
    assert {one.state for one in import_car(desk, [car]).mimei} == {"unchanged"}
    assert state_of(phone) == before


def test_an_archive_that_was_passed_on_is_as_good(desk: Engines, phone: Engines, lived: MimeiId) -> None:
    third = memory_engines(node="third")
    bring(desk, phone)
    bring(phone, third)
    assert exported(third) == exported(desk)


def test_a_merge_that_nobody_signed_is_passed_on(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    backup(desk, mimei)
    bring(desk, phone)
    for engines, name in ((desk, "a"), (phone, "b")):
        put(engines, mimei, name, b"1")
        backup(engines, mimei)
    bring(phone, desk)
    assert version(desk, held(desk, mimei).base).is_merge
    third = memory_engines(node="third")
    bring(desk, third)
    assert numbers(third, mimei) == numbers(desk, mimei)


def test_a_release_alone_is_passed_on(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for data in (b"1", b"2"):
        put(desk, mimei, "a", data)
        backup(desk, mimei)
    bring(desk, phone)
    history.release(desk, mimei, 0)
    assert [one.state for one in bring(desk, phone).mimei] == ["updated"]
    assert shown(phone, mimei, "release") == {"a": b"1"}


def test_the_later_turn_releases_wherever_it_comes_from(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for data in (b"1", b"2"):
        put(desk, mimei, "a", data)
        backup(desk, mimei)
    history.release(desk, mimei, 1)
    bring(desk, phone)
    history.release(phone, mimei, 0)
    bring(phone, desk)
    assert held(desk, mimei).release == held(phone, mimei).release == numbers(desk, mimei)[1][1]


def test_a_change_of_control_alone_is_passed_on(desk: Engines, phone: Engines, lived: MimeiId) -> None:
    bring(desk, phone)
    Catalog(desk).change_control(lived, right=1)
    assert "updated" in {one.state for one in bring(desk, phone).mimei}
    assert held(phone, lived).control.right == 1


def test_versions_deleted_elsewhere_go_here_too(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for data in (b"1", b"2", b"3"):
        put(desk, mimei, "a", data)
        backup(desk, mimei)
    bring(desk, phone)
    history.delete_versions(desk, mimei, 0, 1)
    bring(desk, phone)
    assert numbers(phone, mimei) == numbers(desk, mimei)


def test_two_nodes_that_add_themselves_at_once_agree_on_the_control(desk: Engines, phone: Engines) -> None:
    third = memory_engines(node="third")
    mimei = made(desk)
    for engines, name in ((phone, "a"), (third, "b")):
        bring(desk, engines)
        put(engines, mimei, name, b"1")
        backup(engines, mimei)
    for source, target in ((phone, third), (third, phone), (phone, desk), (desk, third), (third, desk), (desk, phone)):
        bring(source, target)
    controls = {held(engines, mimei).control.cid for engines in (desk, phone, third)}
    assert len(controls) == 1
    assert len(held(desk, mimei).control.writers) == 3
    assert shown(desk, mimei) == shown(phone, mimei) == shown(third, mimei) == {"a": b"1", "b": b"1"}


def test_a_topic_begun_on_two_nodes_is_one_mimei(desk: Engines, phone: Engines) -> None:
    for engines, name in ((desk, "a"), (phone, "b")):
        mimei = made(engines)
        put(engines, mimei, name, b"1")
        backup(engines, mimei)
    bring(desk, phone)
    bring(phone, desk)
    assert shown(desk, mimei) == shown(phone, mimei) == {"a": b"1", "b": b"1"}


def test_a_stranger_takes_the_newer_control_and_can_not_join_two(
    desk: Engines, phone: Engines, stranger: Engines
) -> None:
    mimei = made(desk)
    backup(desk, mimei)
    bring(desk, phone)
    bring(desk, stranger)
    Catalog(desk).change_control(mimei, quota=5)
    bring(desk, stranger)
    assert held(stranger, mimei).control.quota == 5
    backup(phone, mimei)
    put(phone, mimei, "a", b"1")
    backup(phone, mimei)
    before = state_of(stranger)
    with pytest.raises(ControlDiverged):
        bring(phone, stranger)
    assert state_of(stranger) == before
    bring(phone, desk)
    bring(desk, stranger)
    assert shown(stranger, mimei) == {"a": b"1"}


def test_a_writer_that_was_cut_off_counts_up_to_its_last_accepted_head(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    backup(desk, mimei)
    bring(desk, phone)
    put(phone, mimei, "accepted", b"1")
    backup(phone, mimei)
    bring(phone, desk)
    cut_off(desk, mimei, phone)
    put(phone, mimei, "refused", b"2")
    backup(phone, mimei)
    bring(phone, desk)
    assert shown(desk, mimei) == {"accepted": b"1"}
    bring(desk, phone)
    assert shown(phone, mimei) == {"accepted": b"1"}
    put(phone, mimei, "more", b"3")
    with pytest.raises(WriterCut):
        backup(phone, mimei)


def test_what_a_standing_writer_built_on_stays_after_a_cut(desk: Engines, phone: Engines) -> None:
    mimei, third = made(desk), memory_engines(node="third")
    backup(desk, mimei)
    bring(desk, phone)
    put(phone, mimei, "early", b"1")
    backup(phone, mimei)
    bring(phone, desk)
    put(phone, mimei, "late", b"2")
    backup(phone, mimei)
    bring(phone, third)
    put(third, mimei, "own", b"3")
    backup(third, mimei)
    cut_off(desk, mimei, phone)
    bring(third, desk)
    bring(desk, third)
    assert shown(desk, mimei) == shown(third, mimei) == {"early": b"1", "late": b"2", "own": b"3"}


def cut_off(author: Engines, mimei: MimeiId, doomed: Engines) -> None:
    """Let the author's node cut another off where it knows it."""
    with author.state.read() as view:
        found = {head.by: (number, head) for number, head, _ in heads(author, view, mimei)}
    number, head = found[doomed.identity.node.public]
    control = held(author, mimei).control.following(cut=(Cut(number, head.seq, head.cid),), epoch=1)
    import_car(author, [with_control(exported(author, mimei), control.signed(author.identity.person))])


def test_the_identity_travels_under_its_passphrase(desk: Engines, lived: MimeiId) -> None:
    car = b"".join(export_car(desk, identity=seal_identity(desk, desk.persons.owner, "correct horse")))
    sealed = sealed_identity([car])
    assert sealed is not None
    assert open_seed(sealed, "correct horse") == desk.identity.seed
    assert desk.identity.seed not in car
    assert sealed_identity([exported(desk)]) is None


def test_an_export_of_what_is_not_here_is_refused(desk: Engines) -> None:
    with pytest.raises(MimeiNotFound):
        exported(desk, made(memory_engines(person="bob")))


def test_an_export_with_a_block_missing_fails(desk: Engines, lived: MimeiId) -> None:
    counted(desk).lose([Cid.of(RAW, b"0" * 2000)])
    with pytest.raises(LeitherError):
        exported(desk)


def block_kinds(archive: Archive) -> Iterator[tuple[str, Cid]]:
    for cid, data in archive.blocks.items():
        kinds = {b"control", b"head", b"version", b"genesis"}
        yield next((kind.decode() for kind in kinds if b"dkind" in data and kind in data), f"{cid.codec:x}"), cid


def refused(engines: Engines, car: bytes) -> LeitherError:
    """Import what must be refused, and see that nothing of it shows."""
    before = state_of(engines)
    with pytest.raises(LeitherError) as caught:
        import_car(engines, [car])
    assert state_of(engines) == before
    collect(engines)
    return caught.value


def test_an_archive_without_any_one_of_its_blocks_is_refused_unless_the_rest_makes_it(
    desk: Engines, lived: MimeiId
) -> None:
    car = exported(desk, lived)
    # What was before the present control tells only which of two is newer; without it the archive is whole.
    older: set[Cid | None] = {held(desk, lived).control.prev}
    control = held(desk, lived).control
    while control.prev is not None:
        older.add(control.prev)
        control = desk.record(Control, control.prev)
    # And what it refers to of others comes along as far as it is held.
    others = Archive(exported(desk, made(desk, mark="other"))).blocks.keys()
    for cid in Archive(car).blocks:
        if cid in older | others:
            continue
        phone = memory_engines(node="phone")
        try:
            import_car(phone, [Archive(car).without(cid).pack()])
        except LeitherError:
            assert state_of(phone) == []
        else:
            # A directory's block follows from its entries.
            assert phone.blocks.has(cid)
            assert exported(phone, lived) == car


def test_an_archive_with_any_one_byte_changed_is_refused_or_says_the_same(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    car = exported(desk)
    good = memory_engines(node="phone")
    import_car(good, [car])
    for place in range(0, len(car), 7):
        engines = memory_engines(node="phone")
        try:
            import_car(engines, [car[:place] + bytes((car[place] ^ 1,)) + car[place + 1 :]])
        except LeitherError:
            assert state_of(engines) == []
        else:  # only the codec beside a hash can change, and blocks are found by their hash
            assert state_of(engines) == state_of(good)
    refused(phone, car[:-1])


def test_a_second_mimei_that_is_refused_keeps_the_first_out(desk: Engines, phone: Engines, lived: MimeiId) -> None:
    archive = Archive(exported(desk))
    archive.shelves[1] = msgspec.structs.replace(archive.shelves[1], heads=())
    archive.shelves.reverse()
    refused(phone, archive.pack())


def test_a_mimei_that_comes_twice_is_refused(desk: Engines, phone: Engines, lived: MimeiId) -> None:
    archive = Archive(exported(desk, lived))
    archive.shelves *= 2
    assert isinstance(refused(phone, archive.pack()), Refused)


EMPTY_FILE = Block.of(RAW, b"")


def with_foreign_control(forger: Forger) -> Archive:
    person = memory_engines(person="bob").identity.person
    control = msgspec.structs.replace(forger.control, by=person.public).signed(person)
    return forger.archive.add(control.block).with_shelf(control=control.cid)


def unsigned_control(forger: Forger) -> Archive:
    control = msgspec.structs.replace(forger.control, right=1)
    return forger.archive.add(control.block).with_shelf(control=control.cid)


def foreign(head: Head) -> Head:
    node = memory_engines(node="x").identity.node
    return msgspec.structs.replace(head, by=node.public).signed(node)


def two_heads(forger: Forger) -> Archive:
    other = msgspec.structs.replace(forger.head, seq=forger.head.seq + 1).signed(forger.engines.identity.node)
    return forger.heads(forger.head, other)


def forged_tag(forger: Forger) -> bytes:
    tag = Tag(mimei=forger.mimei, dimension="a", value="b", at=1, by=forger.engines.identity.person.public)
    return msgspec.structs.replace(tag.signed(forger.engines.identity.person), at=2).encode()


def changed(forger: Forger, key: bytes, value: bytes) -> Archive:
    made: list[Block] = []
    root = build(Nodes(forger.engines.blocks.get, made.append), [Entry(key, Stamp(0, 0), value)], Shape(bytes(16)))
    return forger.archive.add(*made).with_shelf(cur=root)


HIGHEST = (1 << 63) - limits.NUMBER_ROOM
"""One more than the largest number that leaves room for others."""
FORGERIES: dict[str, Callable[[Forger], Archive]] = {
    "a control by another person": with_foreign_control,
    "a control of another MiMei": lambda f: f.controlled(genesis=f.control.cid),
    "a control with its signature changed": unsigned_control,
    "a head by somebody who does not write": lambda f: f.heads(foreign(f.head)),
    "a head of another MiMei": lambda f: f.head_changed(mimei=bytes(20)),
    "a head without its version": lambda f: f.head_changed(tip=f.control.cid),
    "two heads of one writer": two_heads,
    "a head older than the writer's version": lambda f: f.head_changed(seq=1),
    "no head at all": lambda f: f.heads(),
    "a head beyond the cut": lambda f: f.controlled(cut=(Cut(f.control.writers[0].number, 1, f.head.cid),)),
    "another head where it was cut": lambda f: f.controlled(
        cut=(Cut(f.control.writers[0].number, f.head.seq, f.version.side),)
    ),
    "a head that none can follow": lambda f: f.head_changed(seq=limits.MAP_SEQ_MAX - limits.NUMBER_ROOM + 1),
    "a head of an epoch that none can follow": lambda f: f.head_changed(epoch=HIGHEST),
    "a release whose turn none can top": lambda f: f.head_changed(release=Release(f.head.tip, HIGHEST)),
    "a control that none can follow": lambda f: f.controlled(epoch=HIGHEST),
    "a version that none can follow": lambda f: f.versioned(n=HIGHEST),
    "a version that has seen what none can follow": lambda f: f.versioned(
        seen=seen_tuple({**f.version.seen_map, 9: limits.MAP_SEQ_MAX})
    ),
    "a version of another MiMei": lambda f: f.versioned(mimei=bytes(20)),
    "a version by another writer": lambda f: f.with_version(f.version.signed(memory_engines(node="x").identity.node)),
    "a version changed after it was signed": lambda f: f.with_version(
        msgspec.structs.replace(f.version, note="changed")
    ),
    "a version that its writer did not count": lambda f: f.versioned(seen=seen_tuple({9: 9})),
    "a version with another salt": lambda f: f.versioned(salt=bytes(16)),
    "a version below what it stands on": lambda f: f.versioned(n=0),
    "a version of another size": lambda f: f.versioned(size_bytes=1),
    "a version with another content": lambda f: f.versioned(content=version(f.engines, f.version.parents[0]).content),
    "a version with half a map": lambda f: f.versioned(siblings=f.version.content),
    "an entry from nowhere": lambda f: f.with_entry(
        path_key(("new",)), PathEntry(EntryType.DIRECTORY).encode(), stamp=Stamp(9, 9)
    ),
    "an entry of no known form": lambda f: f.with_entry(path_key(("new",)), b"\xff"),
    "a path that leads out": lambda f: f.with_entry(b"\x80..", PathEntry(EntryType.DIRECTORY).encode()),
    "a file longer than its bytes": lambda f: f.with_entry(
        path_key(("new",)), PathEntry(EntryType.FILE, cid=f.version.content, size_bytes=9).encode()
    ),
    "a file in a file": lambda f: f.with_entry(path_key(("big", "in")), PathEntry(EntryType.DIRECTORY).encode()),
    "a root that is a symlink": lambda f: f.with_entry(path_key(()), PathEntry(EntryType.SYMLINK, target="x").encode()),
    "an entry of no known type": lambda f: f.with_entry(b"\x88new", b"\x81"),
    "an entry of a database": lambda f: f.with_entry(b"\x92key", b"\x80value"),
    "a property of no known form": lambda f: f.with_entry(b"\x81new", b"\x87<a/>"),
    "a property whose value is none": lambda f: f.with_entry(property_key(("big",), "a"), b"\x86<a/>"),
    "a reference of no known form": lambda f: f.with_entry(b"\x82" + bytes(20), b"\xff"),
    "a tag with its signature changed": lambda f: f.with_entry(
        tag_key("a", "b", bytes(20)), encode_record_value(forged_tag(f))
    ),
    "a list of versions that holds something else": lambda f: f.archive.with_shelf(versions=f.version.side),
    "a version that is none": lambda f: f.archive.with_shelf(genesis=f.head.tip),
    "a change below a file": lambda f: changed(f, path_key(("big", "in")), PathEntry(EntryType.DIRECTORY).encode()),
    "a file over a directory": lambda f: changed(
        f, path_key(("d",)), PathEntry(EntryType.SYMLINK, target="x").encode()
    ),
    "a change that leads out": lambda f: changed(f, b"\x80..", PathEntry(EntryType.DIRECTORY).encode()),
}


def lone_versions(engines: Engines, mimei: MimeiId, *names: str) -> bytes:
    """The archive of a node that has made a version after each of these files."""
    for name in names:
        put(engines, mimei, name, b"1")
        backup(engines, mimei)
    return exported(engines, mimei)


@pytest.mark.parametrize(("ours", "theirs"), [(1, 1), (1, 2), (2, 1), (1, 3), (3, 1)])
def test_a_home_folder_that_ran_twice_is_named_and_neither_side_wins(desk: Engines, ours: int, theirs: int) -> None:
    clone = memory_engines(node="desk")
    mimei = made(desk)
    import_car(clone, [lone_versions(desk, mimei, "shared")])
    lone_versions(desk, mimei, *["a", "b", "c"][:ours])
    car = lone_versions(clone, mimei, *["x", "y", "z"][:theirs])
    error = refused(desk, car)
    assert isinstance(error, ClonedWriter)
    assert error.details["writer"] == held(desk, mimei).row.number
    assert str(error.details["key"]) in str(error)


def test_a_clone_that_was_cut_off_is_no_hindrance(desk: Engines, phone: Engines) -> None:
    clone = memory_engines(node="phone")
    mimei = made(desk)
    for engines in (phone, clone):
        bring(desk, engines, mimei)
        lone_versions(engines, mimei, engines.identity.node.public.hex()[:4] + str(engines is clone))
    bring(phone, desk)
    assert isinstance(refused(desk, exported(clone, mimei)), ClonedWriter)
    cut_off(desk, mimei, phone)
    assert shown(desk, mimei).keys() == shown(phone, mimei).keys()


def test_the_highest_numbers_that_leave_room_are_taken(desk: Engines, phone: Engines, lived: MimeiId) -> None:
    import_car(phone, [Forger(desk, lived).versioned(n=HIGHEST - 1).pack()])
    put(phone, lived, "more", b"1")
    assert backup(phone, lived).n == HIGHEST


@pytest.mark.parametrize("forgery", FORGERIES)
def test_an_archive_that_does_not_prove_itself_is_refused(
    desk: Engines, phone: Engines, lived: MimeiId, forgery: str
) -> None:
    refused(phone, FORGERIES[forgery](Forger(desk, lived)).pack())


def test_a_forged_merge_is_refused(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    backup(desk, mimei)
    bring(desk, phone)
    for engines, name in ((desk, "a"), (phone, "b")):
        put(engines, mimei, name, b"1")
        backup(engines, mimei)
    bring(phone, desk)
    base = version(desk, held(desk, mimei).base)
    forged = msgspec.structs.replace(base, seen=seen_tuple({**base.seen_map, 7: 7}))
    archive = Archive(exported(desk)).add(forged.block)
    made_blocks: list[Block] = []
    with desk.state.read() as view:
        kept = sorted({*held_versions(view, mimei), forged.cid} - {base.cid})
    entries = (Entry(VERSION_TYPE + cid, Stamp(0, 0), BESIDE) for cid in kept)
    root = build(Nodes(desk.blocks.get, made_blocks.append), entries, Shape(bytes(16)))
    archive.add(*made_blocks).with_shelf(versions=root)
    assert "vouches" in str(refused(memory_engines(node="third"), archive.pack()))


def test_the_release_of_a_writer_without_the_right_does_not_count(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for data in (b"1", b"2"):
        put(desk, mimei, "a", data)
        backup(desk, mimei)
    history.release(desk, mimei, 0)
    bring(desk, phone)
    history.release(phone, mimei, 1)
    control = held(phone, mimei).control
    writers = tuple(
        WriterEntry(one.number, one.key, 1 if one.key == phone.identity.node.public else one.rights)
        for one in control.writers
    )
    Catalog(desk).change_control(mimei, quota=None)
    lowered = control.following(writers=writers, epoch=1).signed(desk.identity.person)
    import_car(desk, [with_control(exported(phone), lowered)])
    assert shown(desk, mimei, "release") == {"a": b"1"}


def test_what_is_no_archive_is_refused(desk: Engines) -> None:
    stray = Block.of(RAW, b"stray")
    record = Export().block
    for car, error in (
        (b"", BadCar),
        (b"".join(write_car([], [])), NotAnArchive),
        (b"".join(write_car([stray.cid], [stray])), NotAnArchive),
        (b"".join(write_car([stray.cid], [record, stray])), NotAnArchive),
    ):
        with pytest.raises(error):
            import_car(desk, [car])
        with pytest.raises(error):
            sealed_identity([car])


def test_unsaved_changes_survive_an_import_that_brings_nothing_new(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    bring(desk, phone)
    put(phone, mimei, "mine", b"2")
    bring(desk, phone)
    assert counters(phone, mimei) == recounted(phone, mimei) == (2, 2, 1)


def test_somebody_who_writes_during_an_import_loses_nothing(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    bring(desk, phone)
    put(desk, mimei, "b", b"2")
    backup(desk, mimei)
    done: list[PathEntry] = []

    class Interrupted(MemoryState):
        def write(self, change: Callable[[MemoryTransaction], T]) -> T:
            if not done:
                done.append(PathEntry(EntryType.DIRECTORY))
                done.append(put(phone, mimei, "c", b"3"))
            return super().write(change)

    phone.state.__class__ = Interrupted
    bring(desk, phone)
    assert shown(phone, mimei) == {"a": b"1", "b": b"2", "c": b"3"}
    assert counters(phone, mimei) == recounted(phone, mimei)


def test_a_file_written_at_an_offset_travels(desk: Engines, phone: Engines) -> None:
    file = made(desk, "file")
    pages.write_at(desk, file, 3, b"abc")
    backup(desk, file)
    bring(desk, phone)
    assert version(phone, held(phone, file).base) == version(desk, held(desk, file).base)
    assert isinstance(version(phone, held(phone, file).base), Version)
    assert tampered(exported(desk), lambda archive: archive) == exported(desk)
