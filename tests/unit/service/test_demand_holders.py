"""Files on demand from holders that are away, lie, keep silent, or never stop."""

from __future__ import annotations

from contextlib import suppress

import pytest

from leither import limits
from leither.codec import RAW, Block
from leither.crypto import MimeiId
from leither.errors import PeerError
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import parse_path
from leither.service import history
from leither.service.backup import backup
from leither.service.bringing import HolderIncomplete
from leither.service.demand_switch import begin_to_fill
from leither.service.demanded import NotFetched
from leither.service.editing import edit
from leither.service.fetch import BlocksNotFound
from leither.service.paths import assign
from leither.unixfs import LyingSize
from leither.wire.bitswap_message import PROTOCOLS, Message, encode, names_of, payload_for
from tests.unit.service.demand_world import MIB, LyingBlocks, Place, noise, places

STRANGERS = {"phone": "bob", "tablet": "eve"}
DATA = noise(3 * MIB)


def fill(place: Place, mimei: MimeiId) -> None:
    """Bring all, and wait for what comes of it."""
    begin_to_fill(place.engines, mimei)
    place.filling.wait(mimei, timeout_s=20)


def held_by_two(desk: Place, tablet: Place, phone: Place) -> MimeiId:
    """Let the desk and the tablet have all of a MiMei, and the phone follow it from both."""
    mimei = desk.make({"large": DATA})
    tablet.follow(mimei, desk, on_demand=False)
    phone.follow(mimei, desk, tablet)
    return mimei


def test_with_no_holder_left_a_reader_is_told_so_and_gets_it_once_one_is_back() -> None:
    with places("desk", "phone", persons=STRANGERS) as (desk, phone):
        mimei = desk.make({"large": DATA})
        phone.follow(mimei, desk)
        phone.hub.part([desk.network])
        with pytest.raises(NotFetched, match="try again when a node that has it is on"):
            phone.read(mimei, "large")
        phone.hub.join()
        assert phone.read(mimei, "large") == DATA


def test_what_one_holder_lost_comes_from_another() -> None:
    with places("desk", "tablet", "phone", persons=STRANGERS) as (desk, tablet, phone):
        mimei = held_by_two(desk, tablet, phone)
        desk.blocks.lose([cid for cid in list(desk.blocks.cids()) if cid.codec == RAW])
        assert phone.read(mimei, "large") == DATA


def test_wrong_bytes_are_not_taken_and_come_right_from_another(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FETCH_STALLED_S", 0.05)
    lying = LyingBlocks()
    with places("desk", "tablet", "phone", persons=STRANGERS, blocks={"tablet": lying}) as (desk, tablet, phone):
        mimei = held_by_two(desk, tablet, phone)
        lying.lies.update(cid for cid in lying.cids() if cid.codec == RAW)
        assert phone.read(mimei, "large") == DATA


def test_a_holder_that_says_it_has_a_block_and_never_gives_it_is_not_waited_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(limits, "DEMAND_WAIT_S", 0.2)
    with places("desk", "phone", persons=STRANGERS) as (desk, phone):
        mimei = desk.make({"large": DATA})
        phone.follow(mimei, desk)
        for cid in list(desk.blocks.cids()):
            if cid.codec == RAW:
                desk.blocks.flip(cid)  # it notices, and gives nothing
        with pytest.raises(NotFetched, match="it did not come within"):
            phone.read(mimei, "large")


def test_a_peer_that_sends_without_end_what_nobody_asked_for_changes_nothing() -> None:
    with places("desk", "tablet", "phone", persons=STRANGERS) as (desk, tablet, phone):
        mimei = desk.make({"large": DATA})
        phone.follow(mimei, desk)
        for number in range(200):
            block = Block.of(RAW, noise(1000, 100 + number))
            message = Message(payload=(payload_for(names_of(block.cid)[0], block.data),))
            with suppress(PeerError):  # by then the phone listens to it no more
                tablet.network.send(phone.network.peer_id, PROTOCOLS[:2], encode(message))
        assert phone.read(mimei, "large") == DATA
        assert phone.raw_here() == 3


def test_a_file_that_is_not_as_long_as_its_author_says_is_refused() -> None:
    with places("desk", "phone", persons=STRANGERS) as (desk, phone):
        mimei = desk.make({"small": b"hello"})
        entry = PathEntry(EntryType.FILE, cid=desk.root(mimei, "small"), size_bytes=7)
        edit(desk.engines, mimei, lambda editing: assign(editing, parse_path("small"), entry))
        backup(desk.engines, mimei)
        history.release(desk.engines, mimei)
        phone.follow(mimei, desk)
        with pytest.raises(LyingSize):
            phone.read(mimei, "small")
        with pytest.raises(LyingSize):
            fill(phone, mimei)


def test_all_of_it_comes_from_two_holders_and_then_it_is_on_demand_no_more() -> None:
    data = {f"{n}": noise(MIB, n) for n in range(16)}
    with places("desk", "tablet", "phone", persons=STRANGERS) as (desk, tablet, phone):
        mimei = desk.make(data)
        tablet.follow(mimei, desk, on_demand=False)
        phone.follow(mimei, desk, tablet)
        phone.read(mimei, "3")
        half = [cid for cid in desk.blocks.cids() if cid.codec == RAW][:8]
        desk.blocks.lose(half)
        fill(phone, mimei)
        assert not phone.demand.is_used
        assert {name: phone.read(mimei, name) for name in data} == data
        copy = phone.filling.copy(mimei)
        assert (copy.on_demand, copy.here_bytes, copy.total_bytes) == (False, 16 * MIB, 16 * MIB)


def test_what_could_not_be_had_is_gone_on_with_and_nothing_comes_twice() -> None:
    with places("desk", "phone", persons=STRANGERS) as (desk, phone):
        mimei = desk.make({"large": DATA})
        phone.follow(mimei, desk)
        lost = [cid for cid in desk.blocks.cids() if cid.codec == RAW][1:2]
        kept = Block(lost[0], desk.blocks.get(lost[0]))
        desk.blocks.lose(lost)
        with pytest.raises(BlocksNotFound):
            fill(phone, mimei)
        assert sorted(phone.leaves_here(mimei, "large")) == [False, True, True]
        with desk.blocks.lease() as lease:
            lease.put(kept)
        phone.blocks.forget_counts()
        fill(phone, mimei)
        assert phone.blocks.new == lost
        assert phone.read(mimei, "large") == DATA


def test_nobody_gets_all_of_it_from_who_is_on_demand_and_says_so() -> None:
    with places("desk", "phone", "tablet", persons=STRANGERS) as (desk, phone, tablet):
        mimei = desk.make({"large": DATA})
        phone.follow(mimei, desk)
        phone.read(mimei, "large", 0, 1)
        with pytest.raises(HolderIncomplete):
            tablet.follow(mimei, phone, on_demand=False)
