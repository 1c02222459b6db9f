"""Being a relay: whoever reserved a place is reached through us, in bounds; chosen peers without bounds of data.

Source: libp2p specs, relay/circuit-v2.md.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import (
    CIRCUIT_BYTES_MAX,
    CIRCUIT_S_MAX,
    CIRCUITS_MAX,
    CIRCUITS_PER_PEER_MAX,
    HANDSHAKE_S,
    RELAY_MESSAGE_BYTES_MAX,
    RESERVATION_S,
    RESERVATIONS_MAX,
)
from leither.net.host import Host
from leither.net.stream import MuxedStream
from leither.wire.relay_message import (
    CONNECT,
    CONNECTION_FAILED,
    DENIED,
    HOP,
    LIMIT_EXCEEDED,
    MALFORMED,
    NO_RESERVATION,
    OK,
    RESERVATION_REFUSED,
    RESERVE,
    STATUS,
    STOP,
    STOP_CONNECT,
    Limit,
    RelayMessage,
    parse_hop,
    parse_stop,
)

_COPY_BYTES = 64 * 1024


class RelayServer:
    """Reservations of others with this node, and the circuits it carries."""

    def __init__(
        self,
        host: Host,
        *,
        chosen: Callable[[PeerId], bool],
        addresses: Callable[[], list[Multiaddr]],
        now_s: Callable[[], float],
    ) -> None:
        self._host = host
        self._chosen = chosen
        self._addresses = addresses
        self._now_s = now_s
        self._reserved: dict[PeerId, float] = {}
        self._circuits: dict[PeerId, int] = {}
        host.serve(HOP, self._answer)

    def went(self, peer: PeerId) -> None:
        """Hear that a peer is no longer connected: its reservation ends with that."""
        self._reserved.pop(peer, None)

    @property
    def reservations(self) -> int:
        """How many peers have a place."""
        return len(self._reserved)

    async def _answer(self, stream: MuxedStream) -> None:
        message = await stream.read_message(RELAY_MESSAGE_BYTES_MAX)
        request = RelayMessage(STATUS) if message is None else parse_hop(message)
        if request.kind == RESERVE:
            await stream.write_message(self._reserve(stream).encode_hop())
        elif request.kind == CONNECT and request.peer is not None:
            await self._connect(stream, request.peer)
        else:
            await self._refuse(stream, MALFORMED)

    def _reserve(self, stream: MuxedStream) -> RelayMessage:
        peer, now = stream.peer, self._now_s()
        self._reserved = {each: until for each, until in self._reserved.items() if until > now}
        if stream.connection.relayed:
            return RelayMessage(STATUS, status=DENIED)  # no relay behind a relay
        if peer not in self._reserved and len(self._reserved) >= RESERVATIONS_MAX and not self._chosen(peer):
            return RelayMessage(STATUS, status=RESERVATION_REFUSED)
        self._reserved[peer] = now + RESERVATION_S
        limit = Limit() if self._chosen(peer) else Limit(CIRCUIT_S_MAX, CIRCUIT_BYTES_MAX)
        told = tuple(each.with_peer(self._host.peer_id) for each in self._addresses())
        return RelayMessage(STATUS, status=OK, until_s=int(now + RESERVATION_S), addresses=told, limit=limit)

    async def _connect(self, stream: MuxedStream, target: PeerId) -> None:
        here = self._host.best(target)
        if stream.connection.relayed:
            return await self._refuse(stream, DENIED)
        if here is None or here.relayed or self._reserved.get(target, 0) < self._now_s():
            return await self._refuse(stream, NO_RESERVATION)
        free = self._chosen(target) or self._chosen(stream.peer)
        total = sum(self._circuits.values())
        if not free and (total >= CIRCUITS_MAX or self._circuits.get(target, 0) >= CIRCUITS_PER_PEER_MAX):
            return await self._refuse(stream, LIMIT_EXCEEDED)
        self._circuits[target] = self._circuits.get(target, 0) + 1
        try:
            await self._circuit(stream, target, Limit() if free else Limit(CIRCUIT_S_MAX, CIRCUIT_BYTES_MAX))
        finally:
            self._circuits[target] -= 1
            if not self._circuits[target]:
                del self._circuits[target]

    async def _circuit(self, stream: MuxedStream, target: PeerId, limit: Limit) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                other = await self._host.open(target, [STOP])
                await other.write_message(RelayMessage(STOP_CONNECT, stream.peer, limit=limit).encode_stop())
                answer = await other.read_message(RELAY_MESSAGE_BYTES_MAX)
            if answer is None or parse_stop(answer).status != OK:
                other.reset()
                return await self._refuse(stream, CONNECTION_FAILED)
        except (LeitherError, TimeoutError):
            return await self._refuse(stream, CONNECTION_FAILED)
        await stream.write_message(RelayMessage(STATUS, status=OK, limit=limit).encode_hop())
        try:
            async with asyncio.timeout(limit.duration_s or None):
                await asyncio.gather(
                    _copy(stream, other, limit.data_bytes or None), _copy(other, stream, limit.data_bytes or None)
                )
        except (LeitherError, TimeoutError):
            stream.reset()
        finally:
            other.close() if stream.is_open else other.reset()

    @staticmethod
    async def _refuse(stream: MuxedStream, status: int) -> None:
        with suppress(LeitherError):
            await stream.write_message(RelayMessage(STATUS, status=status).encode_hop())


async def _copy(source: MuxedStream, target: MuxedStream, left: int | None) -> None:
    """Carry bytes until the end, or until no more may be carried, which breaks the circuit off."""
    while data := await source.read(_COPY_BYTES):
        if left is not None:
            left -= len(data)
            if left < 0:
                source.reset()
                target.reset()
                return
        await target.write(data)
    target.close_write()
