"""Which peers of the DHT are known, in buckets by how near they are to this node.

Nearness is the exclusive or of SHA-256 hashes, read as a number. Near buckets hold few peers, far ones many, so each
holds at most `BUCKET_PEERS`: all that are near, and a sample of what is far.
Source: libp2p specs, kad-dht/README.md; Maymounkov and Mazieres, Kademlia.
"""

import hashlib
from collections.abc import Iterable

from leither.crypto.peer_id import PeerId, peer_id_bytes

BUCKET_PEERS = 20
_BITS = 256


def place(key: bytes) -> int:
    """Return where a key, or the multihash of a peer id, lies."""
    return int.from_bytes(hashlib.sha256(key).digest(), "big")


def place_of(peer: PeerId) -> int:
    """Return where a peer lies."""
    return place(peer_id_bytes(peer))


def nearest(target: int, peers: Iterable[PeerId], count: int) -> list[PeerId]:
    """Return the `count` peers nearest to a place, the nearest one first."""
    return sorted(peers, key=lambda peer: place_of(peer) ^ target)[:count]


class RoutingTable:
    """Peers that serve the DHT and were connected lately. In a full bucket, those that were there first stay."""

    def __init__(self, own: PeerId) -> None:
        self._own = place_of(own)
        self._buckets: dict[int, dict[PeerId, int]] = {}

    def __len__(self) -> int:
        """How many peers are known."""
        return sum(map(len, self._buckets.values()))

    def __contains__(self, peer: PeerId) -> bool:
        return peer in self._buckets.get(self._bucket(place_of(peer)), {})

    def add(self, peer: PeerId) -> bool:
        """Take a peer in; tell whether it is in now."""
        where = place_of(peer)
        if where == self._own:
            return False
        bucket = self._buckets.setdefault(self._bucket(where), {})
        if peer in bucket or len(bucket) < BUCKET_PEERS:
            bucket[peer] = where
            return True
        return False

    def remove(self, peer: PeerId) -> None:
        """Forget a peer. Nothing happens if it isn't in."""
        self._buckets.get(self._bucket(place_of(peer)), {}).pop(peer, None)

    def nearest(self, target: int, count: int = BUCKET_PEERS) -> list[PeerId]:
        """Return the peers nearest to a place, the nearest one first. Cost: all peers are looked at."""
        found = [(where ^ target, peer) for bucket in self._buckets.values() for peer, where in bucket.items()]
        return [peer for _, peer in sorted(found)[:count]]

    def _bucket(self, where: int) -> int:
        return _BITS - (where ^ self._own).bit_length()
