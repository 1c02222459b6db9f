"""Being reached through a relay, and reaching others through theirs. Source: libp2p specs, relay/circuit-v2.md."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import HANDSHAKE_S, RELAY_MESSAGE_BYTES_MAX, RELAYS_USED_MAX, RESERVATION_RENEW_S
from leither.net.host import Host
from leither.net.peer_book import PeerBook
from leither.net.stream import MuxedStream
from leither.net.stream_pipe import StreamPipe
from leither.ports.network_errors import PeerUnreachable, StreamBroken
from leither.wire.relay_message import (
    CONNECT,
    HOP,
    MALFORMED,
    NO_RESERVATION,
    OK,
    RESERVE,
    STOP,
    STOP_CONNECT,
    STOP_STATUS,
    RelayMessage,
    parse_hop,
    parse_stop,
)

_CIRCUIT = (("p2p-circuit", ""),)


class RelayClient:
    """Reservations of this node, and circuits to and from it."""

    def __init__(self, host: Host, book: PeerBook, changed: Callable[[], None]) -> None:
        """`changed` is called when the addresses through relays change."""
        self._host = host
        self._book = book
        self._changed = changed
        self._reserved: dict[PeerId, asyncio.Task[None]] = {}
        self._addresses: dict[PeerId, list[Multiaddr]] = {}
        host.serve(STOP, self._accept)
        host.dial_relayed = self._dial

    @property
    def relays(self) -> list[PeerId]:
        """The relays with which this node has, or asks for, a reservation."""
        return list(self._reserved)

    def addresses(self) -> list[Multiaddr]:
        """Return where this node is reached through relays."""
        return [each for found in self._addresses.values() for each in found]

    def use(self, relay: PeerId) -> None:
        """Ask a connected peer for a reservation, and keep it up as long as it is connected."""
        if relay not in self._reserved and len(self._reserved) < RELAYS_USED_MAX:
            self._reserved[relay] = asyncio.ensure_future(self._stay(relay))

    def drop(self, relay: PeerId) -> None:
        """Use a relay no more, or hear that it is gone."""
        task = self._reserved.pop(relay, None)
        if task is not None:
            task.cancel()
        if self._addresses.pop(relay, None) is not None:
            self._changed()

    def close(self) -> None:
        """Stop."""
        for relay in self.relays:
            self.drop(relay)

    async def _stay(self, relay: PeerId) -> None:
        while True:
            try:
                async with asyncio.timeout(HANDSHAKE_S):
                    found = await self._reserve(relay)
            except (LeitherError, TimeoutError):
                self.drop(relay)
                return
            if self._addresses.get(relay) != found:
                self._addresses[relay] = found
                self._changed()
            await asyncio.sleep(RESERVATION_RENEW_S)

    async def _reserve(self, relay: PeerId) -> list[Multiaddr]:
        """Return the addresses through a relay. Raises: what `Host.open` does, StreamBroken, BadProtobuf."""
        answer = await self._ask(relay, RelayMessage(RESERVE))
        connection = self._host.best(relay)
        if connection is None:
            raise StreamBroken(relay, "it went while it was asked for a reservation")
        told = [each for each in answer.addresses if each.ip is not None] or [connection.address]
        return [Multiaddr((*each.with_peer(relay).parts, *_CIRCUIT)) for each in told]

    async def _ask(self, relay: PeerId, request: RelayMessage) -> RelayMessage:
        stream = await self._host.open(relay, [HOP])
        try:
            await stream.write_message(request.encode_hop())
            return self._granted(relay, await stream.read_message(RELAY_MESSAGE_BYTES_MAX))
        finally:
            stream.close()

    @staticmethod
    def _granted(relay: PeerId, answer: bytes | None) -> RelayMessage:
        if answer is None:
            raise StreamBroken(relay, "it gave no answer as a relay")
        found = parse_hop(answer)
        if found.status == NO_RESERVATION:
            raise PeerUnreachable(relay, "as a relay it says that the peer is not with it")
        if found.status != OK:
            raise PeerUnreachable(relay, f"as a relay it refuses with status {found.status}")
        return found

    async def _dial(self, address: Multiaddr) -> StreamPipe:
        """Open a circuit; `address` ends in `/p2p/<relay>/p2p-circuit/p2p/<peer>`.

        Raises: PeerUnreachable, StreamBroken, ProtocolUnsupported, BadProtobuf.
        """
        names = [name for name, _ in address.parts]
        place = names.index("p2p-circuit")
        target = address.peer
        before = Multiaddr(address.parts[:place]) if place else None
        relay = before.peer if before is not None else None
        if before is None or relay is None or target is None or target == relay:
            raise PeerUnreachable(str(address), "it names no relay, or no peer behind it")
        await self._host.connect(relay, [before, *self._book.addresses(relay)])
        stream = await self._host.open(relay, [HOP])
        try:
            await stream.write_message(RelayMessage(CONNECT, target).encode_hop())
            self._granted(relay, await stream.read_message(RELAY_MESSAGE_BYTES_MAX))
        except BaseException:
            stream.reset()
            raise
        return StreamPipe(stream, address.without_peer())

    async def _accept(self, stream: MuxedStream) -> None:
        """Take a circuit that a relay brings."""
        message = await stream.read_message(RELAY_MESSAGE_BYTES_MAX)
        request = None if message is None else parse_stop(message)
        if request is None or request.kind != STOP_CONNECT or request.peer is None:
            await stream.write_message(RelayMessage(STOP_STATUS, status=MALFORMED).encode_stop())
            return
        await stream.write_message(RelayMessage(STOP_STATUS, status=OK).encode_stop())
        remote = Multiaddr((*stream.connection.address.with_peer(stream.peer).parts, *_CIRCUIT))
        pipe = StreamPipe(stream, remote)
        with suppress(LeitherError, TimeoutError):
            async with asyncio.timeout(HANDSHAKE_S):
                await self._host.upgrade(pipe, initiator=False, expected=request.peer)
        await pipe.over()
