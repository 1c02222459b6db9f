"""Asking a peer whether it can dial us: whether we can be reached from where it is.

    Message { type = 1 DIAL 0, DIAL_RESPONSE 1; dial = 2 { peer = 1 { id = 1; repeated addrs = 2 } };
        dialResponse = 3 { status = 1; statusText = 2; addr = 3 } }

Source: libp2p specs, autonat/autonat-v1.md.
"""

from dataclasses import dataclass

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId, peer_id_bytes
from leither.limits import PEER_ADDRESSES_MAX
from leither.wire.identify import addresses_in
from leither.wire.protobuf import Value, bytes_field, fields, number_field

PROTOCOL = "/libp2p/autonat/1.0.0"
DIAL, ANSWER = 0, 1
OK, DIAL_ERROR, DIAL_REFUSED, BAD_REQUEST = 0, 100, 101, 200


@dataclass(frozen=True, slots=True)
class DialBack:
    """A question with the addresses to dial, or its answer with the one that was reached."""

    kind: int
    peer: PeerId | None = None
    addresses: tuple[Multiaddr, ...] = ()
    status: int = OK

    def encode(self) -> bytes:
        """Return the message."""
        if self.kind == DIAL:
            assert self.peer is not None
            peer = bytes_field(1, peer_id_bytes(self.peer))
            peer += b"".join(bytes_field(2, each.encode()) for each in self.addresses)
            return b"\x08\0" + bytes_field(2, bytes_field(1, peer))
        answer = b"\x08" + number_field(1, self.status)[1:] if self.status else b"\x08\0"
        answer += b"".join(bytes_field(3, each.encode()) for each in self.addresses[:1])
        return number_field(1, ANSWER) + bytes_field(3, answer)


def parse_dial_back(data: bytes) -> DialBack:
    """Return the message; who is to be dialled is known from the connection, so only addresses are read.

    Raises: BadProtobuf.
    """
    kind, status, addresses = DIAL, OK, list[bytes]()
    for number, value in fields(memoryview(data)):
        if number == 1 and isinstance(value, int):
            kind = value
        elif number == 2 and isinstance(value, memoryview):
            addresses += _within(_within([value], 1), 2)[:PEER_ADDRESSES_MAX]
        elif number == 3 and isinstance(value, memoryview):
            found: list[tuple[int, Value]] = list(fields(value))
            status = next((each for inner, each in found if inner == 1 and isinstance(each, int)), OK)
            addresses += [bytes(each) for inner, each in found if inner == 3 and isinstance(each, memoryview)]
    return DialBack(kind, None, tuple(addresses_in(addresses)), status)


def _within(messages: "list[memoryview] | list[bytes]", wanted: int) -> list[bytes]:
    return [
        bytes(value)
        for message in messages
        for number, value in fields(memoryview(message))
        if number == wanted and isinstance(value, memoryview)
    ]
