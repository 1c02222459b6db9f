"""What the front door needs to know of other nodes. The node itself tells it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from leither.crypto import PeerId
from leither.ports import Known, Peer, Reach


@dataclass(frozen=True, slots=True)
class NetworkFacts:
    """How a node stands among others.

    Fields: running: whether it speaks with others now. addresses: where they reach it. kept: the peers that were
    chosen. peers: who is connected.
    """

    id: PeerId
    reach: Reach
    running: bool = False
    addresses: Sequence[str] = ()
    kept: Sequence[Known] = ()
    peers: Sequence[Peer] = ()


class NetworkOffice(Protocol):
    """What the owner can ask and do about it, whether or not the node serves. Everything may wait."""

    def facts(self) -> NetworkFacts:
        """Return how it stands."""

    def switch(self, reach: Reach) -> None:
        """Reach as far as this from now on, and after the next start. Raises: PortTaken, BadConfigFile."""

    def add(self, address: str) -> PeerId:
        """Choose the peer at an address; it is dialled from now on. Raises: BadAddress."""

    def remove(self, peer: PeerId) -> None:
        """Forget a chosen peer, and end the connection. Raises: PeerNotChosen."""
