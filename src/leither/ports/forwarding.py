"""A network that hands on what is asked of it. Who stands before another says only what it does otherwise."""

from collections.abc import Callable, Sequence

from leither.crypto.peer_id import PeerId
from leither.limits import NETWORK_MESSAGE_BYTES_MAX, PROVIDERS_MAX, STREAM_S
from leither.ports.network import (
    Known,
    MessageHandler,
    Network,
    Peer,
    PeerListener,
    Reach,
    Stop,
    Stream,
    StreamHandler,
    TopicHandler,
    Values,
)


class ForwardingNetwork:
    """Implements `Network` by another one."""

    def __init__(self, network: Callable[[], Network]) -> None:
        """`network` is called for the other one whenever something is handed on."""
        self._network = network

    @property
    def peer_id(self) -> PeerId:
        """See Network."""
        return self._network().peer_id

    @property
    def reach(self) -> Reach:
        """See Network."""
        return self._network().reach

    def addresses(self) -> list[str]:
        """See Network."""
        return self._network().addresses()

    def connect(self, peer: Known | str, *, timeout_s: float = STREAM_S) -> PeerId:
        """See Network."""
        return self._network().connect(peer, timeout_s=timeout_s)

    def disconnect(self, peer: PeerId) -> None:
        """See Network."""
        self._network().disconnect(peer)

    def keep(self, peer: Known) -> None:
        """See Network."""
        self._network().keep(peer)

    def forget(self, peer: PeerId) -> None:
        """See Network."""
        self._network().forget(peer)

    def kept(self) -> list[Known]:
        """See Network."""
        return self._network().kept()

    def peers(self) -> list[Peer]:
        """See Network."""
        return self._network().peers()

    def watch(self, listener: PeerListener) -> Stop:
        """See Network."""
        return self._network().watch(listener)

    def blame(self, peer: PeerId, points: int, why: str) -> None:
        """See Network."""
        self._network().blame(peer, points, why)

    def serve(self, protocol: str, handler: StreamHandler) -> Stop:
        """See Network."""
        return self._network().serve(protocol, handler)

    def open(self, peer: PeerId, protocols: Sequence[str], *, timeout_s: float = STREAM_S) -> Stream:
        """See Network."""
        return self._network().open(peer, protocols, timeout_s=timeout_s)

    def receive(
        self, protocol: str, handler: MessageHandler, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX
    ) -> Stop:
        """See Network."""
        return self._network().receive(protocol, handler, size_bytes_max=size_bytes_max)

    def send(self, peer: PeerId, protocols: Sequence[str], message: bytes, *, timeout_s: float = STREAM_S) -> str:
        """See Network."""
        return self._network().send(peer, protocols, message, timeout_s=timeout_s)

    def subscribe(self, topic: str, handler: TopicHandler) -> Stop:
        """See Network."""
        return self._network().subscribe(topic, handler)

    def publish(self, topic: str, data: bytes) -> int:
        """See Network."""
        return self._network().publish(topic, data)

    def provide(self, keys: Sequence[bytes], *, timeout_s: float = STREAM_S) -> int:
        """See Network."""
        return self._network().provide(keys, timeout_s=timeout_s)

    def find_providers(self, key: bytes, *, limit: int = PROVIDERS_MAX, timeout_s: float = STREAM_S) -> list[Known]:
        """See Network."""
        return self._network().find_providers(key, limit=limit, timeout_s=timeout_s)

    def find_peer(self, peer: PeerId, *, timeout_s: float = STREAM_S) -> Known:
        """See Network."""
        return self._network().find_peer(peer, timeout_s=timeout_s)

    def validate(self, namespace: str, values: Values) -> None:
        """See Network."""
        self._network().validate(namespace, values)

    def put_value(self, key: bytes, value: bytes, *, timeout_s: float = STREAM_S) -> int:
        """See Network."""
        return self._network().put_value(key, value, timeout_s=timeout_s)

    def get_value(self, key: bytes, *, timeout_s: float = STREAM_S) -> bytes:
        """See Network."""
        return self._network().get_value(key, timeout_s=timeout_s)

    def close(self) -> None:
        """See Network."""
        self._network().close()
