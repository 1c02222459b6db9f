"""Nodes of several people on a network in memory, each with the key that its engines have."""

from __future__ import annotations

from dataclasses import dataclass

from leither.crypto import peer_id_of
from leither.ports import State
from leither.service.engines import Engines, Identity
from leither.service.pair_rows import PairRow, read_pairs
from leither.service.pairing import Pairing
from leither.store import MemoryState
from leither.testing.hub import Hub
from leither.testing.hub_network import MemoryNetwork
from leither.testing.node import CountingBlocks, FakeClock, SeededRandom, seed_of


@dataclass
class Place:
    """One node: its engines, its end of the hub, and how it pairs."""

    engines: Engines
    network: MemoryNetwork
    pairing: Pairing
    paired: list[bytes]

    @property
    def address(self) -> str:
        return self.network.addresses()[0]

    @property
    def key(self) -> bytes:
        return self.engines.identity.node.public

    def pairs(self) -> dict[bytes, PairRow]:
        with self.engines.state.read() as view:
            return dict(read_pairs(view))


def place(hub: Hub, node: str, person: str, *, state: State | None = None) -> Place:
    """A node of a person's on the hub, whose clock all nodes share."""
    assert isinstance(hub.clock, FakeClock)
    engines = Engines(
        blocks=CountingBlocks(),
        state=state or MemoryState(),
        clock=hub.clock,
        random=SeededRandom(seed_of(f"random {node}")),
        identity=Identity.of(seed_of(f"person {person}"), node.encode().ljust(32, b".")),
    )
    network = hub.node(node)
    assert network.peer_id == peer_id_of(engines.identity.node.public)
    paired: list[bytes] = []
    pairing = Pairing(engines, network, paired=paired.append)
    pairing.serve()
    return Place(engines, network, pairing, paired)
