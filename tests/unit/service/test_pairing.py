"""Two nodes pair over a network: what each keeps of the other, and what ends a code."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

import pytest

from leither import limits
from leither.ports.network_errors import StreamBroken
from leither.service.pair_keeping import unpair
from leither.service.pair_rows import (
    PairNotFound,
    TooManyPairs,
    change_pair,
    find_pair,
    peer_of,
)
from leither.service.pairing import NoNodeShows, PairWithItself
from leither.store import MemoryState
from leither.store.disk import StoreFull
from leither.store.memory_state import MemoryTransaction
from leither.testing.hub import Hub
from leither.testing.node import FakeClock
from leither.wire.pairing import BadPairing, PairingRefused, WrongPairingCode
from leither.wire.pairing_code import BadPairingCode, make_code
from leither.wire.pairing_messages import PROTOCOL, Begin, Prove
from tests.unit.service.pairing_world import Place, place, settle

T = TypeVar("T")


def two(hub: Hub) -> tuple[Place, Place]:
    return place(hub, "desk", "ada"), place(hub, "shelf", "bob")


def test_both_nodes_keep_who_the_other_is(hub: Hub) -> None:
    desk, shelf = two(hub)
    code = desk.pairing.show(quota=1 << 30, name="bob's shelf").code
    node, row = shelf.pairing.enter(code, desk.address, name="ada")
    settle(hub, desk)
    assert (node, row.person, row.name, row.quota) == (desk.key, desk.engines.identity.person.public, "ada", None)
    assert row.addresses == (desk.address,)
    kept = desk.paired()[shelf.key]
    assert (kept.person, kept.name, kept.quota) == (shelf.engines.identity.person.public, "bob's shelf", 1 << 30)


def test_a_code_pairs_once(hub: Hub) -> None:
    desk, shelf = two(hub)
    lamp = place(hub, "lamp", "cleo")
    code = desk.pairing.show().code
    shelf.pairing.enter(code, desk.address)
    with pytest.raises(PairingRefused, match="no-pairing-code"):
        lamp.pairing.enter(code, desk.address)
    assert list(desk.paired()) == [shelf.key]


def test_a_wrong_code_spends_the_right_one_and_says_who_guessed(hub: Hub) -> None:
    desk, shelf = two(hub)
    code = desk.pairing.show().code
    wrong = make_code(bytes(16)) if code != make_code(bytes(16)) else make_code(bytes(15) + b"\1")
    with pytest.raises(WrongPairingCode):
        shelf.pairing.enter(wrong, desk.address)
    settle(hub, desk)
    shown = desk.pairing.shown()
    assert shown is not None
    assert (shown.spent, shown.guessed_by) == (True, shelf.network.peer_id)
    with pytest.raises(PairingRefused):
        shelf.pairing.enter(code, desk.address)
    assert (desk.paired(), shelf.paired()) == ({}, {})


def test_a_slip_of_the_hand_sends_nothing(hub: Hub) -> None:
    desk, shelf = two(hub)
    code = desk.pairing.show().code
    with pytest.raises(BadPairingCode):
        shelf.pairing.enter(code[:-1] + str((int(code[-1]) + 1) % 10), desk.address)
    shelf.pairing.enter(code, desk.address)


def test_a_code_ends_with_its_time_and_when_it_is_hidden(hub: Hub) -> None:
    desk, shelf = two(hub)
    code = desk.pairing.show().code
    assert isinstance(hub.clock, FakeClock)
    hub.clock.advance(limits.PAIRING_CODE_S * 1000)
    with pytest.raises(PairingRefused):
        shelf.pairing.enter(code, desk.address)
    code = desk.pairing.show().code
    desk.pairing.hide()
    with pytest.raises(PairingRefused):
        shelf.pairing.enter(code, desk.address)


def test_both_may_show_and_enter_at_once(hub: Hub) -> None:
    desk, shelf = two(hub)
    one, other = desk.pairing.show().code, shelf.pairing.show().code
    shelf.pairing.enter(one, desk.address)
    desk.pairing.enter(other, shelf.address)
    settle(hub, desk, shelf)
    assert (list(desk.paired()), list(shelf.paired())) == ([shelf.key], [desk.key])


def test_without_an_address_it_is_the_one_node_that_is_connected(hub: Hub) -> None:
    desk, shelf = two(hub)
    code = desk.pairing.show().code
    with pytest.raises(NoNodeShows) as caught:
        shelf.pairing.enter(code)
    assert caught.value.connected == 0
    shelf.network.connect(desk.address)
    assert shelf.pairing.enter(code)[0] == desk.key


def test_a_node_does_not_pair_with_itself(hub: Hub) -> None:
    desk, _ = two(hub)
    code = desk.pairing.show().code
    with pytest.raises(PairWithItself):
        desk.pairing.enter(code, desk.address)


def test_pairing_again_keeps_what_was_chosen_and_since_when(hub: Hub) -> None:
    desk, shelf = two(hub)
    shelf.pairing.enter(desk.pairing.show(quota=5).code, desk.address, name="ada")
    settle(hub, desk)
    first = desk.paired()[shelf.key]
    change_pair(desk.engines.state, shelf.key, everything=False, chosen=(bytes(20),))
    shelf.pairing.enter(desk.pairing.show().code, desk.address)
    settle(hub, desk)
    again = desk.paired()[shelf.key]
    assert (again.since_ms, again.quota, again.everything, again.chosen) == (first.since_ms, 5, False, (bytes(20),))
    assert shelf.paired()[desk.key].name == "ada"


def test_who_breaks_off_leaves_nothing_and_the_code_good(hub: Hub) -> None:
    desk, shelf = two(hub)
    code = desk.pairing.show().code
    stream = shelf.network.open(shelf.network.connect(desk.address), [PROTOCOL])
    stream.write_message(Begin(spake=b"S" + bytes(32)).encode())
    stream.read_message()
    stream.reset()
    shelf.pairing.enter(code, desk.address)


def test_who_begins_too_often_ends_the_code(hub: Hub) -> None:
    desk, shelf = two(hub)
    code = desk.pairing.show().code
    peer = shelf.network.connect(desk.address)
    for _ in range(limits.PAIRING_ATTEMPTS_MAX):
        stream = shelf.network.open(peer, [PROTOCOL])
        stream.write_message(b"rubbish")
        stream.read_message()
        stream.close()
    with pytest.raises(PairingRefused, match="no-pairing-code"):
        shelf.pairing.enter(code, desk.address)


@pytest.mark.parametrize("message", [b"", b"\xff" * 100, Prove(proof=bytes(32)).encode()])
def test_rubbish_is_refused_with_a_reason_and_nothing_is_kept(hub: Hub, message: bytes) -> None:
    desk, shelf = two(hub)
    desk.pairing.show()
    stream = shelf.network.open(shelf.network.connect(desk.address), [PROTOCOL])
    stream.write_message(message)
    answer = stream.read_message()
    assert answer is not None
    assert b"bad-pairing" in answer
    assert desk.paired() == {}


def test_a_message_that_is_too_long_ends_the_stream(hub: Hub) -> None:
    desk, shelf = two(hub)
    desk.pairing.show()
    stream = shelf.network.open(shelf.network.connect(desk.address), [PROTOCOL])
    stream.write_message(bytes(limits.PAIRING_MESSAGE_BYTES_MAX + 1))
    with pytest.raises(StreamBroken):
        stream.read_message()


def test_a_node_that_lies_about_whose_it_is_pairs_with_nobody(hub: Hub) -> None:
    desk, shelf = two(hub)
    mallory = place(hub, "mallory", "mallory")
    mallory.pairing._engines = shelf.engines  # tells shelf's record over its own connection
    with pytest.raises(BadPairing):
        desk.pairing.enter(mallory.pairing.show().code, mallory.address)
    assert (desk.paired(), mallory.paired()) == ({}, {})


def test_a_device_record_out_of_its_time_is_refused(hub: Hub) -> None:
    desk, shelf = two(hub)
    assert isinstance(hub.clock, FakeClock)
    late = FakeClock(hub.clock.ms + (limits.DEVICE_S + 1) * 1000)
    shelf.engines.clock = late
    code = desk.pairing.show().code
    with pytest.raises((PairingRefused, BadPairing)) as caught:
        shelf.pairing.enter(code, desk.address)
    assert "not-yet-valid" in str(caught.value) or "expired" in str(caught.value)
    assert desk.paired() == {}


def test_pairs_are_found_by_name_and_by_the_beginning_of_their_id(hub: Hub) -> None:
    desk, shelf = two(hub)
    shelf.pairing.enter(desk.pairing.show().code, desk.address, name="ada")
    with shelf.engines.state.read() as view:
        assert find_pair(view, "ada")[0] == find_pair(view, peer_of(desk.key))[0] == desk.key
        for given in ("bob", "", "Q"):
            with pytest.raises(PairNotFound):
                find_pair(view, given)
    shelf.engines.state.write(lambda transaction: unpair(transaction, desk.key))
    assert shelf.paired() == {}


def test_no_more_than_the_limit_are_paired(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    desk, shelf = two(hub)
    monkeypatch.setattr(limits, "PAIRS_MAX", 1)
    lamp = place(hub, "lamp", "cleo")
    shelf.pairing.enter(desk.pairing.show().code, desk.address)
    with pytest.raises(TooManyPairs):
        shelf.pairing.enter(lamp.pairing.show().code, lamp.address)
    assert list(shelf.paired()) == [desk.key]


class FullState(MemoryState):
    """A state that is full whenever `full` is set."""

    full = False

    def write(self, change: Callable[[MemoryTransaction], T]) -> T:
        if self.full:
            raise StoreFull("state", "no room")
        return super().write(change)


def test_a_node_that_cannot_keep_the_pair_lets_the_other_keep_none(hub: Hub) -> None:
    state = FullState()
    desk, shelf = place(hub, "desk", "ada", state=state), place(hub, "shelf", "bob")
    code = desk.pairing.show().code
    state.full = True
    with pytest.raises(PairingRefused, match="store-full"):
        shelf.pairing.enter(code, desk.address)
    state.full = False
    assert (desk.paired(), shelf.paired()) == ({}, {})
    shelf.pairing.enter(desk.pairing.show().code, desk.address)


def test_a_node_that_dies_before_it_kept_the_pair_is_known_to_the_other_and_pairs_again(hub: Hub) -> None:
    state = FullState()
    desk, shelf = place(hub, "desk", "ada"), place(hub, "shelf", "bob", state=state)
    state.full = True
    with pytest.raises(StoreFull):
        shelf.pairing.enter(desk.pairing.show().code, desk.address)
    settle(hub, desk)
    assert (list(desk.paired()), shelf.paired()) == ([shelf.key], {})
    state.full = False
    shelf.pairing.enter(desk.pairing.show().code, desk.address)
    assert (list(desk.paired()), list(shelf.paired())) == ([shelf.key], [desk.key])
