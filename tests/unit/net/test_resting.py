"""A network that rests passes the suite; until somebody needs it, it is a socket and nothing else."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from leither.codec.multiaddr import Multiaddr
from leither.crypto import PeerId
from leither.crypto.host_key import HostKey
from leither.net.loop_thread import NetworkClosed
from leither.net.network import Libp2pNetwork
from leither.net.node import Setup
from leither.net.resting import RestingNetwork
from leither.ports import Network, PeerEvent, Reach
from leither.ports.network_errors import ProtocolUnsupported
from leither.runtime import SystemClock, SystemRandom
from leither.testing.suites import NetworkSuite
from leither.testing.suites.network import ECHO, echo, until

LOOPBACK = Multiaddr.parse("/ip4/127.0.0.1/tcp/0")


def resting(*listen: Multiaddr) -> RestingNetwork:
    random = SystemRandom()
    key = HostKey(random.token(32))
    setup = Setup(key, Reach.OFF, (), random.token, SystemClock())
    network = RestingNetwork(key.peer_id, lambda: Libp2pNetwork(setup))
    network.switch(Reach.OFF, listen or [LOOPBACK])
    return network


@contextmanager
def two() -> Iterator[tuple[RestingNetwork, RestingNetwork]]:
    first, second = resting(), resting()
    try:
        yield first, second
    finally:
        first.close()
        second.close()


def port(network: Network) -> int:
    return int(Multiaddr.parse(network.addresses()[0]).value("tcp") or 0)


class TestRestingNetwork(NetworkSuite):
    def make(self, count: int) -> list[Network]:
        return [resting() for _ in range(count)]


def test_it_rests_until_a_peer_comes_and_then_answers_as_if_it_never_had() -> None:
    with two() as (first, second):
        first.serve(ECHO, echo)
        came: list[PeerId] = []
        first.watch(lambda event: came.append(event.peer))
        rested = first.is_resting
        second.connect(first.addresses()[0])
        stream = second.open(first.peer_id, [ECHO])
        stream.write(b"hello")
        assert stream.read(5) == b"hello"
        assert (rested, first.is_resting) == (True, False)
        until(lambda: came == [second.peer_id], what="the news of a peer")


def test_looking_at_it_does_not_end_its_rest() -> None:
    with two() as (first, _):
        assert (first.reach, first.peers(), first.kept(), len(first.addresses())) == (Reach.OFF, [], [], 2)
        first.switch(Reach.OFF, [LOOPBACK])
        assert first.publish("news", b"that nobody hears") == 0
        assert first.is_resting


def test_it_tells_the_same_addresses_before_and_after_it_began() -> None:
    with two() as (first, _):
        before = first.addresses()
        first.begun()
        assert first.addresses() == before


def test_who_no_longer_wants_to_hear_before_it_begins_hears_nothing_after() -> None:
    with two() as (first, second):
        first.serve(ECHO, echo)()
        came: list[PeerEvent] = []
        first.watch(came.append)()
        second.connect(first.addresses()[0])
        with pytest.raises(ProtocolUnsupported):
            second.open(first.peer_id, [ECHO])
        until(lambda: bool(first.peers()), what="a peer")
        assert came == []


def test_who_no_longer_wants_to_answer_after_it_began_does_not() -> None:
    with two() as (first, second):
        stop = first.serve(ECHO, echo)
        second.connect(first.addresses()[0])
        second.open(first.peer_id, [ECHO]).close()
        stop()
        with pytest.raises(ProtocolUnsupported):
            second.open(first.peer_id, [ECHO])


def test_it_begins_as_it_is_switched_on_and_does_not_rest_again() -> None:
    with two() as (first, _):
        first.switch(Reach.LAN, [LOOPBACK])
        assert (first.is_resting, first.reach) == (False, Reach.LAN)
        first.switch(Reach.OFF, [LOOPBACK])
        assert (first.is_resting, first.reach) == (False, Reach.OFF)


def test_where_it_rests_elsewhere_the_former_port_is_free() -> None:
    with two() as (first, _):
        before = port(first)
        first.switch(Reach.OFF, [Multiaddr.parse("/ip4/127.0.0.1/tcp/0")])
        assert port(first) != before
        socket.create_server(("127.0.0.1", before)).close()


def test_a_port_that_is_taken_is_told_and_leaves_it_nowhere() -> None:
    with two() as (first, _), socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(OSError, match="in use"):
            first.switch(Reach.OFF, [Multiaddr.parse(f"/ip4/127.0.0.1/tcp/{taken.getsockname()[1]}")])
        assert first.addresses() == []


def test_closed_in_its_rest_it_gives_the_port_back_and_never_begins() -> None:
    network = resting()
    given = port(network)
    network.close()
    network.close()
    socket.create_server(("127.0.0.1", given)).close()
    with pytest.raises(NetworkClosed):
        network.begun()
    with pytest.raises(NetworkClosed):
        network.switch(Reach.OFF, [LOOPBACK])
