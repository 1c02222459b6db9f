"""This node among its peers: whom it is connected with, what it speaks, and where it listens.

Used in the event loop only. Protocols register a handler with `serve`; how peers are found is somebody else's.
"""

import asyncio
import socket
import ssl
from collections.abc import Awaitable, Callable, Sequence

from leither.codec.multiaddr import Multiaddr
from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import DIAL_S, HANDSHAKE_S, HANDSHAKES_MAX, PEER_CONNECTIONS_MAX
from leither.net.connection import Connection
from leither.net.dialing import Trust, dial_first, dial_socket
from leither.net.dnsaddr import Texts, resolved, stands_for_others, texts_of
from leither.net.incoming import Incoming
from leither.net.listening import bound_address, listening_socket
from leither.net.pipe import Pipe
from leither.net.reaching import is_dialled, may_dial, plainest
from leither.net.stream import MuxedStream
from leither.net.upgrade import Token, secure
from leither.ports.network import Reach
from leither.ports.network_errors import (
    AddressNotAllowed,
    PeerUnreachable,
    ProtocolUnsupported,
    StreamBroken,
)
from leither.wire.multistream import Choice, NegotiationFailed, Proposal

Handler = Callable[[MuxedStream], Awaitable[None]]
DialPipe = Callable[[Multiaddr], Awaitable[Pipe]]
Wrap = Callable[[Pipe], Awaitable[Pipe]]
"""Puts a private network's encryption around what a socket carries."""


class Host:
    """Connections by peer and handlers by protocol."""

    def __init__(
        self,
        key: HostKey,
        token: Token,
        *,
        reach: Reach,
        wrap: Wrap | None = None,
        texts: Texts = texts_of,
        trust: Trust = ssl.create_default_context,
    ) -> None:
        """Take texts: looks up what names stand for. trust: whose certificates count where TLS is spoken."""
        self.key = key
        self.token = token
        self.reach = reach
        self.handlers: dict[str, Handler] = {}
        self.connections: dict[PeerId, list[Connection]] = {}
        self.opened: list[Callable[[Connection], None]] = []
        """Called with each new connection."""
        self.closed: list[Callable[[Connection], None]] = []
        """Called with each connection that went, after it is off the list."""
        self.admits: Callable[[PeerId], bool] = lambda peer: True
        """Tells who is let in."""
        self.dial_relayed: DialPipe | None = None
        """Dials an address that leads through another peer."""
        self._wrap = wrap
        self._texts = texts
        self._trust = trust
        self._servers: list[asyncio.Server] = []
        self._listening: list[Multiaddr] = []
        self._handshakes: set[asyncio.Task[None]] = set()
        self._dials: dict[PeerId, tuple[asyncio.Task[Connection], frozenset[Multiaddr]]] = {}
        self._stopping = False

    @property
    def peer_id(self) -> PeerId:
        """Who this node is."""
        return self.key.peer_id

    @property
    def listening(self) -> list[Multiaddr]:
        """The addresses that are listened on."""
        return list(self._listening)

    async def listen(self, where: Multiaddr | socket.socket) -> Multiaddr:
        """Listen on a TCP address, or a socket bound to one, for WebSockets too; return it with its port.

        Raises: OSError.
        """
        sock = where if isinstance(where, socket.socket) else listening_socket(where)
        try:
            server = await asyncio.get_running_loop().create_server(self._take_in, sock=sock)
        except BaseException:
            sock.close()
            raise
        self._servers.append(server)
        found = bound_address(sock)
        self._listening.append(found)
        return found

    def _take_in(self) -> asyncio.Protocol:
        # In a private network the first bytes are anybody's, and so WebSockets aren't told from them.
        return Incoming(self.incoming, lambda remote: may_dial(remote, self.reach), web=self._wrap is None)

    def stop_listening(self) -> None:
        """Listen nowhere any more; connections go on."""
        for server in self._servers:
            server.close()
        self._servers.clear()
        self._listening.clear()

    def serve(self, protocol: str, handler: Handler) -> None:
        """Handle streams of a protocol. A handler that returns ends its stream; one that raises resets it."""
        self.handlers[protocol] = handler

    # Connections

    def best(self, peer: PeerId) -> Connection | None:
        """Return the best connection with a peer: a direct one rather than a relayed one, then the oldest."""
        return min(self.connections.get(peer, ()), key=lambda each: (each.relayed, each.opened_at), default=None)

    async def connect(self, peer: PeerId, addresses: Sequence[Multiaddr], *, again: bool = False) -> Connection:
        """Return a connection with a peer, dialling it unless there is one.

        again: dial although there is one, as for a direct one beside a relayed one.
        Raises: AddressNotAllowed, PeerUnreachable.
        """
        found = self.best(peer)
        if found is not None and not again:
            return found
        if peer == self.peer_id:
            raise PeerUnreachable(peer, "it is this node itself")
        while peer in self._dials:
            # Somebody dials it already, maybe at other addresses.
            running, tried = self._dials[peer]
            try:
                return await asyncio.shield(running)
            except (PeerUnreachable, AddressNotAllowed):
                if tried.issuperset(addresses):
                    raise
        task = asyncio.ensure_future(self._dial(peer, addresses))
        self._dials[peer] = (task, frozenset(addresses))
        task.add_done_callback(lambda _: self._dials.pop(peer, None))
        return await asyncio.shield(task)

    async def _dial(self, peer: PeerId, addresses: Sequence[Multiaddr]) -> Connection:
        usable = [each for each in addresses if self._is_usable(each) or stands_for_others(each)]
        allowed = [each for each in usable if may_dial(each, self.reach)]
        if usable and not allowed:
            raise AddressNotAllowed(str(usable[0]), self.reach)
        found = await self._resolved(peer, allowed)
        if not found:
            raise PeerUnreachable(peer, "no address of it is known that can be dialled")

        async def dial(address: Multiaddr) -> Connection:
            return await self._dial_one(peer, address)

        connection, reasons = await dial_first(found, dial)
        if connection is None:
            raise PeerUnreachable(peer, "; ".join(reasons))
        return connection

    def _is_usable(self, address: Multiaddr) -> bool:
        return is_dialled(address) or (address.relayed and self.dial_relayed is not None)

    async def _resolved(self, peer: PeerId, addresses: Sequence[Multiaddr]) -> list[Multiaddr]:
        """Return what can be dialled of a peer, of what names stand for too. Raises: PeerUnreachable."""
        named = [each.with_peer(peer) if stands_for_others(each) else each for each in addresses]
        try:
            async with asyncio.timeout(DIAL_S):
                found = await resolved(named, self._texts)
        except TimeoutError:
            raise PeerUnreachable(peer, "its addresses were not told in time by the DNS") from None
        return plainest(each for each in found if self._is_usable(each) and may_dial(each, self.reach))

    async def _dial_one(self, peer: PeerId, address: Multiaddr) -> Connection:
        if address.relayed:
            assert self.dial_relayed is not None
            pipe = await self.dial_relayed(address.with_peer(peer))
        else:
            source_port = self._source_port(address)
            try:
                pipe = await self.dial_pipe(address, source_port=source_port)
            except OSError:
                if not source_port:
                    raise
                # Two connections between the same two ports are one too many; any other port will do.
                source_port, pipe = 0, await self.dial_pipe(address)
            connection = await self.upgrade(pipe, initiator=True, expected=peer)
            connection.reused_port = bool(source_port)
            return connection
        return await self.upgrade(pipe, initiator=True, expected=peer)

    async def dial_pipe(self, address: Multiaddr, *, source_port: int = 0) -> Pipe:
        """Open a socket to an address, within the private network if there is one. Raises: OSError, PipeBroken."""
        pipe = await dial_socket(address.without_peer(), source_port=source_port, trust=self._trust)
        return pipe if self._wrap is None else await self._wrap(pipe)

    def _source_port(self, address: Multiaddr) -> int:
        """Return the port to dial an address from: what is listened on, beyond this machine, so that routers keep it.

        0 for any.
        """
        ip = address.ip
        if ip is None or ip.is_loopback:
            return 0
        same = [each for each in self._listening if each.ip is not None and each.ip.version == ip.version]
        return next((int(each.value("tcp") or 0) for each in same if each.ip and not each.ip.is_loopback), 0)

    async def punch(self, peer: PeerId, address: Multiaddr, *, initiator: bool) -> Connection:
        """Dial a peer that dials this node at the same moment. initiator: whether this side begins the handshake.

        Raises: OSError, TimeoutError, what `upgrade` raises.
        """
        async with asyncio.timeout(DIAL_S / 2):
            pipe = await self.dial_pipe(address, source_port=self._source_port(address))
            return await self.upgrade(pipe, initiator=initiator, expected=peer, inbound=not initiator)

    async def upgrade(
        self, pipe: Pipe, *, initiator: bool, expected: PeerId | None = None, inbound: bool | None = None
    ) -> Connection:
        """Make a connection of a pipe. inbound: who dialled, where it isn't the one who begins.

        Raises: HandshakeFailed, NegotiationFailed, PipeBroken, PeerUnreachable.
        """
        try:
            reader, secured, early = await secure(pipe, self.key, self.token, initiator=initiator, expected=expected)
            peer = secured.peer
            if self._stopping or peer == self.peer_id or not self.admits(peer):
                raise PeerUnreachable(peer, "it is not let in")
            if len(self.connections.get(peer, ())) >= PEER_CONNECTIONS_MAX:
                raise PeerUnreachable(peer, f"{PEER_CONNECTIONS_MAX} connections with it are open already")
        except BaseException:
            pipe.abort()
            raise
        connection = Connection(
            pipe,
            secured,
            inbound=not initiator if inbound is None else inbound,
            client=initiator,
            accept=self._accept,
            gone=self._gone,
        )
        self.connections.setdefault(peer, []).append(connection)
        connection.start(reader, early)
        if connection.closed is None:
            for hear in self.opened:
                hear(connection)
        return connection

    def incoming(self, pipe: Pipe) -> None:
        """Take a pipe that somebody else opened."""
        if len(self._handshakes) >= HANDSHAKES_MAX or self._stopping:
            pipe.abort()
            return
        task = asyncio.ensure_future(self._incoming(pipe))
        self._handshakes.add(task)
        task.add_done_callback(self._handshakes.discard)

    async def _incoming(self, pipe: Pipe) -> None:
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                if self._wrap is not None and not pipe.remote.relayed:
                    pipe = await self._wrap(pipe)
                await self.upgrade(pipe, initiator=False)
        except (LeitherError, OSError, TimeoutError):
            pipe.abort()  # a stranger who didn't get through; nobody waits for it

    def _gone(self, connection: Connection, reason: str) -> None:
        left = self.connections.get(connection.peer, [])
        if connection in left:
            left.remove(connection)
            if not left:
                self.connections.pop(connection.peer, None)
            for hear in self.closed:
                hear(connection)

    def disconnect(self, peer: PeerId) -> None:
        """End all connections with a peer."""
        for connection in list(self.connections.get(peer, ())):
            connection.close()

    # Streams

    async def open(
        self, peer: PeerId, protocols: Sequence[str], *, connection: Connection | None = None
    ) -> MuxedStream:
        """Open a stream with a peer that is connected, for the first of `protocols` that it speaks.

        Raises: PeerUnreachable, ProtocolUnsupported, StreamBroken.
        """
        connection = connection or self.best(peer)
        if connection is None:
            raise PeerUnreachable(peer, "it is not connected")
        stream = connection.open()
        talk = Proposal(protocols)
        try:
            await stream.write(talk.start())
            while talk.agreed is None:
                answer = talk.receive(await self._some(stream))
                if answer:
                    await stream.write(answer)
        except NegotiationFailed as error:
            stream.reset()
            raise ProtocolUnsupported(peer, tuple(protocols)) from error
        except BaseException:
            stream.reset()
            raise
        stream.begin(talk.agreed, talk.rest)
        return stream

    @staticmethod
    async def _some(stream: MuxedStream) -> bytes:
        data = await stream.read(4096)
        if not data:
            raise StreamBroken(stream.peer, "it ended before a protocol was agreed on")
        return data

    async def _accept(self, stream: MuxedStream) -> None:
        talk = Choice(self.handlers)
        try:
            async with asyncio.timeout(HANDSHAKE_S):
                while talk.agreed is None:
                    answer = talk.receive(await self._some(stream))
                    if answer:
                        await stream.write(answer)
            stream.begin(talk.agreed, talk.rest)
            await self.handlers[talk.agreed](stream)
        except (LeitherError, TimeoutError):
            stream.reset()
        except BaseException:
            stream.reset()
            raise
        else:
            stream.close()

    async def close(self) -> None:
        """Stop listening and end all connections."""
        self._stopping = True
        servers = list(self._servers)
        self.stop_listening()
        for task in (*self._handshakes, *(task for task, _ in self._dials.values())):
            task.cancel()
        for peer in list(self.connections):
            self.disconnect(peer)
        for server in servers:
            await server.wait_closed()
