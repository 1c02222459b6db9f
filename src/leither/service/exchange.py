"""Blocks to and from peers by Bitswap: they are given what they may have, and asked for what fetches want.

Everything is sent on streams that this node opens, and read from those that peers open, as others do it.
"""

import threading
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Protocol

from leither import limits
from leither.codec import BlockMismatch, BlockMissing, Cid
from leither.codec.foreign import ForeignCid
from leither.crypto.peer_id import PeerId
from leither.errors import InputError, LimitError, PeerError
from leither.ports import Blocks, Known, Network, PeerEvent
from leither.service.exchange_outbox import ExchangeOutbox
from leither.wire.bitswap_message import (
    PROTOCOL,
    PROTOCOLS,
    Message,
    Name,
    decode,
    encode,
    names_of,
    parse_name,
    payload_for,
)
from leither.wire.bitswap_server import (
    Arrived,
    Asked,
    BitswapServer,
    Blame,
    Effect,
    Event,
    Found,
    Gone,
    LookUp,
    Send,
    Sent,
)

MayHave = Callable[[PeerId, Cid], int | None]
"""Returns the size in bytes of a block that a peer may have; None if it may not, or the block is not here."""

_FLOOD_POINTS = 20


class Listener(Protocol):
    """A fetch, as the exchange tells it what peers say. Called from several threads; returns at once."""

    def peer_came(self, peer: PeerId) -> None:
        """A peer that speaks Bitswap is connected."""

    def peer_left(self, peer: PeerId) -> None:
        """A peer is connected no more."""

    def peer_told(self, peer: PeerId, haves: tuple[Cid, ...], dont_haves: tuple[Cid, ...]) -> None:
        """A peer says what it has and has not."""

    def peer_flooded(self, peer: PeerId) -> None:
        """A peer sent too much that nobody asked for."""

    def peer_gave(self, peer: PeerId, cid: Cid, data: bytes) -> None:
        """A peer sent a block, whose hash is that of `cid`."""


class Exchange:
    """Bitswap of one node, both ways. Thread-safe."""

    def __init__(self, network: Network, blocks: Blocks, may_have: MayHave, monotonic_s: Callable[[], float]) -> None:
        self._network = network
        self._blocks = blocks
        self._may_have = may_have
        self._now_s = monotonic_s
        self.server = BitswapServer()
        """What peers want. To be looked at only."""
        self._guard = threading.Lock()
        self._listeners: list[Listener] = []
        self._closed = False
        self._is_changed = False
        self._writing: Counter[str] = Counter()
        """Messages that are being written, by peer."""
        self._threads = ThreadPoolExecutor(limits.EXCHANGE_THREADS_MAX, "leither-exchange")
        # Apart from the others, since the first ones may take long: they must find out what is public at all.
        self._lookups = ThreadPoolExecutor(limits.EXCHANGE_LOOKUPS_MAX, "leither-exchange-lookup")
        self.outbox = ExchangeOutbox(self._write, self._post)
        size_max = limits.BITSWAP_MESSAGE_BYTES_MAX
        self._stops = [network.receive(name, self._message, size_bytes_max=size_max) for name in PROTOCOLS]
        self._stops.append(network.watch(self._peer_event))

    def close(self) -> None:
        """Speak no more, and break off with those who keep a message waiting. Idempotent."""
        with self._guard:
            self._closed = True
            writing = list(self._writing)
        for stop in self._stops:
            stop()
        for peer in writing:
            self._network.disconnect(PeerId(peer))
        self._lookups.shutdown(cancel_futures=True)
        self._threads.shutdown(cancel_futures=True)

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Tell a fetch what peers say, first who is connected; return what ends that."""
        with self._guard:
            self._listeners.append(listener)
        for peer in self._network.peers():
            if PROTOCOL in peer.protocols:
                listener.peer_came(peer.id)

        def stop() -> None:
            with self._guard:
                self._listeners.remove(listener)

        return stop

    def arrived(self, cid: Cid) -> None:
        """Note that a block is here now, for peers that wait for it."""
        self._serve(Arrived(names_of(cid)))

    def changed(self) -> None:
        """Note that who may have what has changed. Returns at once; several changes in a row are looked at together."""
        with self._guard:
            is_due, self._is_changed = not self._is_changed, True
        if is_due:
            self._post(self._look_again)

    def find(self, cid: Cid) -> list[Known]:
        """Return who says to have a block; nobody where that can't be found out. Cost: a search in the DHT."""
        try:
            return self._network.find_providers(bytes(cid[2:]), timeout_s=limits.FETCH_SEEK_S)
        except (PeerError, LimitError, InputError):
            return []

    def reach(self, peer: Known) -> bool:
        """Connect to a peer; tell whether that came about."""
        try:
            self._network.connect(peer, timeout_s=limits.FETCH_SEEK_S)
        except (PeerError, LimitError, InputError):
            return False
        return True

    # What comes.

    def _message(self, peer: PeerId, data: bytes) -> None:
        """Take a message from a peer. Raises: BadProtobuf, for which the network blames it."""
        message = decode(data)
        if message.wants or message.full:
            self._serve(Asked(peer, message.wants, message.full))
        if message.payload or message.haves or message.dont_haves:
            self._hear(peer, message)

    def _hear(self, peer: PeerId, message: Message) -> None:
        haves = tuple(cid for cid in _cids(message.haves) if self.outbox.settle_probe(peer, cid))
        dont_haves = tuple(cid for cid in _cids(message.dont_haves) if self.outbox.settle(peer, cid))
        if haves or dont_haves:
            self._tell(lambda listener: listener.peer_told(peer, haves, dont_haves))
        for block in message.payload:
            # What it is shows only by its hash, which is not worth taking for who was asked nothing.
            found = block.cid() if self.outbox.was_asked(peer) else None
            if found is not None and self.outbox.settle(peer, found):
                self._tell(partial(_give, peer, found, block.data))
            elif self.outbox.is_flooding(peer):
                self._network.blame(peer, _FLOOD_POINTS, "it sends blocks that nobody asked for")
                self._tell(lambda listener: listener.peer_flooded(peer))
                return

    def _tell(self, what: Callable[[Listener], None]) -> None:
        with self._guard:
            listeners = list(self._listeners)
        for listener in listeners:
            what(listener)

    def _peer_event(self, event: PeerEvent) -> None:
        peer = event.peer
        if event.came:
            if any(known.id == peer and PROTOCOL in known.protocols for known in self._network.peers()):
                self._tell(lambda listener: listener.peer_came(peer))
        else:
            self.outbox.forget(peer)
            self._serve(Gone(peer))
            self._tell(lambda listener: listener.peer_left(peer))

    # What goes.

    def _serve(self, event: Event) -> None:
        for effect in self._decide(event):
            match effect:
                case LookUp():
                    self._post(partial(self._look_up, effect), self._lookups)
                case Send():
                    self._post(partial(self._send, effect))
                case Blame(peer, why):
                    self._network.blame(PeerId(peer), 1, why)

    def _look_up(self, look_up: LookUp) -> None:
        peer = PeerId(look_up.peer)
        self._serve(Found(peer, {name: self._size(peer, name) for name in look_up.names}))

    def _look_again(self) -> None:
        with self._guard:
            self._is_changed = False
        self._serve(Arrived(everything=True))

    def _decide(self, event: Event) -> list[Effect]:
        with self._guard:
            return self.server.receive(event, self._now_s())

    def _size(self, peer: PeerId, name: Name) -> int | None:
        cid = parse_name(name)
        return None if cid is None or isinstance(cid, ForeignCid) else self._may_have(peer, cid)

    def _send(self, send: Send) -> None:
        payload = []
        for name in send.blocks:
            cid = parse_name(name)
            assert isinstance(cid, Cid)
            try:
                payload.append(payload_for(name, self._blocks.get(cid)))
            except (BlockMissing, BlockMismatch):
                continue  # it went since it was looked up; who wants it asks again, or another
        message = Message(payload=tuple(payload), haves=send.haves, dont_haves=send.dont_haves)
        written = self._write(send.peer, encode(message))
        self._serve(Sent(send.peer) if written else Gone(send.peer))

    def _write(self, peer: str, message: bytes) -> bool:
        with self._guard:
            if self._closed:
                return False
            self._writing[peer] += 1
        try:
            self._network.send(PeerId(peer), PROTOCOLS[:2], message, timeout_s=limits.EXCHANGE_SEND_S)
        except (PeerError, LimitError, InputError):
            return False
        finally:
            with self._guard:
                self._writing[peer] -= 1
                if not self._writing[peer]:
                    del self._writing[peer]
        return True

    def _post(self, work: Callable[[], None], threads: ThreadPoolExecutor | None = None) -> None:
        with self._guard:
            if not self._closed:
                (threads or self._threads).submit(work)


def _give(peer: PeerId, cid: Cid, data: bytes, listener: Listener) -> None:
    listener.peer_gave(peer, cid, data)


def _cids(names: tuple[Name, ...]) -> tuple[Cid, ...]:
    found = (parse_name(name) for name in names)
    return tuple(cid for cid in found if isinstance(cid, Cid))
