"""Nodes of several people on a network in memory, each with the key that its engines have."""

from __future__ import annotations

from dataclasses import dataclass

from leither.crypto import peer_id_of
from leither.ports import Blocks, State
from leither.service.engines import Engines, Identity
from leither.service.following import Following
from leither.service.pair_rows import PairRow, read_pairs
from leither.service.pairing import Pairing
from leither.service.pairs import Pairs
from leither.store import MemoryState
from leither.testing.hub import Hub
from leither.testing.hub_network import MemoryNetwork
from leither.testing.node import CountingBlocks, FakeClock, SeededRandom, seed_of


@dataclass
class Place:
    """One node: its engines, its end of the hub, and how it pairs."""

    engines: Engines
    network: MemoryNetwork
    pairs: Pairs
    following: Following

    @property
    def pairing(self) -> Pairing:
        return self.pairs.pairing

    @property
    def address(self) -> str:
        return self.network.addresses()[0]

    @property
    def key(self) -> bytes:
        return self.engines.identity.node.public

    def paired(self) -> dict[bytes, PairRow]:
        with self.engines.state.read() as view:
            return dict(read_pairs(view))

    def close(self) -> None:
        self.pairs.close()
        self.following.close()

    def leave(self, hub: Hub) -> None:
        """Be gone from the hub, as a node whose process ended."""
        self.network.close()
        self.close()
        del hub.nodes[self.network.peer_id]


def place(hub: Hub, node: str, person: str, *, state: State | None = None, blocks: Blocks | None = None) -> Place:
    """A node of a person's on the hub, whose clock all nodes share. Close the hub first, then it."""
    assert isinstance(hub.clock, FakeClock)
    engines = Engines(
        blocks=blocks or CountingBlocks(),
        state=state or MemoryState(),
        clock=hub.clock,
        random=SeededRandom(seed_of(f"random {node}")),
        identity=Identity.of(seed_of(f"person {person}"), node.encode().ljust(32, b".")),
    )
    network = hub.node(node)
    assert network.peer_id == peer_id_of(engines.identity.node.public)
    made = Place(engines, network, Pairs(engines, network), Following(engines, network))
    made.following.start()
    made.pairs.listen()
    return made


def settle(hub: Hub, *places: Place) -> None:
    """Return when nothing is left to do at these nodes."""
    busy = True
    while busy:
        hub.settle()
        for each in places:
            for thread in list(each.network._threads):
                thread.join()
        busy = any([each.pairs.work() for each in places])


def pair(hub: Hub, shows: Place, enters: Place) -> None:
    """Pair two nodes, and let them do what follows from it."""
    enters.pairing.enter(shows.pairing.show().code, shows.address)
    settle(hub, shows, enters)
