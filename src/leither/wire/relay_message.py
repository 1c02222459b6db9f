"""How two peers are brought together by a third, and how they find out what stands between them.

    HopMessage  { type = 1 RESERVE 0, CONNECT 1, STATUS 2; peer = 2; reservation = 3; limit = 4; status = 5 }
    StopMessage { type = 1 CONNECT 0, STATUS 1; peer = 2; limit = 3; status = 4 }
    Peer { id = 1; repeated addrs = 2 }  Reservation { expire = 1; repeated addrs = 2 }
    Limit { duration = 1; data = 2 }
    HolePunch { type = 1 CONNECT 100, SYNC 300; repeated ObsAddrs = 2 }

Source: libp2p specs, relay/circuit-v2.md and relay/DCUtR.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import NotAPeerId, PeerId, parse_peer_id, peer_id_bytes
from leither.limits import PEER_ADDRESSES_MAX
from leither.wire.identify import addresses_in
from leither.wire.protobuf import BadProtobuf, bytes_field, fields, number_field

HOP = "/libp2p/circuit/relay/0.2.0/hop"
STOP = "/libp2p/circuit/relay/0.2.0/stop"
DCUTR = "/libp2p/dcutr"
RESERVE, CONNECT, STATUS = 0, 1, 2
STOP_CONNECT, STOP_STATUS = 0, 1
PUNCH_CONNECT, PUNCH_SYNC = 100, 300
OK, RESERVATION_REFUSED, LIMIT_EXCEEDED, DENIED = 100, 200, 201, 202
CONNECTION_FAILED, NO_RESERVATION, MALFORMED, UNEXPECTED = 203, 204, 400, 401


@dataclass(frozen=True, slots=True)
class Limit:
    """What a relay carries at most. 0 stands for no limit."""

    duration_s: int = 0
    data_bytes: int = 0

    def encode(self) -> bytes:
        """Return the message within."""
        return number_field(1, self.duration_s) + number_field(2, self.data_bytes)


@dataclass(frozen=True, slots=True)
class RelayMessage:
    """A hop or stop message, both of which are told apart by their protocols; `kind` is numbered accordingly.

    until_s: when a reservation ends, seconds since 1970. addresses: of the relay, in a reservation.
    """

    kind: int
    peer: PeerId | None = None
    status: int = 0
    until_s: int = 0
    addresses: tuple[Multiaddr, ...] = ()
    limit: Limit = Limit()

    def encode_hop(self) -> bytes:
        """Return it as a hop message."""
        reservation = number_field(1, self.until_s) + b"".join(bytes_field(2, each.encode()) for each in self.addresses)
        return self._encode(3, reservation, 4, 5)

    def encode_stop(self) -> bytes:
        """Return it as a stop message."""
        return self._encode(0, b"", 3, 4)

    def _encode(self, reservation_field: int, reservation: bytes, limit_field: int, status_field: int) -> bytes:
        parts = [b"\x08" + bytes((self.kind,))]
        if self.peer is not None:
            parts.append(bytes_field(2, bytes_field(1, peer_id_bytes(self.peer))))
        if reservation:
            parts.append(bytes_field(reservation_field, reservation))
        limit = self.limit.encode()
        if limit:
            parts.append(bytes_field(limit_field, limit))
        return b"".join((*parts, number_field(status_field, self.status)))


def parse_hop(data: bytes) -> RelayMessage:
    """Return a hop message. Raises: BadProtobuf."""
    return _parse(data, reservation_field=3, limit_field=4, status_field=5)


def parse_stop(data: bytes) -> RelayMessage:
    """Return a stop message. Raises: BadProtobuf."""
    return _parse(data, reservation_field=0, limit_field=3, status_field=4)


def _parse(data: bytes, *, reservation_field: int, limit_field: int, status_field: int) -> RelayMessage:
    kind, status, until_s = 0, 0, 0
    peer: PeerId | None = None
    addresses: list[bytes] = []
    limit = Limit()
    for number, value in fields(memoryview(data)):
        if isinstance(value, int):
            kind = value if number == 1 else kind
            status = value if number == status_field else status
        elif number == 2:
            peer = _peer(value)
        elif number == reservation_field:
            for inner, each in fields(value):
                if inner == 1 and isinstance(each, int):
                    until_s = each
                elif inner == 2 and isinstance(each, memoryview) and len(addresses) < PEER_ADDRESSES_MAX:
                    addresses.append(bytes(each))
        elif number == limit_field:
            found = {inner: each for inner, each in fields(value) if isinstance(each, int)}
            limit = Limit(found.get(1, 0), found.get(2, 0))
    return RelayMessage(kind, peer, status, until_s, tuple(addresses_in(addresses)), limit)


def _peer(data: memoryview) -> PeerId:
    found = next((value for number, value in fields(data) if number == 1 and isinstance(value, memoryview)), None)
    try:
        return parse_peer_id(bytes(found or b""))
    except NotAPeerId:
        raise BadProtobuf("a peer without a valid id") from None


@dataclass(frozen=True, slots=True)
class Punch:
    """One message of a hole punching: where the sender is seen from outside, or that it is time."""

    kind: int
    addresses: tuple[Multiaddr, ...] = ()

    def encode(self) -> bytes:
        """Return the message."""
        addresses: Sequence[Multiaddr] = self.addresses[:PEER_ADDRESSES_MAX]
        return number_field(1, self.kind) + b"".join(bytes_field(2, each.encode()) for each in addresses)


def parse_punch(data: bytes) -> Punch:
    """Return a message of a hole punching. Raises: BadProtobuf."""
    kind, addresses = 0, list[bytes]()
    for number, value in fields(memoryview(data)):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, memoryview) and len(addresses) < PEER_ADDRESSES_MAX:
            addresses.append(bytes(value))
    return Punch(kind, tuple(addresses_in(addresses)))
