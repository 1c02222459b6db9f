"""Key rings that are not what they say: refused, or of no use, and never more than what the author allowed."""

from __future__ import annotations

import msgspec
import pytest

from leither import limits
from leither.codec import BlockMissing, Cid
from leither.crypto import EpochKey, KeyPair, MimeiId, epoch_secret, seal_key
from leither.mimei.control import Control
from leither.mimei.key_ring import KeyRing, make_ring
from leither.mimei.record import BadSignature
from leither.mimei.sealing import SealBroken
from leither.service.archive_in import import_car
from leither.service.controls import ControlUndone
from leither.service.engines import Engines
from leither.service.grants import TooManyKeyReaders
from leither.service.proof_of_records import Refused
from leither.service.readers import TooManyKeyEpochs, rotate
from leither.service.rings import Naming, RingRefused, rings_of
from leither.testing.node import memory_engines
from tests.unit.service import life
from tests.unit.service.archive import Archive
from tests.unit.service.test_private import SECRET, private, shown
from tests.unit.service.test_readers import ring_of, shared, written


@pytest.fixture
def shared_one(desk: Engines, stranger: Engines) -> MimeiId:
    """A private MiMei of the desk's that the stranger may read."""
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    shared(desk, mimei, stranger)
    return mimei


def with_ring(desk: Engines, mimei: MimeiId, ring: KeyRing, *, epoch: int = 0) -> bytes:
    """An archive whose control, by the author, names that ring."""
    control = life.held(desk, mimei).control.following(ring=ring.cid, key_epoch=epoch)
    control = Control.decode(control.signed(desk.identity.person).encode())
    archive = Archive(life.exported(desk, mimei))
    return archive.add(control.block, ring.block).with_shelf(control=control.cid).pack()


def again(ring: KeyRing, key: KeyPair, **changes: object) -> KeyRing:
    """The ring with changes, signed anew."""
    return msgspec.structs.replace(ring, by=key.public, sig=None, **changes).signed(key)


def test_a_ring_by_somebody_else_is_refused(desk: Engines, stranger: Engines, shared_one: MimeiId) -> None:
    forged = again(ring_of(desk, shared_one), stranger.identity.person)
    with pytest.raises(RingRefused, match="not by the author"):
        import_car(stranger, [with_ring(desk, shared_one, forged)])


def test_a_ring_whose_signature_does_not_hold_is_refused(desk: Engines, stranger: Engines, shared_one: MimeiId) -> None:
    ring = ring_of(desk, shared_one)
    forged = msgspec.structs.replace(ring, keys=(*ring.keys[:-1], bytes([255]) * 80))
    with pytest.raises(BadSignature):
        import_car(stranger, [with_ring(desk, shared_one, forged)])


def test_a_ring_of_another_mimei_is_refused(desk: Engines, stranger: Engines, shared_one: MimeiId) -> None:
    other = private(desk, mark="other")
    shared(desk, other, stranger)
    with pytest.raises(RingRefused, match="another MiMei's"):
        import_car(stranger, [with_ring(desk, shared_one, ring_of(desk, other))])


def test_a_ring_of_another_epoch_is_refused(desk: Engines, stranger: Engines, shared_one: MimeiId) -> None:
    with pytest.raises(RingRefused, match="of key epoch 0 in the place of 1"):
        import_car(stranger, [with_ring(desk, shared_one, ring_of(desk, shared_one), epoch=1)])


def test_a_ring_that_leads_to_one_of_the_same_epoch_is_refused(
    desk: Engines, stranger: Engines, shared_one: MimeiId
) -> None:
    first = ring_of(desk, shared_one)
    rotate(desk, shared_one)
    second = ring_of(desk, shared_one)
    twisted = again(second, desk.identity.person, before=second.cid)
    assert first.cid == second.before
    with pytest.raises(RingRefused, match="of key epoch 1 in the place of 0"):
        import_car(stranger, [with_ring(desk, shared_one, twisted, epoch=1)])


def test_wrong_wraps_open_nothing_and_the_mimei_is_kept_sealed(
    desk: Engines, stranger: Engines, shared_one: MimeiId
) -> None:
    forged = again(ring_of(desk, shared_one), desk.identity.person, keys=(bytes(80), bytes([1]) * 80))
    assert import_car(stranger, [with_ring(desk, shared_one, forged)]).mimei[0].state == "kept"


def test_a_wrapped_key_that_is_another_one_is_found_out_at_the_first_block(
    desk: Engines, stranger: Engines, shared_one: MimeiId
) -> None:
    wrong = make_ring(
        shared_one,
        EpochKey(bytes(32), 0),
        [seal_key(stranger.identity.seed).public],
        previous=None,
        author=desk.identity.person,
    )
    with pytest.raises(SealBroken):
        import_car(stranger, [with_ring(desk, shared_one, wrong)])


def test_a_ring_that_did_not_come_is_missed(desk: Engines, stranger: Engines, shared_one: MimeiId) -> None:
    archive = Archive(life.exported(desk, shared_one)).without(ring_of(desk, shared_one).cid)
    with pytest.raises(BlockMissing):
        import_car(stranger, [archive.pack()])


def test_a_reader_does_not_go_back_to_an_older_key_epoch(desk: Engines, stranger: Engines, shared_one: MimeiId) -> None:
    older = life.exported(desk, shared_one)
    ring = ring_of(desk, shared_one)
    rotate(desk, shared_one)
    written(desk, shared_one, "new.txt", b"new")
    life.bring(desk, stranger, shared_one)
    assert import_car(stranger, [older]).mimei[0].state == "unchanged"
    assert shown(stranger, shared_one)["new.txt"] == b"new"
    with pytest.raises(ControlUndone, match="goes back from key epoch 1 to 0"):
        import_car(stranger, [with_ring(desk, shared_one, ring, epoch=0)])
    assert life.held(stranger, shared_one).control.key_epoch == 1


def test_a_public_mimei_with_a_key_ring_is_refused(desk: Engines, stranger: Engines, shared_one: MimeiId) -> None:
    public = life.made(desk)
    with pytest.raises(Refused, match="it is not private, and has a key ring"):
        import_car(stranger, [with_ring(desk, public, ring_of(desk, shared_one))])


def test_a_key_epoch_that_none_could_follow_is_refused(desk: Engines, phone: Engines, shared_one: MimeiId) -> None:
    control = life.held(desk, shared_one).control.following(key_epoch=limits.KEY_RINGS_MAX, ring=None)
    control = Control.decode(control.signed(desk.identity.person).encode())
    archive = Archive(life.exported(desk, shared_one)).add(control.block).with_shelf(control=control.cid)
    with pytest.raises(Refused, match="so high that none could follow"):
        import_car(phone, [archive.pack()])


def test_no_more_rings_are_followed_than_there_may_be(desk: Engines) -> None:
    mimei, author = MimeiId(bytes(20)), desk.identity.person
    stored: dict[Cid, bytes] = {}
    before: Cid | None = None
    for epoch in range(limits.KEY_RINGS_MAX + 1):
        unsigned = KeyRing(
            mimei=mimei,
            key_epoch=epoch,
            keys=(bytes(80),),
            previous=bytes(48) if epoch else None,
            before=before,
            by=author.public,
        )
        ring = unsigned.signed(author)
        stored[ring.cid] = ring.encode()
        before = ring.cid
    with pytest.raises(RingRefused, match="more than 1,024"):
        rings_of(stored.__getitem__, mimei, Naming((author.public,), limits.KEY_RINGS_MAX, before))


def test_a_mimei_has_no_more_keys_than_can_be_followed(desk: Engines, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "KEY_RINGS_MAX", 3)
    mimei = private(desk)
    rotate(desk, mimei)
    rotate(desk, mimei)
    with pytest.raises(TooManyKeyEpochs, match="fork it"):
        rotate(desk, mimei)
    assert life.held(desk, mimei).control.key_epoch == 2


def test_the_seed_alone_opens_what_another_node_rotated(desk: Engines, phone: Engines, shared_one: MimeiId) -> None:
    rotate(desk, shared_one)
    written(desk, shared_one, "new.txt", b"new")
    life.bring(desk, phone, shared_one)
    assert shown(phone, shared_one)["new.txt"] == b"new"
    assert epoch_secret(phone.identity.seed, shared_one, 1) == epoch_secret(desk.identity.seed, shared_one, 1)


def test_no_more_readers_are_let_in_than_a_ring_has_room_for(
    desk: Engines, stranger: Engines, monkeypatch: pytest.MonkeyPatch
) -> None:
    mimei = private(desk)
    monkeypatch.setattr(limits, "READERS_MAX", 3)
    others = [memory_engines(person=f"reader {number}", node=f"node {number}") for number in range(2)]
    for number, other in enumerate(others):
        shared(desk, mimei, other, hours=number + 1)
    with pytest.raises(TooManyKeyReaders):
        shared(desk, mimei, stranger)
    monkeypatch.setattr(limits, "READERS_MAX", 2)
    written(desk, mimei, "map.txt", SECRET)
    opened = [ring_of(desk, mimei).open(seal_key(other.identity.seed)) for other in others]
    assert [key is not None for key in opened] == [False, True], "whose grant ends last keeps the place"
