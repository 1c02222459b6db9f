"""The network with everything counted that goes through it."""

from collections.abc import Callable, Sequence
from typing import TypeVar

from leither.crypto import PeerId
from leither.errors import LeitherError
from leither.limits import NETWORK_MESSAGE_BYTES_MAX, PROVIDERS_MAX, STREAM_S
from leither.ports import Known, Network, Peer, Reach, Stop, Stream, TopicMessage, Values, Verdict
from leither.ports.network import MessageHandler, PeerListener, StreamHandler, TopicHandler
from leither.service.traffic import OTHERS, Counts, Traffic

T = TypeVar("T")
TOPICS, ROUTING = "topics", "routing"
"""What messages on topics, and values and providers of the DHT, are counted as: as far as they are this node's own."""


class MeteredStream:
    """A stream that counts what passes. What is reset once it was closed came to no harm."""

    def __init__(self, stream: Stream, count: Callable[[Counts], None]) -> None:
        self._stream = stream
        self._count = count
        self._is_closed = False
        count(Counts(streams=1))

    @property
    def peer(self) -> PeerId:
        """See Stream."""
        return self._stream.peer

    @property
    def protocol(self) -> str:
        """See Stream."""
        return self._stream.protocol

    def read(self, size_bytes_max: int, *, timeout_s: float = STREAM_S) -> bytes:
        """See Stream."""
        data = self._counted(lambda: self._stream.read(size_bytes_max, timeout_s=timeout_s))
        self._count(Counts(bytes_received=len(data)))
        return data

    def read_message(
        self, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX, timeout_s: float = STREAM_S
    ) -> bytes | None:
        """See Stream."""
        message = self._counted(lambda: self._stream.read_message(size_bytes_max=size_bytes_max, timeout_s=timeout_s))
        if message is not None:
            self._count(Counts(bytes_received=len(message), messages_received=1))
        return message

    def write(self, data: bytes, *, timeout_s: float = STREAM_S) -> None:
        """See Stream."""
        self._counted(lambda: self._stream.write(data, timeout_s=timeout_s))
        self._count(Counts(bytes_sent=len(data)))

    def write_message(self, message: bytes, *, timeout_s: float = STREAM_S) -> None:
        """See Stream."""
        self._counted(lambda: self._stream.write_message(message, timeout_s=timeout_s))
        self._count(Counts(bytes_sent=len(message), messages_sent=1))

    def close_write(self) -> None:
        """See Stream."""
        self._stream.close_write()

    def close(self) -> None:
        """See Stream."""
        self._is_closed = True
        self._stream.close()

    def reset(self) -> None:
        """See Stream."""
        if not self._is_closed:
            self._count(Counts(errors=1))
        self._is_closed = True
        self._stream.reset()

    def _counted(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except LeitherError:
            self._count(Counts(errors=1))
            raise


class MeteredNetwork:
    """A network that counts what goes through it, by protocol and peer. Implements `Network` over another."""

    def __init__(self, network: Network, traffic: Traffic) -> None:
        self._network = network
        self._traffic = traffic

    @property
    def peer_id(self) -> PeerId:
        """See Network."""
        return self._network.peer_id

    @property
    def reach(self) -> Reach:
        """See Network."""
        return self._network.reach

    def addresses(self) -> list[str]:
        """See Network."""
        return self._network.addresses()

    def connect(self, peer: Known | str, *, timeout_s: float = STREAM_S) -> PeerId:
        """See Network."""
        return self._network.connect(peer, timeout_s=timeout_s)

    def disconnect(self, peer: PeerId) -> None:
        """See Network."""
        self._network.disconnect(peer)

    def keep(self, peer: Known) -> None:
        """See Network."""
        self._network.keep(peer)

    def forget(self, peer: PeerId) -> None:
        """See Network."""
        self._network.forget(peer)

    def kept(self) -> list[Known]:
        """See Network."""
        return self._network.kept()

    def peers(self) -> list[Peer]:
        """See Network."""
        return self._network.peers()

    def watch(self, listener: PeerListener) -> Stop:
        """See Network."""
        return self._network.watch(listener)

    def blame(self, peer: PeerId, points: int, why: str) -> None:
        """See Network."""
        self._network.blame(peer, points, why)

    def serve(self, protocol: str, handler: StreamHandler) -> Stop:
        """See Network."""
        return self._network.serve(protocol, lambda stream: handler(self._metered(stream)))

    def open(self, peer: PeerId, protocols: Sequence[str], *, timeout_s: float = STREAM_S) -> Stream:
        """See Network."""
        try:
            return self._metered(self._network.open(peer, protocols, timeout_s=timeout_s))
        except LeitherError:
            self._traffic.count(protocols[0], peer, Counts(errors=1))
            raise

    def receive(
        self, protocol: str, handler: MessageHandler, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX
    ) -> Stop:
        """See Network."""

        def counted(peer: PeerId, message: bytes) -> None:
            self._traffic.count(protocol, peer, Counts(bytes_received=len(message), messages_received=1))
            try:
                handler(peer, message)
            except LeitherError:
                self._traffic.count(protocol, peer, Counts(errors=1))
                raise

        return self._network.receive(protocol, counted, size_bytes_max=size_bytes_max)

    def send(self, peer: PeerId, protocols: Sequence[str], message: bytes, *, timeout_s: float = STREAM_S) -> str:
        """See Network."""
        try:
            protocol = self._network.send(peer, protocols, message, timeout_s=timeout_s)
        except LeitherError:
            self._traffic.count(protocols[0], peer, Counts(errors=1))
            raise
        self._traffic.count(protocol, peer, Counts(bytes_sent=len(message), messages_sent=1, streams=1))
        return protocol

    def subscribe(self, topic: str, handler: TopicHandler) -> Stop:
        """See Network."""

        def counted(message: TopicMessage) -> Verdict:
            self._traffic.count(TOPICS, message.sender, Counts(bytes_received=len(message.data), messages_received=1))
            return handler(message)

        return self._network.subscribe(topic, counted)

    def publish(self, topic: str, data: bytes) -> int:
        """See Network."""
        count = self._network.publish(topic, data)
        self._traffic.count(TOPICS, OTHERS, Counts(bytes_sent=len(data) * count, messages_sent=count))
        return count

    def provide(self, keys: Sequence[bytes], *, timeout_s: float = STREAM_S) -> int:
        """See Network."""
        self._traffic.count(ROUTING, OTHERS, Counts(messages_sent=len(keys)))
        return self._network.provide(keys, timeout_s=timeout_s)

    def find_providers(self, key: bytes, *, limit: int = PROVIDERS_MAX, timeout_s: float = STREAM_S) -> list[Known]:
        """See Network."""
        self._traffic.count(ROUTING, OTHERS, Counts(messages_sent=1))
        return self._network.find_providers(key, limit=limit, timeout_s=timeout_s)

    def find_peer(self, peer: PeerId, *, timeout_s: float = STREAM_S) -> Known:
        """See Network."""
        self._traffic.count(ROUTING, OTHERS, Counts(messages_sent=1))
        return self._network.find_peer(peer, timeout_s=timeout_s)

    def validate(self, namespace: str, values: Values) -> None:
        """See Network."""
        self._network.validate(namespace, values)

    def put_value(self, key: bytes, value: bytes, *, timeout_s: float = STREAM_S) -> int:
        """See Network."""
        self._traffic.count(ROUTING, OTHERS, Counts(bytes_sent=len(value), messages_sent=1))
        return self._network.put_value(key, value, timeout_s=timeout_s)

    def get_value(self, key: bytes, *, timeout_s: float = STREAM_S) -> bytes:
        """See Network."""
        value = self._network.get_value(key, timeout_s=timeout_s)
        self._traffic.count(ROUTING, OTHERS, Counts(bytes_received=len(value), messages_received=1))
        return value

    def close(self) -> None:
        """See Network."""
        self._network.close()

    def _metered(self, stream: Stream) -> MeteredStream:
        return MeteredStream(stream, lambda counts: self._traffic.count(stream.protocol, stream.peer, counts))
