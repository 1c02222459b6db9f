"""Nodes that exchange blocks, in memory or over loopback, and what they hold."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from leither import unixfs
from leither.codec import Block, BlockMissing, Cid
from leither.codec.multiaddr import tcp_address
from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import PeerId
from leither.net.network import Libp2pNetwork
from leither.net.node import Setup
from leither.ports import Blocks, Known, Network, Reach
from leither.runtime import SystemClock
from leither.service.exchange import Exchange
from leither.service.fetch import Fetch
from leither.store import MemoryBlocks
from leither.testing.hub import Hub
from leither.testing.node import SeededRandom, seed_of


class Node:
    """One node: what it holds, and its exchange. `denied` are blocks it gives to nobody."""

    def __init__(self, network: Network, blocks: Blocks | None = None) -> None:
        self.network = network
        self.blocks: Blocks = blocks or MemoryBlocks()
        self.denied: set[Cid] = set()
        self.exchange = Exchange(self.network, self.blocks, self._may_have, time.monotonic)

    @property
    def known(self) -> Known:
        return Known(self.network.peer_id, tuple(self.network.addresses()))

    def put(self, *blocks: Block) -> None:
        with self.blocks.lease() as lease:
            lease.put_many(blocks)

    def fetch(self, root: Cid, start: int = 0, stop: int | None = None) -> Fetch:
        return Fetch(self.blocks, root, exchange=self.exchange, monotonic_s=time.monotonic, start=start, stop=stop)

    def _may_have(self, peer: PeerId, cid: Cid) -> int | None:
        try:
            return None if cid in self.denied else self.blocks.size_bytes(cid)
        except BlockMissing:
            return None


@contextmanager
def nodes(*names: str) -> Iterator[list[Node]]:
    with Hub() as hub:
        made = [Node(hub.node(name)) for name in names]
        try:
            yield made
        finally:
            for node in made:
                node.exchange.close()


@contextmanager
def loopback_node(name: str) -> Iterator[Node]:
    """Give a node that speaks libp2p on the loopback interface."""
    listen, token = (tcp_address("127.0.0.1", 0),), SeededRandom(name.encode()).token
    network = Libp2pNetwork(Setup(HostKey(seed_of(name)), Reach.OFF, listen, token, SystemClock()))
    node = Node(network)
    try:
        yield node
    finally:
        node.exchange.close()
        network.close()


def file_of(size_bytes: int, seed: int = 1) -> tuple[bytes, Cid, list[Block]]:
    """Random bytes, and the blocks of a file of them."""
    data = random.Random(seed).randbytes(size_bytes)
    blocks: list[Block] = []
    builder = unixfs.FileBuilder(blocks.append)
    builder.write(data)
    return data, builder.finish().cid, blocks
