"""The network over real sockets on loopback passes the suite."""

from leither.codec.multiaddr import Multiaddr
from leither.crypto.host_key import HostKey
from leither.net.network import Libp2pNetwork
from leither.net.node import Setup
from leither.ports import Network, Reach
from leither.runtime import SystemClock, SystemRandom
from leither.testing.suites import NetworkSuite

TCP, WEBSOCKET = "/ip4/127.0.0.1/tcp/0", "/ip4/127.0.0.1/tcp/0/ws"


def network(listen: str = TCP, reach: Reach = Reach.OFF) -> Libp2pNetwork:
    random = SystemRandom()
    key = HostKey(random.token(32))
    setup = Setup(key, reach, (Multiaddr.parse(listen),), random.token)
    return Libp2pNetwork(setup, SystemClock())


class TestLibp2pNetwork(NetworkSuite):
    def make(self, count: int) -> list[Network]:
        return [network() for _ in range(count)]


class TestLibp2pNetworkOverWebSockets(NetworkSuite):
    def make(self, count: int) -> list[Network]:
        return [network(WEBSOCKET) for _ in range(count)]
