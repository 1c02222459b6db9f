"""Readers of a private MiMei: added by a grant, left out by taking it back, each with the keys they should have."""

from __future__ import annotations

import pytest

from leither.codec.sealed import read
from leither.crypto import KeyPair, MimeiId, seal_key
from leither.db import execute
from leither.mimei.key_ring import KeyRing
from leither.mimei.sealing import EpochKeyMissing
from leither.people import Act
from leither.people.period import Period
from leither.service.backup import backup
from leither.service.catalog import Catalog, NotTheAuthor
from leither.service.collect import check, collect
from leither.service.database import Database
from leither.service.engines import Engines
from leither.service.grant_entries import Kept
from leither.service.grants import SealKeyNeeded, give, take_back
from leither.service.holding import MimeiNotFound
from leither.service.readers import readers_of, rotate, settle_readers
from leither.service.tree import open_tree, read_bytes
from leither.testing.node import clock_of, memory_engines
from tests.unit.service import life
from tests.unit.service.guests import HOUR_MS, seen_as
from tests.unit.service.guests import shared as let_in
from tests.unit.service.test_foreign_databases import run
from tests.unit.service.test_private import SECRET, private, shown
from tests.unit.service.test_succession import rotated

READ = Act.READ_CUR | Act.READ_VERSIONS


def shared(engines: Engines, mimei: MimeiId, reader: Engines, *, acts: Act = READ, hours: int = 1) -> Kept:
    """Let the person of another node read, as the author."""
    now_ms = engines.clock.now_ms()
    return give(
        engines,
        life.held(engines, mimei),
        engines.identity.person,
        to=reader.identity.person.public,
        acts=acts,
        period=Period(now_ms, now_ms + hours * HOUR_MS),
        seal=seal_key(reader.identity.seed).public,
    )


def ring_of(engines: Engines, mimei: MimeiId) -> KeyRing:
    ring = life.held(engines, mimei).control.ring
    assert ring is not None
    return engines.record(KeyRing, ring).check()


def written(engines: Engines, mimei: MimeiId, name: str, data: bytes) -> None:
    life.put(engines, mimei, name, data)
    backup(engines, mimei)


@pytest.fixture
def carl() -> Engines:
    """A node of a third person."""
    return memory_engines(person="carl", node="carl's")


def test_who_is_let_read_opens_what_an_archive_brings(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    shared(desk, mimei, stranger)
    assert life.bring(desk, stranger, mimei).mimei[0].state == "added"
    assert shown(stranger, mimei) == shown(stranger, mimei, 0) == {"map.txt": SECRET}


@pytest.mark.parametrize("kind", ["file", "db"])
def test_readers_open_files_and_databases_alike(desk: Engines, stranger: Engines, kind: str) -> None:
    mimei = private(desk, kind)
    if kind == "db":
        run(desk, mimei, "SET treasure oak")
    else:
        life.put(desk, mimei, "", SECRET)
    shared(desk, mimei, stranger)
    life.bring(desk, stranger, mimei)
    if kind == "db":
        with Database.open(stranger, mimei).reading() as space:
            assert execute(space, [b"GET", b"treasure"]) == b"oak"
    else:
        assert shown(stranger, mimei, 0)[""] == SECRET


def test_who_was_not_let_read_does_not_open_it(desk: Engines, stranger: Engines, carl: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    shared(desk, mimei, stranger)
    assert life.bring(desk, carl, mimei).mimei[0].state == "kept"
    with pytest.raises(MimeiNotFound):
        life.held(carl, mimei)


def test_a_reader_who_comes_late_reads_what_was_written_before(desk: Engines, stranger: Engines, carl: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    kept = shared(desk, mimei, stranger)
    take_back(desk, mimei, kept.name)
    written(desk, mimei, "later.txt", b"later")
    shared(desk, mimei, carl)
    life.bring(desk, carl, mimei)
    assert shown(carl, mimei) == {"map.txt": SECRET, "later.txt": b"later"}
    assert shown(carl, mimei, 0) == {"map.txt": SECRET}


def test_more_readers_share_one_epoch_and_its_key(desk: Engines, stranger: Engines, carl: Engines) -> None:
    mimei = private(desk)
    shared(desk, mimei, stranger)
    first = ring_of(desk, mimei)
    shared(desk, mimei, carl)
    second = ring_of(desk, mimei)
    assert (first.key_epoch, second.key_epoch) == (0, 0)
    assert set(first.keys) < set(second.keys)
    assert len(second.keys) == 3  # the author is one of them


def test_a_reader_who_is_left_out_reads_nothing_new_in_the_whole_disk_of_the_author(
    desk: Engines, stranger: Engines, carl: Engines
) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    kept = shared(desk, mimei, stranger)
    shared(desk, mimei, carl)
    life.bring(desk, stranger, mimei)
    known = set(desk.blocks.cids())
    take_back(desk, mimei, kept.name)
    written(desk, mimei, "new.txt", b"the treasure was moved")
    new = [
        read(desk.blocks.get(cid))
        for cid in desk.blocks.cids()
        if desk.blocks.get(cid)[:2] == b"\x86\x01" and cid not in known
    ]
    assert new
    keys = stranger.private(mimei, life.held(stranger, mimei).control, None).blocks.sealed.keys  # type: ignore[attr-defined]
    opened = [
        keys.of(epoch).open(sealed.nonce, sealed.head, sealed.ciphertext) for sealed in new for epoch in keys.epochs
    ]
    assert opened == [None] * len(new) * len(keys.epochs)
    assert {sealed.epoch for sealed in new} == {1}
    with pytest.raises(EpochKeyMissing):
        life.bring(desk, stranger, mimei)
    assert shown(stranger, mimei) == {"map.txt": SECRET}
    life.bring(desk, carl, mimei)
    assert shown(carl, mimei)["new.txt"] == b"the treasure was moved"


def test_a_new_epoch_seals_nothing_again_and_a_version_of_both_reads_back(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    for number in range(40):
        life.put(desk, mimei, f"folder {number % 7}/{number}", SECRET * (number + 1))
    backup(desk, mimei)
    before = set(desk.blocks.cids())
    take_back(desk, mimei, shared(desk, mimei, stranger).name)
    written(desk, mimei, "folder 1/1", b"changed")
    sealed = [cid for cid in set(desk.blocks.cids()) - before if desk.blocks.get(cid)[:2] == b"\x86\x01"]
    assert {read(desk.blocks.get(cid)).epoch for cid in sealed} == {1}
    assert len(sealed) < 12
    expected = {f"folder {number % 7}/{number}": SECRET * (number + 1) for number in range(40)}
    assert shown(desk, mimei, 0) == expected
    assert shown(desk, mimei, 1) == expected | {"folder 1/1": b"changed"}
    collect(desk)
    assert shown(desk, mimei, 1) == expected | {"folder 1/1": b"changed"}
    assert [fault for fault in check(desk) if hasattr(fault, "where")] == []


def test_a_grant_that_ends_leaves_its_reader_out_of_the_next_version(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    shared(desk, mimei, stranger, hours=1)
    written(desk, mimei, "map.txt", SECRET)
    clock_of(desk).advance(2 * HOUR_MS)
    written(desk, mimei, "new.txt", b"new")
    assert life.held(desk, mimei).control.key_epoch == 1
    assert len(ring_of(desk, mimei).keys) == 1


def test_who_may_only_write_gets_no_key(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    shared(desk, mimei, stranger, acts=Act.WRITE)
    assert life.held(desk, mimei).control.ring is None


def test_sharing_by_the_signing_key_alone_asks_for_the_one_that_keys_are_sent_with(
    desk: Engines, stranger: Engines
) -> None:
    mimei = private(desk)
    now_ms = desk.clock.now_ms()
    with pytest.raises(SealKeyNeeded, match="share key --private"):
        give(
            desk,
            life.held(desk, mimei),
            desk.identity.person,
            to=stranger.identity.person.public,
            acts=READ,
            period=Period(now_ms, now_ms + HOUR_MS),
        )
    assert life.held(desk, mimei).control.ring is None


def test_both_nodes_of_the_author_come_to_one_ring(
    desk: Engines, phone: Engines, stranger: Engines, carl: Engines
) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    life.bring(desk, phone, mimei)
    shared(desk, mimei, stranger)
    shared(phone, mimei, carl)
    for _ in range(3):
        life.bring(desk, phone, mimei)
        life.bring(phone, desk, mimei)
    assert life.held(desk, mimei).control.cid == life.held(phone, mimei).control.cid
    assert len(ring_of(desk, mimei).keys) == 3
    for reader in (stranger, carl):
        life.bring(phone, reader, mimei)
        assert shown(reader, mimei)["map.txt"] == SECRET


def test_who_was_left_out_on_one_node_stays_out_when_the_other_lets_somebody_in(
    desk: Engines, phone: Engines, stranger: Engines, carl: Engines
) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    kept = shared(desk, mimei, stranger)
    life.bring(desk, phone, mimei)
    take_back(desk, mimei, kept.name)
    shared(phone, mimei, carl)
    for _ in range(3):
        life.bring(desk, phone, mimei)
        life.bring(phone, desk, mimei)
    assert life.held(desk, mimei).control.cid == life.held(phone, mimei).control.cid
    assert life.held(desk, mimei).control.key_epoch == 1
    written(phone, mimei, "new.txt", b"new")
    life.bring(phone, carl, mimei)
    assert shown(carl, mimei)["new.txt"] == b"new"
    assert life.bring(phone, stranger, mimei).mimei[0].state == "kept"


def test_the_author_begins_a_new_epoch_at_will(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    shared(desk, mimei, stranger)
    rotate(desk, mimei)
    rotate(desk, mimei)
    assert life.held(desk, mimei).control.key_epoch == 2
    written(desk, mimei, "map.txt", SECRET)
    life.bring(desk, stranger, mimei)
    assert shown(stranger, mimei) == {"map.txt": SECRET}
    with pytest.raises(NotTheAuthor):
        rotate(stranger, mimei)


def test_readers_are_listed_with_whether_they_have_the_key(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    author = desk.identity.person.id
    assert [(reader.id, reader.has_key) for reader in readers_of(desk, mimei)] == [(author, True)]
    shared(desk, mimei, stranger)
    listed = [(reader.id, reader.has_key) for reader in readers_of(desk, mimei)]
    assert listed == [(author, True), (stranger.identity.person.id, True)]
    life.bring(desk, stranger, mimei)
    assert [reader.has_key for reader in readers_of(stranger, mimei)] == [True, None]


def test_settling_again_changes_nothing(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    shared(desk, mimei, stranger)
    before = life.held(desk, mimei).control.cid
    assert settle_readers(desk, mimei).control.cid == before


def test_a_key_that_nothing_can_be_wrapped_for_is_passed_over(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    shared(desk, mimei, stranger)
    now_ms = desk.clock.now_ms()
    give(
        desk,
        life.held(desk, mimei),
        desk.identity.person,
        to=KeyPair(bytes([9]) * 32).public,
        acts=READ,
        period=Period(now_ms, now_ms + HOUR_MS),
        seal=bytes(32),
    )
    assert len(ring_of(desk, mimei).keys) == 2


def test_a_user_of_the_same_node_is_let_read_by_their_key_alone(desk: Engines) -> None:
    mimei = private(desk)
    person = desk.persons.admit(bytes([5]) * 32)
    now_ms = desk.clock.now_ms()
    give(
        desk,
        life.held(desk, mimei),
        desk.identity.person,
        to=person.key.public,
        acts=READ,
        period=Period(now_ms, now_ms + HOUR_MS),
    )
    assert ring_of(desk, mimei).open(seal_key(person.seed)) is not None


def test_public_mimei_have_no_readers_to_settle(desk: Engines) -> None:
    mimei = Catalog(desk).create(kind="fs", mark="open")[0].id
    assert settle_readers(desk, mimei).control.ring is None


def test_an_author_with_a_new_key_goes_on_sharing_and_leaving_out(
    desk: Engines, stranger: Engines, carl: Engines
) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    kept = shared(desk, mimei, stranger)
    later = rotated(desk, "second", keep_seed=True)
    shared(later, mimei, carl)
    take_back(later, mimei, kept.name)
    written(later, mimei, "later.txt", b"later")
    life.bring(later, carl, mimei)
    assert shown(carl, mimei) == {"map.txt": SECRET, "later.txt": b"later"}
    ring = ring_of(later, mimei)
    # The first new epoch left out the key the author had before, the second one the reader.
    assert (ring.by, ring.key_epoch, len(ring.keys)) == (later.identity.person.public, 2, 2)
    assert life.bring(later, stranger, mimei).mimei[0].state == "kept"


def test_a_visitor_reads_at_a_node_that_has_the_key_what_they_were_let_and_no_more(desk: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    let_in(desk, mimei, Act.READ_CUR)
    bob = seen_as(desk)
    with open_tree(desk, mimei, "cur", bob) as tree:
        (found,) = [entry.cid for _, entry in tree.walk() if entry.cid is not None]
        assert b"".join(read_bytes(tree.engines, found)) == SECRET
    with pytest.raises(MimeiNotFound), open_tree(desk, mimei, 0, bob):
        pass
    assert life.held(desk, mimei).control.ring is None
