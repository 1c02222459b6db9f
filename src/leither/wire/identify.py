"""What two peers tell each other about themselves once connected.

    message Identify { optional bytes publicKey = 1; repeated bytes listenAddrs = 2; repeated string protocols = 3;
        optional bytes observedAddr = 4; optional string protocolVersion = 5; optional string agentVersion = 6; }

Source: libp2p specs, identify/README.md.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from leither.codec.multiaddr import Multiaddr, NotAMultiaddr
from leither.limits import IDENTIFY_PROTOCOLS_MAX, PEER_ADDRESSES_MAX
from leither.wire.protobuf import bytes_field, fields

PROTOCOL = "/ipfs/id/1.0.0"
PUSH = "/ipfs/id/push/1.0.0"
_VERSION = "ipfs/0.1.0"
_TEXT_MAX = 256


@dataclass(frozen=True, slots=True)
class Identity:
    """addresses: where it listens. observed: where it sees us, None if it doesn't say."""

    key: bytes
    addresses: tuple[Multiaddr, ...]
    protocols: frozenset[str]
    observed: Multiaddr | None
    agent: str

    def encode(self) -> bytes:
        """Return the message."""
        parts = [bytes_field(1, self.key)]
        parts += [bytes_field(2, address.encode()) for address in self.addresses]
        parts += [bytes_field(3, protocol.encode()) for protocol in sorted(self.protocols)]
        if self.observed is not None:
            parts.append(bytes_field(4, self.observed.encode()))
        return b"".join((*parts, bytes_field(5, _VERSION.encode()), bytes_field(6, self.agent.encode())))


def parse_identity(data: bytes) -> Identity:
    """Return what a message says, cut at the bounds; addresses that aren't understood are left out.

    Raises: BadProtobuf.
    """
    key, agent, observed = b"", "", None
    addresses: list[Multiaddr] = []
    protocols: list[str] = []
    for number, value in fields(memoryview(data)):
        if not isinstance(value, memoryview):
            continue
        if number == 1:
            key = bytes(value)
        elif number == 2 and len(addresses) < PEER_ADDRESSES_MAX:
            addresses += addresses_in([bytes(value)])
        elif number == 3 and len(protocols) < IDENTIFY_PROTOCOLS_MAX:
            protocols.append(bytes(value[:_TEXT_MAX]).decode("utf-8", "replace"))
        elif number == 4:
            observed = next(iter(addresses_in([bytes(value)])), None)
        elif number == 6:
            agent = bytes(value[:_TEXT_MAX]).decode("utf-8", "replace")
    return Identity(key, tuple(addresses), frozenset(protocols), observed, agent)


def addresses_in(encoded: Iterable[bytes]) -> list[Multiaddr]:
    """Return those of the addresses that are understood here."""
    found = []
    for data in encoded:
        try:
            found.append(Multiaddr.decode(data))
        except NotAMultiaddr:
            continue  # of a transport that isn't spoken here
    return found
