"""The DHT: asking those nearest to a key, and answering those who ask. Values and providers live in memory.

One table serves the public DHT and that of the LAN; the messages are the same, and only the protocol's name differs.
Source: libp2p specs, kad-dht/README.md.
"""

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import NotAPeerId, PeerId, parse_peer_id, peer_id_bytes
from leither.errors import LeitherError
from leither.limits import (
    HANDSHAKE_S,
    KAD_MESSAGE_BYTES_MAX,
    KAD_PROVIDERS_MAX,
    KAD_REQUEST_S,
    KAD_REQUESTS_MAX,
    KAD_VALUES_MAX,
    PROVIDER_RECORD_S,
    ROUTED_KEY_BYTES_MAX,
    ROUTED_VALUE_BYTES_MAX,
)
from leither.net.host import Host
from leither.net.kad_records import Providers, RoutedValues
from leither.net.peer_book import PeerBook
from leither.net.stream import MuxedStream
from leither.ports import Clock
from leither.ports.network import Values
from leither.ports.network_errors import StreamBroken
from leither.wire.kad_message import LAN, PUBLIC, Contact, KadMessage, Kind, Value, parse_kad
from leither.wire.routing_table import BUCKET_PEERS, RoutingTable, place, place_of

BESIDE = 3
"""Requests of one search that are under way at once."""


class Kad:
    """This node's part of the DHT. It serves those in reach unless told otherwise by `serve`."""

    def __init__(self, host: Host, book: PeerBook, own_addresses: Callable[[], list[Multiaddr]], clock: Clock) -> None:
        self.table = RoutingTable(host.peer_id)
        self.spaces: dict[str, Values] = {}
        """Which values are taken, by namespace."""
        loop = asyncio.get_running_loop()
        self._values = RoutedValues(self.spaces, values_max=KAD_VALUES_MAX)
        self._providers = Providers(loop.time, lifetime_s=PROVIDER_RECORD_S, records_max=KAD_PROVIDERS_MAX)
        self._host = host
        self._book = book
        self._own_addresses = own_addresses
        self._clock = clock

    def serve(self, protocols: Sequence[str]) -> None:
        """Answer requests of these protocols, and of no others."""
        for protocol in (LAN, PUBLIC):
            self._host.handlers.pop(protocol, None)
        for protocol in protocols:
            self._host.serve(protocol, self._answer)

    def space(self, key: bytes) -> Values | None:
        """Return what knows which values are valid under a key, if anything does."""
        return self._values.space(key)

    def speaks(self, peer: PeerId, protocols: frozenset[str]) -> None:
        """Hear what a connected peer speaks: whether it serves the DHT."""
        if protocols & {LAN, PUBLIC}:
            self.table.add(peer)
        else:
            self.table.remove(peer)

    # Asking

    async def find_peer(self, peer: PeerId) -> list[Multiaddr]:
        """Return the addresses that the DHT knows of a peer, maybe none."""
        found: list[Multiaddr] = []

        def look(answer: KadMessage) -> bool:
            found.extend(address for each in answer.closer if each.peer == peer for address in each.addresses)
            return bool(found)

        await self._search(KadMessage(Kind.FIND_NODE, peer_id_bytes(peer)), place_of(peer), look)
        return list(dict.fromkeys(found))

    async def find_providers(self, key: bytes, limit: int) -> list[Contact]:
        """Return who says that they have what the multihash names."""
        own = {each.peer: each for each in self._providers.of(key)}
        found = dict(own)

        def look(answer: KadMessage) -> bool:
            for each in answer.providers:
                if each.peer != self._host.peer_id:
                    held = found.get(each.peer)
                    if held is None or not held.addresses:
                        found[each.peer] = each
                    self._book.heard(each.peer, each.addresses)
            return len(found) >= limit

        if len(found) < limit:
            await self._search(KadMessage(Kind.GET_PROVIDERS, key), place(key), look)
        found.pop(self._host.peer_id, None)
        return list(found.values())[:limit]

    async def provide(self, key: bytes) -> int:
        """Tell those nearest to a key that we have what it names; return how many say so themselves afterwards."""
        peers = await self._search(KadMessage(Kind.FIND_NODE, key), place(key), lambda answer: False)
        own = Contact(self._host.peer_id, tuple(self._own_addresses()))
        request = KadMessage(Kind.ADD_PROVIDER, key, providers=(own,))
        return sum(await asyncio.gather(*(self._told(peer, request) for peer in peers)))

    async def _told(self, peer: PeerId, request: KadMessage) -> bool:
        """Add a provider and read it back: the request itself has no answer."""
        with suppress(LeitherError, TimeoutError):
            await self._request(peer, request, answered=False)
            answer = await self._request(peer, KadMessage(Kind.GET_PROVIDERS, request.key))
            return any(each.peer == self._host.peer_id for each in answer.providers)
        return False

    async def put_value(self, key: bytes, value: bytes) -> int:
        """Put a value at those nearest to its key; return how many took it."""
        self._values.put(key, value)
        peers = await self._search(KadMessage(Kind.FIND_NODE, key), place(key), lambda answer: False)
        request = KadMessage(Kind.PUT_VALUE, key, Value(key, value, self._clock.now_ms()))
        return sum(await asyncio.gather(*(self._took(peer, request) for peer in peers)))

    async def _took(self, peer: PeerId, request: KadMessage) -> bool:
        with suppress(LeitherError, TimeoutError):
            answer = await self._request(peer, request)
            return answer.value is not None and request.value is not None and answer.value.value == request.value.value
        return False

    async def get_values(self, key: bytes) -> tuple[list[bytes], int]:
        """Return the valid values that are found, our own one included, and how many peers were asked."""
        space = self._values.space(key)
        own = self._values.get(key)
        found = [] if own is None else [own]
        asked = 0

        def look(answer: KadMessage) -> bool:
            nonlocal asked
            asked += 1
            value = answer.value
            if value is not None and space is not None and space.is_valid(key, value.value):
                found.append(value.value)
            return False

        await self._search(KadMessage(Kind.GET_VALUE, key), place(key), look)
        return found, asked

    async def refresh(self) -> None:
        """Look for peers near us, and so become known to them."""
        own = peer_id_bytes(self._host.peer_id)
        await self._search(KadMessage(Kind.FIND_NODE, own), place(own), lambda answer: False)

    async def _search(self, request: KadMessage, target: int, enough: Callable[[KadMessage], bool]) -> list[PeerId]:
        """Ask nearer and nearer peers; return the nearest ones that answered. `enough` sees each answer."""
        heard = {peer: place_of(peer) ^ target for peer in self.table.nearest(target)}
        answered: set[PeerId] = set()
        failed: set[PeerId] = set()
        running: dict[asyncio.Task[KadMessage], PeerId] = {}
        try:
            while True:
                alive = sorted((peer for peer in heard if peer not in failed), key=heard.__getitem__)[:BUCKET_PEERS]
                waiting = [peer for peer in alive if peer not in answered and peer not in running.values()]
                for peer in waiting[: BESIDE - len(running)]:
                    running[asyncio.ensure_future(self._request(peer, request))] = peer
                if not running:
                    return [peer for peer in alive if peer in answered]
                done, _ = await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                for task in done:
                    peer = running.pop(task)
                    error = task.exception()
                    if error is not None:
                        if not isinstance(error, LeitherError | TimeoutError):
                            raise error
                        failed.add(peer)
                        self.table.remove(peer)
                        continue
                    answered.add(peer)
                    answer = task.result()
                    for each in answer.closer:
                        if each.peer != self._host.peer_id:
                            heard.setdefault(each.peer, place_of(each.peer) ^ target)
                            self._book.heard(each.peer, each.addresses)
                    if enough(answer):
                        return [peer for peer in alive if peer in answered]
        finally:
            for task in running:
                task.cancel()

    async def _request(self, peer: PeerId, request: KadMessage, *, answered: bool = True) -> KadMessage:
        async with asyncio.timeout(KAD_REQUEST_S):
            await self._host.connect(peer, self._book.addresses(peer))
            stream = await self._host.open(peer, [PUBLIC, LAN])
            try:
                await stream.write_message(request.encode())
                if not answered:
                    return request
                answer = await stream.read_message(KAD_MESSAGE_BYTES_MAX)
            finally:
                stream.close()
        if answer is None:
            raise StreamBroken(peer, "it gave no answer")
        self.table.add(peer)
        return parse_kad(answer)

    # Answering

    async def _answer(self, stream: MuxedStream) -> None:
        for _ in range(KAD_REQUESTS_MAX):
            async with asyncio.timeout(6 * HANDSHAKE_S):
                message = await stream.read_message(KAD_MESSAGE_BYTES_MAX)
            if message is None:
                return
            answer = self.answer(stream.peer, parse_kad(message))
            if answer is not None:
                await stream.write_message(answer.encode())

    def answer(self, peer: PeerId, request: KadMessage) -> KadMessage | None:
        """Return what is said to a request, None where nothing is."""
        key = request.key
        if len(key) > ROUTED_KEY_BYTES_MAX or (not key and request.kind != Kind.PING):
            raise StreamBroken(peer, f"its key has {len(key):,} bytes")
        closer = self._closer(peer, place(key))
        match request.kind:
            case Kind.FIND_NODE:
                return KadMessage(Kind.FIND_NODE, key, closer=self._with_itself(key, closer))
            case Kind.GET_PROVIDERS:
                return KadMessage(Kind.GET_PROVIDERS, key, closer=closer, providers=tuple(self._providers.of(key)))
            case Kind.ADD_PROVIDER:
                for each in request.providers:
                    if each.peer == peer:
                        self._book.heard(peer, each.addresses)
                        self._providers.add(key, each)
                return None
            case Kind.GET_VALUE:
                held = self._values.get(key)
                value = None if held is None else Value(key, held, self._clock.now_ms())
                return KadMessage(Kind.GET_VALUE, key, value, closer)
            case Kind.PUT_VALUE:
                value = request.value
                if value is None or value.key != key or len(value.value) > ROUTED_VALUE_BYTES_MAX:
                    raise StreamBroken(peer, "its value is too long, or not under its key")
                if not self._values.put(key, value.value):
                    raise StreamBroken(peer, "its value is not valid, or older than the one held")
                return KadMessage(Kind.PUT_VALUE, key, value)
            case Kind.PING:
                return request

    def _closer(self, asking: PeerId, target: int) -> tuple[Contact, ...]:
        near = [peer for peer in self.table.nearest(target) if peer != asking]
        return tuple(Contact(peer, tuple(self._book.addresses(peer))) for peer in near)

    def _with_itself(self, key: bytes, closer: tuple[Contact, ...]) -> tuple[Contact, ...]:
        """Put the peer that is looked for in front, if it is known though it doesn't serve the DHT."""
        try:
            wanted = parse_peer_id(key)
        except NotAPeerId:
            return closer
        addresses = self._book.addresses(wanted)
        if not addresses or any(each.peer == wanted for each in closer):
            return closer
        return (Contact(wanted, tuple(addresses)), *closer)
