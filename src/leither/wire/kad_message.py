"""Messages of the Kademlia DHT.

    message Message { MessageType type = 1; bytes key = 2; Record record = 3; repeated Peer closerPeers = 8;
        repeated Peer providerPeers = 9; }
    message Record { bytes key = 1; bytes value = 2; string timeReceived = 5; }
    message Peer { bytes id = 1; repeated bytes addrs = 2; ConnectionType connection = 3; }

Source: libp2p specs, kad-dht/README.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import NotAPeerId, PeerId, parse_peer_id, peer_id_bytes
from leither.limits import KAD_PEERS_MAX, PEER_ADDRESSES_MAX
from leither.wire.identify import addresses_in
from leither.wire.moment import format_moment, parse_moment
from leither.wire.protobuf import BadProtobuf, bytes_field, fields, number_field

PUBLIC = "/ipfs/kad/1.0.0"
LAN = "/ipfs/lan/kad/1.0.0"


class Kind(IntEnum):
    """What a message asks for, or answers."""

    PUT_VALUE = 0
    GET_VALUE = 1
    ADD_PROVIDER = 2
    GET_PROVIDERS = 3
    FIND_NODE = 4
    PING = 5


@dataclass(frozen=True, slots=True)
class Contact:
    """A peer and where it was last heard to be."""

    peer: PeerId
    addresses: tuple[Multiaddr, ...]


@dataclass(frozen=True, slots=True)
class Value:
    """A value under its key. received_ms: the time where it was held; 0 where that isn't said.

    js-libp2p takes a value from nobody who doesn't say the time.
    """

    key: bytes
    value: bytes
    received_ms: int = 0

    def encode(self) -> bytes:
        """Return the record."""
        moment = format_moment(self.received_ms * 1_000_000).encode("ascii")
        received = bytes_field(5, moment) if self.received_ms else b""
        return bytes_field(1, self.key) + bytes_field(2, self.value) + received


@dataclass(frozen=True, slots=True)
class KadMessage:
    """A request, or the answer to one, which has the same kind and key."""

    kind: Kind
    key: bytes = b""
    value: Value | None = None
    closer: tuple[Contact, ...] = ()
    providers: tuple[Contact, ...] = ()

    def encode(self) -> bytes:
        """Return the message."""
        parts = [number_field(1, self.kind)]
        if self.key:
            parts.append(bytes_field(2, self.key))
        if self.value is not None:
            parts.append(bytes_field(3, self.value.encode()))
        parts += [bytes_field(8, _encode_contact(each)) for each in self.closer]
        parts += [bytes_field(9, _encode_contact(each)) for each in self.providers]
        return b"".join(parts)


def parse_kad(data: bytes) -> KadMessage:
    """Return the message in `data`; contacts beyond the bound, or of no valid id, are left out. Raises: BadProtobuf."""
    kind, key, value = 0, b"", None
    closer: list[Contact] = []
    providers: list[Contact] = []
    for number, field in fields(memoryview(data)):
        if number == 1 and isinstance(field, int):
            kind = field
        elif not isinstance(field, memoryview):
            continue
        elif number == 2:
            key = bytes(field)
        elif number == 3:
            value = _value(field)
        elif number in (8, 9):
            found = closer if number == 8 else providers
            if len(found) < KAD_PEERS_MAX:
                found += _contact(field)
    if kind not in Kind.__members__.values():
        raise BadProtobuf(f"DHT message of kind {kind}")
    return KadMessage(Kind(kind), key, value, tuple(closer), tuple(providers))


def _encode_contact(contact: Contact) -> bytes:
    addresses: Sequence[Multiaddr] = contact.addresses[:PEER_ADDRESSES_MAX]
    return bytes_field(1, peer_id_bytes(contact.peer)) + b"".join(
        bytes_field(2, address.encode()) for address in addresses
    )


def _value(data: memoryview) -> Value:
    found = {number: bytes(field) for number, field in fields(data) if isinstance(field, memoryview)}
    received_ns = parse_moment(found.get(5, b""))
    return Value(found.get(1, b""), found.get(2, b""), 0 if received_ns is None else max(received_ns, 0) // 1_000_000)


def _contact(data: memoryview) -> list[Contact]:
    peer, addresses = b"", list[bytes]()
    for number, field in fields(data):
        if number == 1 and isinstance(field, memoryview):
            peer = bytes(field)
        elif number == 2 and isinstance(field, memoryview) and len(addresses) < PEER_ADDRESSES_MAX:
            addresses.append(bytes(field))
    try:
        return [Contact(parse_peer_id(peer), tuple(addresses_in(addresses)))]
    except NotAPeerId:
        return []
