"""Where peers were last heard to be, and who was chosen; what is worth it is kept beyond this run."""

from collections import OrderedDict
from collections.abc import Callable, Iterable, Sequence

from leither.codec.multiaddr import Multiaddr, NotAMultiaddr
from leither.crypto.peer_id import PeerId
from leither.limits import PEER_ADDRESSES_MAX, PEERS_KNOWN_MAX
from leither.ports.network import Known

Save = Callable[[PeerId, Sequence[str] | None], None]
"""Keeps the addresses of a chosen peer, or with None forgets it. Called in the event loop, so it must not wait."""


class PeerBook:
    """The addresses that worked come first. Chosen peers are never forgotten by themselves."""

    def __init__(self, kept: Iterable[Known] = (), save: Save = lambda peer, addresses: None) -> None:
        self._known: OrderedDict[PeerId, list[Multiaddr]] = OrderedDict()
        self._kept: dict[PeerId, None] = {}
        self._save = save
        for each in kept:
            self._kept[each.id] = None
            self.heard(each.id, parse_addresses(each.addresses))

    @property
    def kept(self) -> list[PeerId]:
        """The chosen peers."""
        return list(self._kept)

    def is_kept(self, peer: PeerId) -> bool:
        """Tell whether a peer was chosen."""
        return peer in self._kept

    def keep(self, peer: PeerId, addresses: Sequence[Multiaddr]) -> None:
        """Choose a peer."""
        self._kept[peer] = None
        self.heard(peer, addresses)
        self._save(peer, [str(each) for each in self._known.get(peer, ())])

    def forget(self, peer: PeerId) -> None:
        """Undo `keep`, and forget the addresses."""
        self._known.pop(peer, None)
        if peer in self._kept:
            del self._kept[peer]
            self._save(peer, None)

    def known(self, peer: PeerId) -> Known:
        """Return a peer with its addresses as text, maybe none."""
        return Known(peer, tuple(str(each) for each in self._known.get(peer, ())))

    def addresses(self, peer: PeerId) -> list[Multiaddr]:
        """Return the addresses of a peer, those that worked last first."""
        return list(self._known.get(peer, ()))

    def heard(self, peer: PeerId, addresses: Iterable[Multiaddr]) -> None:
        """Remember addresses, behind those that are known."""
        self._put(peer, [*self._known.get(peer, ()), *(each.without_peer() for each in addresses)])

    def worked(self, peer: PeerId, address: Multiaddr) -> None:
        """Remember that an address worked."""
        before = self._known.get(peer, [])[:1]
        self._put(peer, [address.without_peer(), *self._known.get(peer, ())])
        if peer in self._kept and before != [address.without_peer()]:
            self._save(peer, [str(each) for each in self._known[peer]])

    def _put(self, peer: PeerId, addresses: Sequence[Multiaddr]) -> None:
        if not addresses:
            return
        self._known[peer] = list(dict.fromkeys(addresses))[:PEER_ADDRESSES_MAX]
        self._known.move_to_end(peer)
        while len(self._known) > PEERS_KNOWN_MAX:
            oldest = next((each for each in self._known if each not in self._kept), None)
            if oldest is None:
                return
            del self._known[oldest]


def parse_addresses(texts: Iterable[str]) -> list[Multiaddr]:
    """Return those of the addresses that are understood here."""
    found = []
    for text in texts:
        try:
            found.append(Multiaddr.parse(text))
        except NotAMultiaddr:
            continue  # kept by a version that knew more
    return found
