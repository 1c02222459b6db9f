"""The port `Network` over libp2p."""

import asyncio
import socket
from collections.abc import Callable, Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from leither.codec.multiaddr import Multiaddr, NotAMultiaddr
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import (
    DIAL_S,
    NETWORK_MESSAGE_BYTES_MAX,
    NETWORK_QUEUE_MAX,
    NETWORK_THREADS_MAX,
    PROVIDERS_MAX,
    ROUTED_VALUE_BYTES_MAX,
    STREAM_S,
    TOPIC_MESSAGE_BYTES_MAX,
)
from leither.net.blocking import BlockingStream
from leither.net.loop_thread import LoopThread
from leither.net.message_streams import MessageStreams
from leither.net.node import NetNode, Setup
from leither.net.peer_book import parse_addresses
from leither.net.peer_events import PeerEvents
from leither.net.reaching import widest_first
from leither.net.stream import MuxedStream
from leither.ports.network import (
    Known,
    MessageHandler,
    Peer,
    PeerListener,
    Reach,
    Stop,
    Stream,
    StreamHandler,
    TopicHandler,
    TopicMessage,
    Values,
    Verdict,
)
from leither.ports.network_errors import (
    BadAddress,
    PeerMessageTooLarge,
    PeerTooSlow,
    PeerUnreachable,
    StreamBroken,
    ValueNotFound,
)
from leither.wire.gossip_message import Post

T = TypeVar("T")


class Libp2pNetwork:
    """Thread-safe. Made with its thread running and its ports open; `close` gives both back."""

    def __init__(self, setup: Setup) -> None:
        """Raises: OSError: an address can't be listened on."""
        self.peer_id = setup.key.peer_id
        self._clock = setup.clock
        self._loop = LoopThread("leither-net")
        self._streams_pool = ThreadPoolExecutor(NETWORK_THREADS_MAX, "leither-net-stream")
        self._pool = ThreadPoolExecutor(NETWORK_THREADS_MAX, "leither-net-message")
        self._events = PeerEvents()
        self._serving = 0
        try:
            self._node = self._run(self._start(setup), STREAM_S)
        except BaseException:
            self._end()
            raise
        self._messages = MessageStreams(self._node.host, self._pool, self._node.blame)

    async def _start(self, setup: Setup) -> NetNode:
        node = NetNode(setup, self._events.tell)
        try:
            await node.start()
        except BaseException:
            await node.close()
            raise
        return node

    @property
    def reach(self) -> Reach:
        """How far the node listens and dials."""
        return self._node.host.reach

    def switch(self, reach: Reach, listen: Sequence[Multiaddr | socket.socket]) -> None:
        """Reach as far as this from now on, listening on these addresses, or sockets bound to one. Raises: OSError."""
        self._run(self._node.switch(reach, listen), STREAM_S)

    # Peers

    def addresses(self) -> list[str]:
        """Return where others reach this node now, those that lie widest first."""
        return self._do(lambda: [str(each.with_peer(self.peer_id)) for each in widest_first(self._node.addresses())])

    def connect(self, peer: Known | str, *, timeout_s: float = STREAM_S) -> PeerId:
        """Connect to a peer. Raises: BadAddress, AddressNotAllowed, PeerUnreachable."""
        target, addresses = _target(peer)
        self._ask(target, self._node.connect(target, addresses), "connect", timeout_s)
        return target

    def disconnect(self, peer: PeerId) -> None:
        """End all connections with a peer."""
        self._do(lambda: self._node.host.disconnect(peer))

    def keep(self, peer: Known) -> None:
        """Choose a peer."""

        def keep() -> None:
            self._node.book.keep(peer.id, parse_addresses(peer.addresses))
            self._node.keeping.keep(peer.id)

        self._do(keep)

    def forget(self, peer: PeerId) -> None:
        """Undo `keep`, and forget the peer's addresses."""

        def forget() -> None:
            self._node.keeping.forget(peer)
            self._node.book.forget(peer)

        self._do(forget)

    def kept(self) -> list[Known]:
        """Return the chosen peers."""
        return self._do(lambda: [self._node.book.known(peer) for peer in self._node.book.kept])

    def peers(self) -> list[Peer]:
        """Return who is connected now."""
        now_ms = self._clock.now_ms()
        return self._do(lambda: [self._peer(peer, now_ms) for peer in self._node.host.connections])

    def watch(self, listener: PeerListener) -> Stop:
        """Call `listener` whenever a peer comes or goes; first for all that are there now."""
        return self._events.watch(listener)

    def blame(self, peer: PeerId, points: int, why: str) -> None:
        """Think less of a peer."""
        self._do(lambda: self._node.blame(peer, points, why))

    # Streams and messages

    def serve(self, protocol: str, handler: StreamHandler) -> Stop:
        """Handle the streams that peers open for `protocol`, each in a thread."""

        async def handle(stream: MuxedStream) -> None:
            if self._serving >= NETWORK_THREADS_MAX + NETWORK_QUEUE_MAX:
                raise StreamBroken(stream.peer, "too many streams are in work")
            self._serving += 1
            try:
                blocking = BlockingStream(stream, self._loop)
                await asyncio.get_running_loop().run_in_executor(self._streams_pool, handler, blocking)
            finally:
                self._serving -= 1

        return self._register(protocol, lambda: self._node.host.serve(protocol, handle))

    def open(self, peer: PeerId, protocols: Sequence[str], *, timeout_s: float = STREAM_S) -> Stream:
        """Open a stream. Raises: PeerUnreachable, ProtocolUnsupported, PeerTooSlow."""

        async def open() -> MuxedStream:
            await self._node.connect(peer, ())
            return await self._node.host.open(peer, protocols)

        return BlockingStream(self._ask(peer, open(), "open a stream", timeout_s), self._loop)

    def receive(
        self, protocol: str, handler: MessageHandler, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX
    ) -> Stop:
        """Handle the messages that peers send for `protocol`."""
        return self._register(protocol, lambda: self._messages.receive(protocol, handler, size_bytes_max))

    def send(self, peer: PeerId, protocols: Sequence[str], message: bytes, *, timeout_s: float = STREAM_S) -> str:
        """Send one message. Raises: what `open` does, StreamBroken, PeerMessageTooLarge."""
        _bound(message, NETWORK_MESSAGE_BYTES_MAX)

        async def send() -> str:
            await self._node.connect(peer, ())
            return await self._messages.send(peer, protocols, message)

        return self._ask(peer, send(), "take a message", timeout_s)

    def _register(self, protocol: str, register: Callable[[], None]) -> Stop:
        def start() -> object:
            register()
            self._node.identifying.push()
            return self._node.host.handlers[protocol]

        handler = self._do(start)

        def stop() -> None:
            if self._node.host.handlers.get(protocol) is handler:
                del self._node.host.handlers[protocol]
                self._node.identifying.push()

        return lambda: self._do(stop)

    # Topics

    def subscribe(self, topic: str, handler: TopicHandler) -> Stop:
        """Hear a topic."""

        async def hear(sender: PeerId, post: Post) -> Verdict:
            message = TopicMessage(topic, post.author, sender, post.data)
            return await asyncio.get_running_loop().run_in_executor(self._pool, handler, message)

        self._do(lambda: self._node.gossip.subscribe(topic, hear))
        return lambda: self._do(lambda: self._node.gossip.unsubscribe(topic))

    def publish(self, topic: str, data: bytes) -> int:
        """Send a message to a topic; return to how many peers it went."""
        _bound(data, TOPIC_MESSAGE_BYTES_MAX)
        return self._do(lambda: self._node.gossip.publish(topic, data))

    # DHT

    def provide(self, keys: Sequence[bytes], *, timeout_s: float = STREAM_S) -> int:
        """Say in the DHT that this node has what `keys` name; return how many keys somebody took."""

        async def provide() -> int:
            taken = 0
            for key in keys:
                taken += bool(await self._node.kad.provide(key))
            return taken

        return self._search(provide(), timeout_s, otherwise=0)

    def find_providers(self, key: bytes, *, limit: int = PROVIDERS_MAX, timeout_s: float = STREAM_S) -> list[Known]:
        """Return who says in the DHT that they have what `key` names."""
        found = self._search(self._node.kad.find_providers(key, limit), timeout_s, otherwise=[])
        return [Known(each.peer, tuple(map(str, each.addresses))) for each in found]

    def find_peer(self, peer: PeerId, *, timeout_s: float = STREAM_S) -> Known:
        """Return the addresses that the DHT knows of a peer. Raises: PeerUnreachable."""
        found = self._search(self._node.kad.find_peer(peer), timeout_s, otherwise=[])
        if not found:
            raise PeerUnreachable(peer, "nobody who was asked knows where it is")
        return Known(peer, tuple(map(str, found)))

    def validate(self, namespace: str, values: Values) -> None:
        """Take values under `/namespace/` keys."""
        self._do(lambda: self._node.kad.spaces.update({namespace: values}))

    def put_value(self, key: bytes, value: bytes, *, timeout_s: float = STREAM_S) -> int:
        """Put a value in the DHT; return how many peers took it."""
        _bound(value, ROUTED_VALUE_BYTES_MAX)
        return self._search(self._node.kad.put_value(key, value), timeout_s, otherwise=0)

    def get_value(self, key: bytes, *, timeout_s: float = STREAM_S) -> bytes:
        """Return the best valid value in the DHT. Raises: ValueNotFound."""
        found, asked = self._search(self._node.kad.get_values(key), timeout_s, otherwise=([], 0))
        if not found:
            raise ValueNotFound(key, asked)
        space = self._do(lambda: self._node.kad.space(key))
        assert space is not None
        return found[space.best(key, found)]

    def close(self) -> None:
        """End all connections and the thread. Idempotent."""
        try:
            self._run(self._node.close(), DIAL_S)
        except LeitherError:
            return  # closed before
        finally:
            self._end()

    # Within

    def _end(self) -> None:
        self._loop.stop()
        self._events.close()
        for pool in (self._pool, self._streams_pool):
            pool.shutdown(wait=False, cancel_futures=True)

    def _run(self, work: Coroutine[Any, Any, T], timeout_s: float) -> T:
        return self._loop.run(work, timeout_s)

    def _do(self, call: Callable[[], T]) -> T:
        """Do what doesn't wait, in the loop."""

        async def do() -> T:
            return call()

        return self._run(do(), STREAM_S)

    def _ask(self, peer: PeerId, work: Coroutine[Any, Any, T], what: str, timeout_s: float) -> T:
        try:
            return self._run(work, timeout_s)
        except TimeoutError:
            raise PeerTooSlow(peer, what, timeout_s) from None

    def _search(self, work: Coroutine[Any, Any, T], timeout_s: float, *, otherwise: T) -> T:
        try:
            return self._run(work, timeout_s)
        except TimeoutError:
            return otherwise

    def _peer(self, peer: PeerId, now_ms: int) -> Peer:
        node = self._node
        best, identity = node.host.best(peer), node.identifying.known.get(peer)
        assert best is not None
        connections = node.host.connections[peer]
        oldest = min(each.opened_at for each in connections)
        return Peer(
            id=peer,
            address=str(best.address.with_peer(peer)),
            agent="" if identity is None else identity.agent,
            protocols=frozenset() if identity is None else identity.protocols,
            relayed=best.relayed,
            inbound=best.inbound,
            kept=node.book.is_kept(peer),
            connected_ms=now_ms - round(1000 * (asyncio.get_running_loop().time() - oldest)),
            rtt_s=node.rtt_s.get(peer),
            bytes_received=sum(each.bytes_received for each in connections),
            bytes_sent=sum(each.bytes_sent for each in connections),
            score=node.standing.score(peer),
        )


def _bound(message: bytes, size_bytes_max: int) -> None:
    if len(message) > size_bytes_max:
        raise PeerMessageTooLarge(len(message), size_bytes_max)


def _target(peer: Known | str) -> tuple[PeerId, list[Multiaddr]]:
    if isinstance(peer, Known):
        return peer.id, parse_addresses(peer.addresses)
    try:
        address = Multiaddr.parse(peer)
    except NotAMultiaddr as error:
        raise BadAddress(peer, error.reason) from None
    if address.peer is None:
        raise BadAddress(peer, "it doesn't say whose it is, with /p2p/ and a peer id at its end")
    return address.peer, [address]
