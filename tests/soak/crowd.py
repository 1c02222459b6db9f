"""Many peers in one process, each with Bitswap, the DHT and a topic, that do what they are told. See `lines`.

python -m tests.soak.crowd COUNT
"""

import hashlib
import sys

from leither.codec import Cid
from leither.codec.multiaddr import Multiaddr
from leither.crypto.host_key import HostKey
from leither.net.network import Libp2pNetwork
from leither.net.node import Setup
from leither.ports import Reach, TopicMessage, Verdict
from leither.runtime import SystemClock, SystemRandom
from tests.soak.lines import answer
from tests.soak.node import TOPIC
from tests.unit.service.exchange_nodes import Node

LISTEN = Multiaddr.parse("/ip4/127.0.0.1/tcp/0")


class Crowd:
    """What the peers can be told. A peer is named by its number."""

    def __init__(self, count: int) -> None:
        self._peers = [Node(_network()) for _ in range(count)]
        self._heard = 0
        for peer in self._peers:
            peer.network.subscribe(TOPIC, self._hear)

    def _hear(self, message: TopicMessage) -> Verdict:
        self._heard += 1
        return Verdict.ACCEPT

    def connect(self, address: str) -> int:
        """Connect each with the node at an address; return how many there are."""
        for peer in self._peers:
            peer.network.connect(address)
        return len(self._peers)

    def fetch(self, number: int, cid: str) -> int:
        """Fetch all below a root, from whoever has it; return how many blocks came."""
        with self._peers[number].fetch(Cid.parse(cid)) as fetch:
            return fetch.run().blocks

    def find(self, number: int, other: int, name: str) -> bool:
        """Have one say in the DHT that it has something; tell whether another finds that there."""
        key = b"\x12\x20" + hashlib.sha256(name.encode()).digest()
        self._peers[number].network.provide([key])
        found = self._peers[other].network.find_providers(key)
        return self._peers[number].network.peer_id in [each.id for each in found]

    def say(self, number: int, text: str) -> int:
        """Publish on the topic; return how many messages were heard so far."""
        self._peers[number].network.publish(TOPIC, text.encode())
        return self._heard

    def close(self) -> None:
        """End them."""
        for peer in self._peers:
            peer.exchange.close()
            peer.network.close()


def _network() -> Libp2pNetwork:
    random = SystemRandom()
    return Libp2pNetwork(Setup(HostKey(random.token(32)), Reach.PEERS, (LISTEN,), random.token, SystemClock()))


def main(count: str) -> None:
    """Be there until the input ends."""
    crowd = Crowd(int(count))
    answer("crowd", {name: getattr(crowd, name) for name in ("connect", "fetch", "find", "say")})
    crowd.close()


if __name__ == "__main__":
    main(*sys.argv[1:])
