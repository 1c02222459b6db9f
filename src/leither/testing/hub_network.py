"""One node of a hub, as the port `Network`."""

import threading
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from leither.codec.multiaddr import Multiaddr, NotAMultiaddr
from leither.crypto.peer_id import PeerId
from leither.errors import PeerError
from leither.limits import (
    NETWORK_MESSAGE_BYTES_MAX,
    PEER_SCORE_DROPPED,
    PROVIDERS_MAX,
    ROUTED_VALUE_BYTES_MAX,
    STREAM_S,
    TOPIC_MESSAGE_BYTES_MAX,
)
from leither.ports.network import (
    Known,
    MessageHandler,
    Peer,
    PeerEvent,
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
    PeerUnreachable,
    ProtocolUnsupported,
    ValueNotFound,
)
from leither.testing.hub_stream import MemoryStream, stream_pair

if TYPE_CHECKING:
    from leither.testing.hub import Hub

_BAD_MESSAGE_POINTS = 20


class MemoryNetwork:
    """Made by `Hub.node`. Bytes are counted for messages and streams; a round trip takes no time."""

    def __init__(self, hub: "Hub", peer_id: PeerId, *, port: int) -> None:
        self.peer_id = peer_id
        self.reach = Reach.OFF
        self.closed = False
        self.connected: dict[PeerId, bool] = {}
        """Who is connected, and whether they dialled."""
        self.provided: set[bytes] = set()
        self.values: dict[bytes, bytes] = {}
        self.scores: dict[PeerId, int] = {}
        self._hub = hub
        self._port = port
        self._guard = threading.RLock()
        self._kept: dict[PeerId, Known] = {}
        self._serving: dict[str, StreamHandler] = {}
        self._receiving: dict[str, tuple[MessageHandler, int]] = {}
        self._topics: dict[str, TopicHandler] = {}
        self._listeners: list[PeerListener] = []
        self._spaces: dict[str, Values] = {}
        self._streams: dict[PeerId, list[MemoryStream]] = {}
        self._bytes: dict[PeerId, list[int]] = {}
        self._threads: list[threading.Thread] = []

    @property
    def protocols(self) -> frozenset[str]:
        """What this node speaks."""
        return frozenset((*self._serving, *self._receiving))

    def addresses(self) -> list[str]:
        """Return where others reach this node."""
        return [f"/ip4/127.0.0.1/tcp/{self._port}/p2p/{self.peer_id}"]

    def connect(self, peer: Known | str, *, timeout_s: float = STREAM_S) -> PeerId:
        """Connect to a peer unless it is connected. Raises: BadAddress, PeerUnreachable."""
        target = _peer_of(peer)
        if self._refuses(target) or target == self.peer_id or not self._hub.reaches(self.peer_id, target):
            raise PeerUnreachable(target, "the hub leads nowhere")
        other = self._hub.nodes[target]
        if other._refuses(self.peer_id):
            raise PeerUnreachable(target, "it is not let in")
        self._meet(target, inbound=False)
        other._meet(self.peer_id, inbound=True)
        return target

    def disconnect(self, peer: PeerId) -> None:
        """End the connection with a peer."""
        self.lose([peer], "it was closed")
        if peer in self._hub.nodes:
            self._hub.nodes[peer].lose([self.peer_id], "it was closed by the other side")

    def lose(self, peers: Sequence[PeerId], reason: str) -> None:
        """Lose the connections with these peers. Called by the hub."""
        for peer in peers:
            with self._guard:
                if self.connected.pop(peer, None) is None:
                    continue
                broken = self._streams.pop(peer, [])
                self._bytes.pop(peer, None)
            for stream in broken:
                stream._state.break_off(reason)
            self._tell(PeerEvent(peer, came=False))

    def keep(self, peer: Known) -> None:
        """Choose a peer, and dial it now. A hub dials once; call `keep` again after `join`."""
        with self._guard:
            self._kept[peer.id] = peer
        if self._hub.reaches(self.peer_id, peer.id) and peer.id not in self.connected:
            self.connect(peer)

    def forget(self, peer: PeerId) -> None:
        """Undo `keep`."""
        with self._guard:
            self._kept.pop(peer, None)

    def kept(self) -> list[Known]:
        """Return the chosen peers."""
        with self._guard:
            return list(self._kept.values())

    def peers(self) -> list[Peer]:
        """Return who is connected now."""
        with self._guard:
            return [self._peer(peer, inbound=inbound) for peer, inbound in self.connected.items()]

    def watch(self, listener: PeerListener) -> Stop:
        """Call `listener` whenever a peer comes or goes; first for all that are there now."""
        with self._guard:
            self._listeners.append(listener)
            here = list(self.connected)
        for peer in here:
            self._hub.post(partial(listener, PeerEvent(peer, came=True)))

        def stop() -> None:
            with self._guard:
                if listener in self._listeners:
                    self._listeners.remove(listener)

        return stop

    def blame(self, peer: PeerId, points: int, why: str) -> None:
        """Think less of a peer."""
        with self._guard:
            self.scores[peer] = self.scores.get(peer, 0) - points
        if self._refuses(peer):
            self.disconnect(peer)

    def serve(self, protocol: str, handler: StreamHandler) -> Stop:
        """Handle the streams that peers open for `protocol`."""
        self._serving[protocol] = handler
        return lambda: self._serving.pop(protocol, None) and None

    def open(self, peer: PeerId, protocols: Sequence[str], *, timeout_s: float = STREAM_S) -> Stream:
        """Open a stream. Raises: PeerUnreachable, ProtocolUnsupported."""
        other = self._other(peer, timeout_s)
        protocol = next((each for each in protocols if each in other._serving), None)
        if protocol is None:
            raise ProtocolUnsupported(peer, tuple(protocols))
        ours, theirs = stream_pair(self.peer_id, peer, protocol)
        for node, end in ((self, ours), (other, theirs)):
            with node._guard:
                node._streams.setdefault(end.peer, []).append(end)
        other._handle(theirs)
        return ours

    def receive(
        self, protocol: str, handler: MessageHandler, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX
    ) -> Stop:
        """Handle the messages that peers send for `protocol`."""
        self._receiving[protocol] = (handler, size_bytes_max)
        return lambda: self._receiving.pop(protocol, None) and None

    def send(self, peer: PeerId, protocols: Sequence[str], message: bytes, *, timeout_s: float = STREAM_S) -> str:
        """Send one message. Raises: PeerUnreachable, ProtocolUnsupported, PeerMessageTooLarge."""
        if len(message) > NETWORK_MESSAGE_BYTES_MAX:
            raise PeerMessageTooLarge(len(message), NETWORK_MESSAGE_BYTES_MAX)
        other = self._other(peer, timeout_s)
        protocol = next((each for each in protocols if each in other._receiving), None)
        if protocol is None:
            raise ProtocolUnsupported(peer, tuple(protocols))
        self._hub.post(partial(other._take, self.peer_id, protocol, message))
        self._count(peer, sent=len(message))
        return protocol

    def subscribe(self, topic: str, handler: TopicHandler) -> Stop:
        """Hear a topic."""
        self._topics[topic] = handler
        return lambda: self._topics.pop(topic, None) and None

    def publish(self, topic: str, data: bytes) -> int:
        """Send a message to a topic; it goes on from peer to peer among its subscribers."""
        if len(data) > TOPIC_MESSAGE_BYTES_MAX:
            raise PeerMessageTooLarge(len(data), TOPIC_MESSAGE_BYTES_MAX)
        return self._spread(TopicMessage(topic, self.peer_id, self.peer_id, data), {self.peer_id})

    def provide(self, keys: Sequence[bytes], *, timeout_s: float = STREAM_S) -> int:
        """Say that this node has what the keys name; return how many keys somebody took."""
        self.provided.update(keys)
        return len(keys) if self.connected else 0

    def find_providers(self, key: bytes, *, limit: int = PROVIDERS_MAX, timeout_s: float = STREAM_S) -> list[Known]:
        """Return who says that they have what the key names."""
        found = [node for node in self._reached() if key in node.provided and node is not self]
        return [Known(node.peer_id, tuple(node.addresses())) for node in found[:limit]]

    def find_peer(self, peer: PeerId, *, timeout_s: float = STREAM_S) -> Known:
        """Return a peer's addresses. Raises: PeerUnreachable."""
        if not self._hub.reaches(self.peer_id, peer):
            raise PeerUnreachable(peer, "nobody knows where it is")
        return Known(peer, tuple(self._hub.nodes[peer].addresses()))

    def validate(self, namespace: str, values: Values) -> None:
        """Take values under `/namespace/` keys."""
        self._spaces[namespace] = values

    def put_value(self, key: bytes, value: bytes, *, timeout_s: float = STREAM_S) -> int:
        """Put a value; return how many peers took it."""
        if len(value) > ROUTED_VALUE_BYTES_MAX:
            raise PeerMessageTooLarge(len(value), ROUTED_VALUE_BYTES_MAX)
        return sum(node._keep_value(key, value) for node in self._reached() if node is not self)

    def get_value(self, key: bytes, *, timeout_s: float = STREAM_S) -> bytes:
        """Return the best valid value. Raises: ValueNotFound."""
        reached = self._reached()
        found = [node.values[key] for node in reached if key in node.values]
        space = self._space(key)
        valid = [value for value in found if space is not None and space.is_valid(key, value)]
        if space is None or not valid:
            raise ValueNotFound(key, len(reached))
        return valid[space.best(key, valid)]

    def close(self) -> None:
        """End all connections. Idempotent."""
        for peer in list(self.connected):
            self.disconnect(peer)
        self.closed = True
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join()

    # What other nodes of the hub call.

    def _meet(self, peer: PeerId, *, inbound: bool) -> None:
        with self._guard:
            if peer in self.connected:
                return
            self.connected[peer] = inbound
            self._bytes[peer] = [0, 0]
        self._tell(PeerEvent(peer, came=True))

    def _refuses(self, peer: PeerId) -> bool:
        return self.scores.get(peer, 0) <= PEER_SCORE_DROPPED

    def _handle(self, stream: MemoryStream) -> None:
        handler = self._serving[stream.protocol]

        def run() -> None:
            try:
                handler(stream)
            except PeerError:
                stream.reset()
            except BaseException:
                stream.reset()
                raise
            else:
                stream.close()

        thread = threading.Thread(target=run, name="leither-hub-stream", daemon=True)
        self._threads = [each for each in self._threads if each.is_alive()] + [thread]
        thread.start()

    def _take(self, peer: PeerId, protocol: str, message: bytes) -> None:
        found = self._receiving.get(protocol)
        if found is None or peer not in self.connected:
            return
        handler, size_bytes_max = found
        self._count(peer, received=len(message))
        try:
            if len(message) > size_bytes_max:
                raise PeerMessageTooLarge(len(message), size_bytes_max)
            handler(peer, message)
        except (PeerError, PeerMessageTooLarge) as error:
            self.blame(peer, _BAD_MESSAGE_POINTS, str(error))

    def _hear(self, message: TopicMessage, seen: set[PeerId]) -> None:
        handler = self._topics.get(message.topic)
        if handler is not None and message.sender in self.connected:
            verdict = handler(message)
            if verdict == Verdict.ACCEPT:
                self._spread(TopicMessage(message.topic, message.author, self.peer_id, message.data), seen)
            elif verdict == Verdict.REJECT:
                self.blame(message.sender, _BAD_MESSAGE_POINTS, "a message on a topic was rejected")

    def _keep_value(self, key: bytes, value: bytes) -> bool:
        space = self._space(key)
        if space is None or not space.is_valid(key, value):
            return False
        held = self.values.get(key)
        self.values[key] = value if held is None or space.best(key, [held, value]) else held
        return self.values[key] == value

    # Within.

    def _other(self, peer: PeerId, timeout_s: float) -> "MemoryNetwork":
        if peer not in self.connected:
            self.connect(Known(peer, ()), timeout_s=timeout_s)
        return self._hub.nodes[peer]

    def _reached(self) -> "list[MemoryNetwork]":
        """This node and all it reaches through others, as a search in the DHT does."""
        found, waiting = {self.peer_id: self}, [self]
        while waiting:
            for peer in list(waiting.pop().connected):
                if peer not in found and self._hub.reaches(self.peer_id, peer):
                    found[peer] = self._hub.nodes[peer]
                    waiting.append(found[peer])
        return list(found.values())

    def _space(self, key: bytes) -> Values | None:
        return self._spaces.get(key.split(b"/")[1].decode("ascii", "replace") if key.count(b"/") > 1 else "")

    def _spread(self, message: TopicMessage, seen: set[PeerId]) -> int:
        with self._guard:
            near = [self._hub.nodes[peer] for peer in self.connected if peer not in seen]
        hearing = [node for node in near if message.topic in node._topics]
        seen.update(node.peer_id for node in hearing)
        for node in hearing:
            self._hub.post(partial(node._hear, message, seen))
        return len(hearing)

    def _tell(self, event: PeerEvent) -> None:
        with self._guard:
            listeners = list(self._listeners)
        for listener in listeners:
            self._hub.post(partial(listener, event))

    def _count(self, peer: PeerId, *, received: int = 0, sent: int = 0) -> None:
        with self._guard:
            if peer in self._bytes:
                self._bytes[peer][0] += received
                self._bytes[peer][1] += sent

    def _peer(self, peer: PeerId, *, inbound: bool) -> Peer:
        other = self._hub.nodes[peer]
        received, sent = self._bytes[peer]
        streams = self._streams.get(peer, [])
        return Peer(
            id=peer,
            address=other.addresses()[0],
            agent="leither in memory",
            protocols=other.protocols,
            relayed=False,
            inbound=inbound,
            kept=peer in self._kept,
            connected_ms=self._hub.clock.now_ms(),
            rtt_s=0.0,
            bytes_received=received + sum(each.bytes_read for each in streams),
            bytes_sent=sent + sum(each.bytes_written for each in streams),
            score=self.scores.get(peer, 0),
        )


def _peer_of(peer: Known | str) -> PeerId:
    if isinstance(peer, Known):
        return peer.id
    try:
        found = Multiaddr.parse(peer).peer
    except NotAMultiaddr as error:
        raise BadAddress(peer, error.reason) from None
    if found is None:
        raise BadAddress(peer, "it doesn't say whose it is, with /p2p/ and a peer id at its end")
    return found
