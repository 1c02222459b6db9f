"""What can go wrong between this node and its peers, whatever carries it."""

from leither.crypto.peer_id import PeerId
from leither.errors import Conflict, InputError, LimitError, PeerError


class BadAddress(InputError):
    """The text is no address of a peer."""

    code = "bad-address"

    def __init__(self, given: str, reason: str) -> None:
        self.given = given[:300]
        self.reason = reason
        super().__init__(
            f"{self.given!r} is not the address of a peer: {reason}; expected one as `leither peers` prints them, like "
            "/ip4/192.168.1.20/tcp/4801/p2p/12D3KooW…"
        )


class NetworkOff(Conflict):
    """The node does not speak with others."""

    code = "network-off"

    def __init__(self) -> None:
        super().__init__("the network is off; switch it on with `leither network lan`, `peers` or `public`")


class AddressNotAllowed(Conflict):
    """The network is switched on less wide than the address lies."""

    code = "address-not-allowed"

    def __init__(self, address: str, reach: str) -> None:
        self.address = address
        self.reach = reach
        super().__init__(f"{address} lies beyond `network = {reach}`; widen it with `leither network` to dial it")


class PeerUnreachable(PeerError):
    """No connection with the peer came about."""

    code = "peer-unreachable"

    def __init__(self, peer: str, reason: str) -> None:
        self.peer = peer
        self.reason = reason
        super().__init__(f"{peer} can't be reached: {reason}; it may be off, or behind a router that lets nobody in")


class PeerTooSlow(PeerError):
    """The peer did not answer, or did not read, in time."""

    code = "peer-too-slow"

    def __init__(self, peer: PeerId, what: str, timeout_s: float) -> None:
        self.peer = peer
        self.what = what
        self.timeout_s = timeout_s
        super().__init__(f"{peer} took more than {timeout_s:g} s to {what}; try again, or ask another peer")


class ProtocolUnsupported(PeerError):
    """The peer speaks none of the protocols asked for."""

    code = "protocol-unsupported"

    def __init__(self, peer: PeerId, protocols: tuple[str, ...]) -> None:
        self.peer = peer
        self.protocols = protocols
        super().__init__(f"{peer} speaks none of {', '.join(protocols)}; it may run another program, or an older one")


class StreamBroken(PeerError):
    """The stream ended before its end: reset by the peer, or its connection was lost."""

    code = "stream-broken"

    def __init__(self, peer: PeerId, reason: str) -> None:
        self.peer = peer
        self.reason = reason
        super().__init__(f"the stream with {peer} broke off: {reason}; try again")


class PeerMessageTooLarge(LimitError):
    """A message to or from a peer is longer than its protocol allows."""

    code = "peer-message-too-large"

    def __init__(self, size_bytes: int, size_bytes_max: int) -> None:
        self.size_bytes = size_bytes
        self.size_bytes_max = size_bytes_max
        super().__init__(
            f"message of {size_bytes:,} bytes exceeds the limit of {size_bytes_max:,}; send it in several pieces"
        )


class ValueNotFound(PeerError):
    """No peer that was asked knows a valid value under the key."""

    code = "value-not-found"

    def __init__(self, key: bytes, asked: int) -> None:
        self.key = key.hex()
        self.asked = asked
        super().__init__(f"none of the {asked} peers asked knows a valid value of {self.key}; try again later")
