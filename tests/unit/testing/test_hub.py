"""The network in memory: it passes the suite, parts and joins, and is repeated by its seed."""

from collections.abc import Iterator

import pytest

from leither.ports import Known, Network, PeerEvent
from leither.ports.network_errors import PeerUnreachable, StreamBroken
from leither.testing.hub import Hub
from leither.testing.suites import NetworkSuite
from leither.testing.suites.network import ECHO, SINK, echo


class TestMemoryNetwork(NetworkSuite):
    @pytest.fixture(autouse=True)
    def _hub(self) -> Iterator[None]:
        with Hub() as self.hub:
            yield

    def make(self, count: int) -> list[Network]:
        return [self.hub.node() for _ in range(count)]


def test_nodes_on_two_sides_of_a_cut_do_not_reach_each_other() -> None:
    with Hub(stepped=True) as hub:
        first, second, third = (hub.node() for _ in range(3))
        first.connect(Known(second.peer_id, ()))
        first.connect(Known(third.peer_id, ()))
        second.serve(ECHO, echo)
        stream = first.open(second.peer_id, [ECHO])
        hub.part([second])
        assert [peer.id for peer in first.peers()] == [third.peer_id]
        with pytest.raises(StreamBroken):
            stream.read(1)
        with pytest.raises(PeerUnreachable):
            first.connect(Known(second.peer_id, ()))
        hub.join()
        assert first.connect(Known(second.peer_id, ())) == second.peer_id


def test_nothing_is_delivered_before_it_is_settled() -> None:
    with Hub(stepped=True) as hub:
        first, second = hub.node(), hub.node()
        heard: list[bytes] = []
        events: list[PeerEvent] = []
        second.receive(SINK, lambda peer, message: heard.append(message))
        second.watch(events.append)
        first.send(second.peer_id, [SINK], b"hello")
        assert (heard, events) == ([], [])
        hub.settle()
        assert (heard, events) == ([b"hello"], [PeerEvent(first.peer_id, came=True)])


def orders(seed: int | None) -> list[bytes]:
    with Hub(stepped=True, seed=seed) as hub:
        first, second = hub.node(), hub.node()
        heard: list[bytes] = []
        second.receive(SINK, lambda peer, message: heard.append(message))
        for number in range(20):
            first.send(second.peer_id, [SINK], b"%d" % number)
        hub.settle()
        return heard


def test_a_seed_decides_the_order() -> None:
    assert orders(1) == orders(1) != orders(2)
    assert sorted(orders(1)) == sorted(orders(None))


def test_without_a_seed_what_is_sent_first_is_delivered_first() -> None:
    assert orders(None) == [b"%d" % number for number in range(20)]


def test_the_same_name_makes_the_same_node() -> None:
    with Hub(stepped=True) as one, Hub(stepped=True) as other:
        assert one.node("alice").peer_id == other.node("alice").peer_id
