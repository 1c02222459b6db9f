"""The network over real sockets on loopback passes the suite."""

import asyncio
import socket

import pytest

from leither.codec.multiaddr import Multiaddr
from leither.crypto.host_key import HostKey
from leither.net.network import Libp2pNetwork
from leither.net.node import Setup
from leither.net.pipe import SocketPipe
from leither.ports import Network, Reach
from leither.ports.network_errors import PeerUnreachable
from leither.runtime import SystemClock, SystemRandom
from leither.testing.suites import NetworkSuite
from leither.testing.suites.network import until

LOOPBACK = Multiaddr.parse("/ip4/127.0.0.1/tcp/0")


def network(network_key: bytes | None = None) -> Libp2pNetwork:
    random = SystemRandom()
    key = HostKey(random.token(32))
    return Libp2pNetwork(Setup(key, Reach.OFF, (LOOPBACK,), random.token, SystemClock(), network_key=network_key))


class ByWebSocket(Libp2pNetwork):
    """Tells its WebSocket addresses only."""

    def addresses(self) -> list[str]:
        return [address for address in super().addresses() if "/ws/" in address]


class TestLibp2pNetwork(NetworkSuite):
    def make(self, count: int) -> list[Network]:
        return [network() for _ in range(count)]


class TestLibp2pNetworkOverWebSockets(NetworkSuite):
    def make(self, count: int) -> list[Network]:
        random = SystemRandom()
        made = [
            Setup(HostKey(random.token(32)), Reach.OFF, (LOOPBACK,), random.token, SystemClock()) for _ in range(count)
        ]
        return [ByWebSocket(setup) for setup in made]


class TestPrivateNetwork(NetworkSuite):
    def make(self, count: int) -> list[Network]:
        return [network(b"k" * 32) for _ in range(count)]


@pytest.mark.parametrize(("one", "other"), [(b"a" * 32, b"b" * 32), (b"a" * 32, None), (None, b"b" * 32)])
def test_who_does_not_hold_the_key_of_a_private_network_is_not_let_in(one: bytes | None, other: bytes | None) -> None:
    first, second = network(one), network(other)
    try:
        with pytest.raises(PeerUnreachable):
            second.connect(first.addresses()[0])
        assert (first.peers(), second.peers()) == ([], [])
    finally:
        first.close()
        second.close()


def test_small_writes_are_sent_without_delay_on_both_sides() -> None:
    first, second = network(), network()
    try:
        second.connect(first.addresses()[0])
        until(lambda: bool(first.peers()), what="a connection")
        for node in (first, second):
            (transport,) = transports(node)
            sock = transport.get_extra_info("socket")
            assert sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
    finally:
        first.close()
        second.close()


def transports(node: Libp2pNetwork) -> list[asyncio.BaseTransport]:
    """Return what carries the connections of a node."""
    pipes = [each._pipe for found in node._node.host.connections.values() for each in found]
    return [pipe._transport for pipe in pipes if isinstance(pipe, SocketPipe) and pipe._transport is not None]
