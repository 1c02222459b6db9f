"""The port to other nodes.

Adapters: a hub in memory (`leither.testing.hub`) and libp2p (`leither.net`). Both pass `leither.testing.suites`.

Everything here is synchronous and thread-safe. What comes from peers is handled in threads of the adapter's, never in
its event loop, so a handler may wait for disk or for another peer. Two ways to speak:

- **Streams** go both ways: `open` one, or `serve` those that peers open. A handler has its stream to itself and
  a thread for as long as it lasts; leaving it ends the stream, an error resets it.
- **Messages** go one way, each on a stream whose end nobody waits for, as Bitswap wants it: `send`, and `receive` what
  peers send. No thread waits while nothing comes, so hundreds of peers may hold such streams open. Messages from
  one peer are handled one after the other, in their order.

Both put an unsigned varint of its length before each message. Bounds are in `limits/network.py`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from leither.crypto.peer_id import PeerId
from leither.limits import NETWORK_MESSAGE_BYTES_MAX, PROVIDERS_MAX, STREAM_S


class Reach(StrEnum):
    """How far from this machine the node listens and dials."""

    OFF = "off"
    """Nobody beyond this machine."""
    LAN = "lan"
    """Neighbours in the same network, found by mDNS, and addresses in private networks."""
    PEERS = "peers"
    """Peers that somebody named, wherever they are, and whom those know of."""
    PUBLIC = "public"
    """The public IPFS network as well."""


@dataclass(frozen=True, slots=True)
class Peer:
    """A peer that is connected now.

    address: the best one it is connected by. relayed: only through another peer. inbound: it dialled us.
    kept: somebody chose it. protocols: what it says it speaks. rtt_s: a round trip, None before the first.
    bytes_received, bytes_sent: since it connected, on all its connections. score: its standing, 0 unless it misbehaved.
    """

    id: PeerId
    address: str
    agent: str
    protocols: frozenset[str]
    relayed: bool
    inbound: bool
    kept: bool
    connected_ms: int
    rtt_s: float | None
    bytes_received: int
    bytes_sent: int
    score: int


@dataclass(frozen=True, slots=True)
class Known:
    """A peer by id, and the addresses it was last heard to have; it need not be connected."""

    id: PeerId
    addresses: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class PeerEvent:
    """A peer came (and has said what it speaks), or the last connection with it went."""

    peer: PeerId
    came: bool


class Verdict(StrEnum):
    """What a subscriber thinks of a message on a topic."""

    ACCEPT = "accept"
    """Pass it on to others."""
    IGNORE = "ignore"
    """Don't pass it on; it is nobody's fault."""
    REJECT = "reject"
    """Don't pass it on, and think less of who sent it."""


@dataclass(frozen=True, slots=True)
class TopicMessage:
    """A message on a topic. author: who signed it. sender: the peer it came through."""

    topic: str
    author: PeerId
    sender: PeerId
    data: bytes


class Stream(Protocol):
    """Bytes both ways with one peer. Reads and writes may be in two threads, each in one at a time."""

    @property
    def peer(self) -> PeerId:
        """Who is at the other end."""

    @property
    def protocol(self) -> str:
        """The protocol both agreed on."""

    def read(self, size_bytes_max: int, *, timeout_s: float = STREAM_S) -> bytes:
        """Return what came, at least a byte and at most `size_bytes_max`; nothing at the end.

        Raises: PeerTooSlow, StreamBroken.
        """

    def read_message(
        self, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX, timeout_s: float = STREAM_S
    ) -> bytes | None:
        """Return the next message without the length before it, or None at the end.

        Raises: PeerTooSlow, StreamBroken. PeerMessageTooLarge: when a longer one is announced; the stream is reset.
        """

    def write(self, data: bytes, *, timeout_s: float = STREAM_S) -> None:
        """Send bytes; return when they are on their way or in a bounded buffer. Raises: PeerTooSlow, StreamBroken."""

    def write_message(self, message: bytes, *, timeout_s: float = STREAM_S) -> None:
        """Send a message with its length before it. Raises: PeerMessageTooLarge, PeerTooSlow, StreamBroken."""

    def close_write(self) -> None:
        """Say that no more will be written; the peer may go on. Idempotent."""

    def close(self) -> None:
        """End both directions in good order. Idempotent."""

    def reset(self) -> None:
        """Break off both directions at once. Idempotent."""


StreamHandler = Callable[[Stream], None]
MessageHandler = Callable[[PeerId, bytes], None]
PeerListener = Callable[[PeerEvent], None]
TopicHandler = Callable[[TopicMessage], Verdict]
Stop = Callable[[], None]
"""Ends what it was returned for. Idempotent."""


class Values(Protocol):
    """Which values a namespace of the DHT holds, such as IPNS records under `/ipns/`."""

    def is_valid(self, key: bytes, value: bytes) -> bool:
        """Tell whether `value` may stand under `key`. Called for what strangers send; never raises."""

    def best(self, key: bytes, values: Sequence[bytes]) -> int:
        """Return which of several valid values is the newest."""


class Network(Protocol):
    """Other nodes. Thread-safe. What is refused because the network is off raises NetworkOff."""

    @property
    def peer_id(self) -> PeerId:
        """Who this node is to others."""

    @property
    def reach(self) -> Reach:
        """How far the node listens and dials."""

    def addresses(self) -> list[str]:
        """Return where others reach this node now, each ending in `/p2p/<peer id>`; those that lie widest first."""

    def connect(self, peer: Known | str, *, timeout_s: float = STREAM_S) -> PeerId:
        """Connect to a peer unless it is connected; a text is an address that ends in `/p2p/<peer id>`.

        Without addresses, those remembered are dialled, then those that the DHT knows.
        Raises: BadAddress, AddressNotAllowed, PeerUnreachable, NetworkOff.
        """

    def disconnect(self, peer: PeerId) -> None:
        """End all connections with a peer. It may come back."""

    def keep(self, peer: Known) -> None:
        """Choose a peer: it is dialled again whenever it is away, with growing pauses, and never dropped for room."""

    def forget(self, peer: PeerId) -> None:
        """Undo `keep`, and forget the peer's addresses. Connections go on."""

    def kept(self) -> list[Known]:
        """Return the chosen peers."""

    def peers(self) -> list[Peer]:
        """Return who is connected now."""

    def watch(self, listener: PeerListener) -> Stop:
        """Call `listener` whenever a peer comes or goes, one call at a time; first for all that are there now."""

    def blame(self, peer: PeerId, points: int, why: str) -> None:
        """Think less of a peer by `points`; at `-PEER_SCORE_DROPPED` in all it is dropped and kept out for a while."""

    def serve(self, protocol: str, handler: StreamHandler) -> Stop:
        """Handle the streams that peers open for `protocol`. One handler a protocol."""

    def open(self, peer: PeerId, protocols: Sequence[str], *, timeout_s: float = STREAM_S) -> Stream:
        """Open a stream for the first of `protocols` that the peer speaks, connecting first where that is needed.

        Raises: PeerUnreachable, ProtocolUnsupported, PeerTooSlow, NetworkOff.
        """

    def receive(
        self, protocol: str, handler: MessageHandler, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX
    ) -> Stop:
        """Handle the messages that peers send for `protocol`, many on a stream or each on its own.

        A longer one resets its stream and costs the peer points, as does an error of a PeerError kind in `handler`.
        """

    def send(self, peer: PeerId, protocols: Sequence[str], message: bytes, *, timeout_s: float = STREAM_S) -> str:
        """Send one message on a stream of its own; return the protocol that was spoken.

        Returns once the message is written, not when it is read. Raises: what `open` does, StreamBroken,
        PeerMessageTooLarge.
        """

    def subscribe(self, topic: str, handler: TopicHandler) -> Stop:
        """Hear a topic. What comes is passed on only as `handler` says. Own messages aren't heard."""

    def publish(self, topic: str, data: bytes) -> int:
        """Send a message to a topic, subscribed or not; return to how many peers it went.

        Raises: PeerMessageTooLarge.
        """

    def provide(self, keys: Sequence[bytes], *, timeout_s: float = STREAM_S) -> int:
        """Say in the DHT that this node has what the multihashes `keys` name; return how many keys somebody took."""

    def find_providers(self, key: bytes, *, limit: int = PROVIDERS_MAX, timeout_s: float = STREAM_S) -> list[Known]:
        """Return who says in the DHT that they have what the multihash `key` names, at most `limit`; maybe nobody."""

    def find_peer(self, peer: PeerId, *, timeout_s: float = STREAM_S) -> Known:
        """Return the addresses that the DHT knows of a peer. Raises: PeerUnreachable."""

    def validate(self, namespace: str, values: Values) -> None:
        """Take values under `/namespace/` keys, here and from others; without this none are."""

    def put_value(self, key: bytes, value: bytes, *, timeout_s: float = STREAM_S) -> int:
        """Put a value in the DHT; return how many peers took it, each confirmed by its answer."""

    def get_value(self, key: bytes, *, timeout_s: float = STREAM_S) -> bytes:
        """Return the best valid value in the DHT. Raises: ValueNotFound."""

    def close(self) -> None:
        """End all connections and give back what is held. Idempotent."""
