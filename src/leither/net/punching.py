"""From a relayed connection to a direct one: both sides dial each other at the same moment, through their routers.

Whoever was reached through the relay begins. Source: libp2p specs, relay/DCUtR.md.
"""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import DIAL_S, HANDSHAKE_S, PUNCHES_MAX, RELAY_MESSAGE_BYTES_MAX
from leither.net.connection import Connection
from leither.net.host import Host
from leither.net.peer_book import PeerBook
from leither.net.reaching import is_dialled, may_dial
from leither.net.stream import MuxedStream
from leither.ports.network_errors import StreamBroken
from leither.wire.identify import Identity
from leither.wire.relay_message import DCUTR, PUNCH_CONNECT, PUNCH_SYNC, Punch, parse_punch


class Punching:
    """Direct connections beside relayed ones. `own` tells where this node may be dialled, as far as it knows."""

    def __init__(self, host: Host, book: PeerBook, own: Callable[[], list[Multiaddr]]) -> None:
        self._host = host
        self._book = book
        self._own = own
        self._tasks: dict[PeerId, asyncio.Task[None]] = {}
        host.serve(DCUTR, self._answer)

    def heard(self, connection: Connection, identity: Identity) -> None:
        """Begin, where somebody reached this node through a relay and speaks the protocol."""
        peer = connection.peer
        if connection.relayed and connection.inbound and DCUTR in identity.protocols and peer not in self._tasks:
            self._tasks[peer] = asyncio.ensure_future(self._begin(connection))
            self._tasks[peer].add_done_callback(lambda _: self._tasks.pop(peer, None))

    def close(self) -> None:
        """Stop."""
        for task in self._tasks.values():
            task.cancel()

    async def _begin(self, connection: Connection) -> None:
        direct = [each for each in self._book.addresses(connection.peer) if not each.relayed]
        if direct:
            with suppress(LeitherError, TimeoutError):
                async with asyncio.timeout(DIAL_S / 2):
                    await self._host.connect(connection.peer, direct, again=True)
                    return
        for _ in range(PUNCHES_MAX):
            with suppress(LeitherError, OSError, TimeoutError):
                async with asyncio.timeout(HANDSHAKE_S + DIAL_S):
                    if await self._round(connection):
                        return

    async def _round(self, connection: Connection) -> bool:
        """Try once; tell whether there is a direct connection now."""
        loop = asyncio.get_running_loop()
        stream = await self._host.open(connection.peer, [DCUTR], connection=connection)
        try:
            started = loop.time()
            await stream.write_message(Punch(PUNCH_CONNECT, tuple(self._own())).encode())
            theirs = await self._read(stream, PUNCH_CONNECT)
            trip_s = loop.time() - started
            await stream.write_message(Punch(PUNCH_SYNC).encode())
            await asyncio.sleep(trip_s / 2)
        finally:
            stream.close()
        return await self._dial(connection.peer, theirs, initiator=False)

    async def _answer(self, stream: MuxedStream) -> None:
        if not stream.connection.relayed:
            raise StreamBroken(stream.peer, "the connection is direct already")
        async with asyncio.timeout(HANDSHAKE_S):
            theirs = await self._read(stream, PUNCH_CONNECT)
            await stream.write_message(Punch(PUNCH_CONNECT, tuple(self._own())).encode())
            await self._read(stream, PUNCH_SYNC)
        with suppress(LeitherError, OSError, TimeoutError):
            await self._dial(stream.peer, theirs, initiator=True)

    @staticmethod
    async def _read(stream: MuxedStream, kind: int) -> Punch:
        message = await stream.read_message(RELAY_MESSAGE_BYTES_MAX)
        found = None if message is None else parse_punch(message)
        if found is None or found.kind != kind:
            raise StreamBroken(stream.peer, "it does not say what is next in a hole punching")
        return found

    async def _dial(self, peer: PeerId, theirs: Punch, *, initiator: bool) -> bool:
        """Dial all addresses at once; who comes first is the connection. One side is the initiator of both."""
        usable = [
            each
            for each in theirs.addresses
            if is_dialled(each) and not each.relayed and may_dial(each, self._host.reach) and each.ip is not None
        ]
        tasks = [asyncio.ensure_future(self._host.punch(peer, each, initiator=initiator)) for each in usable]
        try:
            for done in asyncio.as_completed(tasks, timeout=DIAL_S / 2):
                with suppress(LeitherError, OSError):
                    await done
                    return True
        finally:
            for task in tasks:
                task.cancel()
        best = self._host.best(peer)
        return best is not None and not best.relayed
