"""A network that rests until it is needed: it costs a socket and a thread that waits for somebody to come."""

import selectors
import socket
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId
from leither.limits import HANDSHAKES_MAX, NETWORK_MESSAGE_BYTES_MAX, TOPIC_MESSAGE_BYTES_MAX
from leither.net.listening import bound_address, listening_socket
from leither.net.loop_thread import NetworkClosed
from leither.net.reaching import told_addresses, widest_first
from leither.ports.forwarding import ForwardingNetwork
from leither.ports.network import (
    Known,
    MessageHandler,
    Network,
    Peer,
    PeerListener,
    Reach,
    Stop,
    StreamHandler,
    TopicHandler,
    Values,
)

if TYPE_CHECKING:
    from leither.net.network import Libp2pNetwork


class RestingNetwork(ForwardingNetwork):
    """Implements `Network`. Thread-safe.

    While it rests nobody is connected, nobody is chosen, and nobody hears what is published, which it says by itself;
    who wants to hear of peers and what they send is put down. It begins with the first peer that comes, or with
    whatever else is asked of it, and is from then on what `begin` returned.
    """

    def __init__(self, peer_id: PeerId, begin: "Callable[[], Libp2pNetwork]") -> None:
        """`begin` returns a network that listens nowhere. Cost: imports it, some 13 MB."""
        super().__init__(self.begun)
        self._peer_id = peer_id
        self._begin = begin
        self._guard = threading.RLock()
        self._door: _Door | None = None
        self._put_down: dict[_Interest, None] = {}
        self._begun: Libp2pNetwork | None = None
        self._closed = False

    @property
    def is_resting(self) -> bool:
        """Whether nothing was needed of it so far."""
        return self._begun is None

    def begun(self) -> "Libp2pNetwork":
        """Return the network itself, which begins if it hasn't. Raises: NetworkClosed, what its making does."""
        with self._guard:
            if self._begun is None:
                if self._closed:
                    raise NetworkClosed
                network = self._begin()
                for interest in self._put_down:
                    interest.stop = interest.register(network)
                self._put_down.clear()
                self._begun = network
                if self._door is not None:
                    network.switch(Reach.OFF, self._door.leave())
                    self._door = None
            return self._begun

    def switch(self, reach: Reach, listen: Sequence[Multiaddr]) -> None:
        """Reach as far as this from now on, listening here. It goes on resting while that is off. Raises: OSError."""
        with self._guard:
            if self._begun is None and not self._closed:
                if self._door is not None:
                    self._door.close()
                    self._door = None
                if reach is Reach.OFF:
                    self._door = _Door(listen, self._come)
                    return
            self.begun().switch(reach, listen)

    def _come(self, door: "_Door") -> None:
        with self._guard:
            if self._door is door:
                self.begun()

    def close(self) -> None:
        """End all of it. Idempotent."""
        with self._guard:
            self._closed = True
            door, self._door = self._door, None
        if door is not None:
            door.close()
        if self._begun is not None:
            self._begun.close()

    # What is known without it

    @property
    def peer_id(self) -> PeerId:
        """See Network."""
        return self._peer_id

    @property
    def reach(self) -> Reach:
        """See Network."""
        return Reach.OFF if self._begun is None else self._begun.reach

    def addresses(self) -> list[str]:
        """See Network."""
        with self._guard:
            if self._begun is not None:
                return self._begun.addresses()
            bound = [] if self._door is None else [bound_address(each) for each in self._door.sockets]
        found = widest_first(told_addresses(bound, tuple, Reach.OFF))
        return [str(each.with_peer(self._peer_id)) for each in found]

    def kept(self) -> list[Known]:
        """See Network."""
        return [] if self._begun is None else self._begun.kept()

    def peers(self) -> list[Peer]:
        """See Network."""
        return [] if self._begun is None else self._begun.peers()

    def publish(self, topic: str, data: bytes) -> int:
        """See Network."""
        if self._begun is None and len(data) <= TOPIC_MESSAGE_BYTES_MAX:
            return 0
        return self.begun().publish(topic, data)

    # What is put down until it begins

    def watch(self, listener: PeerListener) -> Stop:
        """See Network."""
        return self._register(lambda network: network.watch(listener))

    def serve(self, protocol: str, handler: StreamHandler) -> Stop:
        """See Network."""
        return self._register(lambda network: network.serve(protocol, handler))

    def receive(
        self, protocol: str, handler: MessageHandler, *, size_bytes_max: int = NETWORK_MESSAGE_BYTES_MAX
    ) -> Stop:
        """See Network."""
        return self._register(lambda network: network.receive(protocol, handler, size_bytes_max=size_bytes_max))

    def subscribe(self, topic: str, handler: TopicHandler) -> Stop:
        """See Network."""
        return self._register(lambda network: network.subscribe(topic, handler))

    def validate(self, namespace: str, values: Values) -> None:
        """See Network."""

        def register(network: Network) -> Stop:
            network.validate(namespace, values)
            return lambda: None

        self._register(register)

    def _register(self, register: Callable[[Network], Stop]) -> Stop:
        with self._guard:
            if self._begun is not None:
                return register(self._begun)
            interest = _Interest(register)
            self._put_down[interest] = None

        def stop() -> None:
            with self._guard:
                self._put_down.pop(interest, None)
            interest.stop()

        return stop


@dataclass(eq=False, slots=True)
class _Interest:
    """What somebody wants of the network once it begins."""

    register: Callable[[Network], Stop]
    stop: Stop = lambda: None


class _Door:
    """Sockets that are listened on, and a thread that waits until somebody comes to one, and calls `come` then."""

    def __init__(self, listen: Sequence[Multiaddr], come: Callable[["_Door"], None]) -> None:
        """Raises: OSError: an address can't be listened on."""
        self.sockets: list[socket.socket] = []
        self._come = come
        self._inside, self._outside = socket.socketpair()
        try:
            for address in listen:
                self.sockets.append(listening_socket(address))
        except BaseException:
            self.close()
            self._inside.close()
            raise
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._inside, selectors.EVENT_READ)
        for each in self.sockets:
            each.listen(HANDSHAKES_MAX)
            self._selector.register(each, selectors.EVENT_READ)
        threading.Thread(target=self._wait, name="leither-net-door", daemon=True).start()

    def _wait(self) -> None:
        with self._selector, self._inside:
            is_left = any(key.fileobj is self._inside for key, _ in self._selector.select())
        if not is_left:
            self._come(self)

    def leave(self) -> list[socket.socket]:
        """Wait no more, and leave the sockets to the caller."""
        self._outside.close()
        return self.sockets

    def close(self) -> None:
        """Wait no more, and listen no more."""
        for each in (self._outside, *self.sockets):
            each.close()
