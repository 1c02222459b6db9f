"""What both ends of `/leither/keep/1` do: reach the other, say and hear messages, and check for whom it speaks."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from leither import limits
from leither.codec.record import NotARecord
from leither.crypto import PeerId
from leither.errors import PeerError
from leither.people import Device
from leither.people.visit import require_signer
from leither.ports import Known, Network, Stream
from leither.service.engines import Engines
from leither.service.known_keys import known_revocations
from leither.service.pair_rows import PairNotFound, PairRow, peer_of, read_pair
from leither.service.person_index import own_device
from leither.wire.keep_messages import KEEP, BadKeeping, Message, decode
from leither.wire.sync_messages import Hello

T = TypeVar("T")


class KeepRefused(PeerError):
    """A paired node does not take part."""

    code = "keep-refused"

    def __init__(self, peer: PeerId, reason: str) -> None:
        self.peer = peer
        self.reason = reason
        super().__init__(f"{peer} keeps nothing for this node ({reason}); pair with it again")


class PairTalk:
    """Speaks with paired nodes. Thread-safe."""

    def __init__(self, engines: Engines, network: Network) -> None:
        self.engines = engines
        self.network = network

    def device(self) -> bytes:
        """Return the record that this node acts for its owner."""
        return own_device(self.engines).encode()

    def hello(self) -> Hello:
        """Return for whom this node asks."""
        return Hello(devices=(self.device(),))

    def open(self, node: bytes) -> Stream:
        """Open a stream to a paired node. Raises: PairNotFound, what `Network.open` does."""
        return self.network.open(self.reach(node), [KEEP], timeout_s=limits.KEEP_S)

    def reach(self, node: bytes) -> PeerId:
        """Connect to a paired node. Raises: PairNotFound, PeerUnreachable, NetworkOff."""
        row = self.pair(node)
        return self.network.connect(Known(peer_of(node), row.addresses))

    def pair(self, node: bytes) -> PairRow:
        """Return the row of a paired node. Raises: PairNotFound."""
        with self.engines.state.read() as view:
            row = read_pair(view, node)
        if row is None:
            raise PairNotFound(peer_of(node))
        return row

    def proved(self, node: bytes, record: bytes) -> Device:
        """Return the record that the node at the other end acts for a person.

        Raises: BadKeeping, BadSignature, DeviceRevoked, NotYetValid, Expired.
        """
        try:
            device = Device.decode(record)
        except NotARecord as error:
            raise BadKeeping(str(error)) from None
        if device.device != node:
            raise BadKeeping("a person vouches for another node than the one at the other end")
        require_signer(
            "session",
            node,
            device.by,
            now_ms=self.engines.clock.now_ms(),
            devices=[device],
            revoked=known_revocations(self.engines),
        )
        return device


def pages(items: Sequence[T], size: int = limits.KEPT_PAGE) -> Iterator[tuple[tuple[T, ...], bool]]:
    """Yield (page, whether more follow); an empty page for nothing."""
    for start in range(0, max(len(items), 1), size):
        yield tuple(items[start : start + size]), start + size < len(items)


def say(stream: Stream, message: Message) -> None:
    """Send a message. Raises: PeerTooSlow, StreamBroken."""
    stream.write_message(message.encode(), timeout_s=limits.KEEP_S)


def hear(stream: Stream) -> Message:
    """Return the next message. Raises: BadKeeping, PeerTooSlow, StreamBroken, PeerMessageTooLarge."""
    data = stream.read_message(size_bytes_max=limits.NETWORK_MESSAGE_BYTES_MAX, timeout_s=limits.KEEP_S)
    if data is None:
        raise BadKeeping("it ends before its end")
    return decode(data)
