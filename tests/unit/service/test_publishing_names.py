"""IPNS names: what is signed, which record wins, and that nothing goes back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leither import limits
from leither.crypto import KeyPair, MimeiId, name_key
from leither.service import history
from leither.service.catalog import Catalog
from leither.service.publishing_names import NameValues
from leither.testing.hub import Hub
from leither.testing.node import START_MS, FakeClock, clock_of, identity
from leither.wire.ipns import IpnsRecord, ipns_key, read_ipns, sign_ipns
from tests.unit.service.life import held
from tests.unit.service.publishing_world import Node, meet
from tests.unit.service.syncing import take

KEY = KeyPair(bytes(32))
NS = 1_000_000


@pytest.fixture
def hub() -> Iterator[Hub]:
    with Hub(stepped=True) as hub:
        yield hub


@pytest.fixture
def node(hub: Hub) -> Node:
    node = Node(hub, "desk")
    meet(node, Node(hub, "neighbour", person="bob"))
    return node


def said(node: Node, mimei: MimeiId) -> IpnsRecord:
    """What the DHT says under the name of a MiMei of Ada's."""
    public = name_key(identity().seed, mimei).public
    value = node.network.get_value(ipns_key(public))
    return read_ipns(public, value, now_ms=clock_of(node.engines).ms)


def value(node: Node, mimei: MimeiId) -> bytes:
    return f"/ipfs/{node.root(mimei)}".encode()


def record(sequence: int, *, text: bytes = b"/ipfs/x", until_ms: int = START_MS + 1000) -> bytes:
    return sign_ipns(KEY, IpnsRecord(text, sequence, until_ms * NS, 0))


def test_a_release_stands_under_its_name(node: Node) -> None:
    mimei = node.released()
    node.say()
    assert said(node, mimei).value == value(node, mimei)
    assert said(node, mimei).sequence == 1 << limits.NAME_BUMPS_BITS


def test_the_name_stands_in_the_control_so_that_others_know_it(node: Node) -> None:
    mimei = node.released()
    node.say()
    assert held(node.engines, mimei).control.ipns == name_key(identity().seed, mimei).public


def test_a_new_release_takes_the_place_of_the_old_one_with_a_higher_sequence(node: Node) -> None:
    mimei = node.released()
    node.say()
    before = said(node, mimei)
    node.released(text=b"newer")
    node.say()
    assert said(node, mimei).value == value(node, mimei)
    assert said(node, mimei).sequence > before.sequence


def test_rolling_back_a_release_goes_on_with_the_sequence(node: Node) -> None:
    mimei = node.released()
    node.released(text=b"newer")
    node.say()
    before = said(node, mimei).sequence
    history.release(node.engines, mimei, 0)
    node.say()
    assert said(node, mimei).value == value(node, mimei)
    assert said(node, mimei).sequence > before


def test_a_mimei_that_is_deleted_and_made_again_goes_on_with_the_sequence(node: Node) -> None:
    for text in (b"1", b"2", b"3"):
        mimei = node.released(text=text)
    node.say()
    before = said(node, mimei).sequence
    Catalog(node.engines).delete(mimei)
    node.released(text=b"anew")
    node.say()
    assert said(node, mimei).value == value(node, mimei)
    assert said(node, mimei).sequence > before


def test_a_name_is_put_again_within_its_period_and_signed_anew_before_it_ends(node: Node) -> None:
    mimei = node.released()
    node.say()
    first = said(node, mimei)
    key = ipns_key(name_key(identity().seed, mimei).public)
    for other in node.network._hub.nodes.values():
        other.values.pop(key, None)
    node.say(ms=limits.ANNOUNCE_PERIOD_S * 1000)
    assert said(node, mimei) == first
    clock_of(node.engines).advance(limits.NAME_VALID_S * 600)
    node.say()
    assert said(node, mimei).sequence == first.sequence
    assert said(node, mimei).valid_until_ns > first.valid_until_ns


def test_two_nodes_of_one_author_that_know_the_same_release_say_the_same(hub: Hub, node: Node) -> None:
    mimei = node.released()
    phone = Node(hub, "phone")
    meet(node, phone)
    take(phone.engines, node.engines, mimei)
    node.say()
    first = said(node, mimei)
    phone.say()
    assert said(phone, mimei) == first


def test_a_node_that_lags_does_not_take_the_name_back(hub: Hub, node: Node) -> None:
    mimei = node.released()
    phone = Node(hub, "phone")
    take(phone.engines, node.engines, mimei)
    node.released(text=b"newer")
    node.say()
    meet(node, phone)
    phone.say()
    assert said(phone, mimei).value == value(node, mimei)
    phone.say(ms=limits.ANNOUNCE_PERIOD_S * 1000)
    assert said(phone, mimei).value == value(node, mimei)


def test_a_holder_without_the_seed_puts_the_authors_record_again(hub: Hub, node: Node) -> None:
    mimei = node.released()
    node.say()
    first = said(node, mimei)
    holder = Node(hub, "holder", person="carol")
    meet(node, holder)
    take(holder.engines, node.engines, mimei)
    for network in list(hub.nodes.values()):
        if network is not node.network:
            network.values.clear()
    node.network.values[ipns_key(name_key(identity().seed, mimei).public)] = sign_ipns(
        name_key(identity().seed, mimei), first
    )
    holder.say()
    node.network.values.clear()
    assert said(holder, mimei) == first


def test_nothing_is_said_under_the_name_of_what_is_not_for_everybody(node: Node) -> None:
    mimei = node.released(right=0)
    node.say()
    assert not any(network.values for network in node.network._hub.nodes.values())
    assert held(node.engines, mimei).control.ipns is None


def test_a_value_is_valid_under_the_name_of_its_key_alone() -> None:
    values = NameValues(FakeClock())
    key, other = ipns_key(KEY.public), ipns_key(KeyPair(bytes([1]) * 32).public)
    assert values.is_valid(key, record(1))
    assert not values.is_valid(other, record(1))
    for bad_key in (b"/ipns/", b"/ipns/nonsense", b"/pk/" + key[6:], key + b"\0"):
        assert not values.is_valid(bad_key, record(1))
    for bad in (b"", b"nonsense", record(1)[:-1], record(1, until_ms=START_MS)):
        assert not values.is_valid(key, bad)


def test_the_highest_sequence_is_the_newest_then_the_longest_validity() -> None:
    values = NameValues(FakeClock())
    key = ipns_key(KEY.public)
    found = [record(1, until_ms=START_MS + 9000), record(2), record(2, until_ms=START_MS + 2000), b"nonsense"]
    assert values.best(key, found) == 2
