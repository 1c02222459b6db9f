"""Saying who we are, and hearing who others are: identify, identify/push and ping."""

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress

from leither import __version__
from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import HANDSHAKE_S, IDENTIFY_BYTES_MAX
from leither.net.connection import Connection
from leither.net.host import Host
from leither.net.reaching import worth_telling
from leither.net.stream import MuxedStream
from leither.wire.identify import PROTOCOL, PUSH, Identity, parse_identity
from leither.wire.peer_key import ed25519_key

PING = "/ipfs/ping/1.0.0"
_PING_BYTES = 32
AGENT = f"leither/{__version__}"


class Identifying:
    """What connected peers say of themselves, asked for as soon as they are connected."""

    def __init__(self, host: Host, addresses: Callable[[], list[Multiaddr]]) -> None:
        """`addresses`: where others may reach this node, as far as it knows."""
        self.known: dict[PeerId, Identity] = {}
        self.heard: list[Callable[[Connection, Identity], None]] = []
        """Called with each answer, the first one of a connection and later ones."""
        self._host = host
        self._addresses = addresses
        self._tasks: set[asyncio.Task[None]] = set()
        host.serve(PROTOCOL, self._answer)
        host.serve(PUSH, self._pushed)
        host.serve(PING, _pong)
        host.opened.append(self._opened)
        host.closed.append(self._closed)

    def identity(self, connection: Connection) -> Identity:
        """Return what we say of ourselves on a connection."""
        observed = None if connection.relayed else connection.address.without_peer()
        told = worth_telling(self._addresses(), connection.address)
        protocols = frozenset(self._host.handlers)
        return Identity(ed25519_key(self._host.key.public).encoded, tuple(told), protocols, observed, AGENT)

    def push(self) -> None:
        """Tell everybody what we say of ourselves now, after it changed."""
        for connections in self._host.connections.values():
            self._run(self._push(connections[0]))

    def _opened(self, connection: Connection) -> None:
        self._run(self._ask(connection))

    def _closed(self, connection: Connection) -> None:
        if connection.peer not in self._host.connections:
            self.known.pop(connection.peer, None)

    def _run(self, work: Coroutine[object, object, None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _ask(self, connection: Connection) -> None:
        with suppress(LeitherError, TimeoutError):
            async with asyncio.timeout(HANDSHAKE_S):
                stream = await self._host.open(connection.peer, [PROTOCOL], connection=connection)
                message = await stream.read_message(IDENTIFY_BYTES_MAX)
                stream.close()
            if message is not None:
                self._hear(connection, parse_identity(message))
                return
        connection.close()  # one who doesn't say what it speaks is of no use

    async def _push(self, connection: Connection) -> None:
        with suppress(LeitherError, TimeoutError):  # a peer that doesn't take it asks again when it connects
            async with asyncio.timeout(HANDSHAKE_S):
                stream = await self._host.open(connection.peer, [PUSH], connection=connection)
                await stream.write_message(self.identity(connection).encode())
                stream.close()

    async def _answer(self, stream: MuxedStream) -> None:
        await stream.write_message(self.identity(stream.connection).encode())

    async def _pushed(self, stream: MuxedStream) -> None:
        message = await stream.read_message(IDENTIFY_BYTES_MAX)
        if message is not None:
            self._hear(stream.connection, parse_identity(message))

    def _hear(self, connection: Connection, identity: Identity) -> None:
        if connection.closed is None:
            self.known[connection.peer] = identity
            for hear in self.heard:
                hear(connection, identity)


async def _pong(stream: MuxedStream) -> None:
    while data := await stream.read(_PING_BYTES):
        await stream.write(data)
