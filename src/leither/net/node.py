"""All of libp2p that runs in the network's event loop, put together: host, identify, DHT, gossip, and who is who."""

import asyncio
import socket
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from leither.codec.multiaddr import Multiaddr
from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import PeerId
from leither.limits import DIAL_S, PEERS_MAX
from leither.net.connection import Connection
from leither.net.gossip import Gossip
from leither.net.host import Host, Wrap
from leither.net.identifying import Identifying
from leither.net.joining import Joining
from leither.net.kad import Kad
from leither.net.keeping import Keeping
from leither.net.peer_book import PeerBook, Save
from leither.net.punching import Punching
from leither.net.reachability import Reachability, Seen
from leither.net.reaching import may_dial, told_addresses
from leither.net.relay_client import RelayClient
from leither.net.relay_server import RelayServer
from leither.net.router_port import RouterPort
from leither.net.standing import Standing
from leither.net.upgrade import Token
from leither.ports import Clock
from leither.ports.network import Known, Reach
from leither.ports.network_errors import PeerUnreachable
from leither.wire.autonat_message import PROTOCOL as AUTONAT
from leither.wire.identify import Identity
from leither.wire.kad_message import LAN, PUBLIC
from leither.wire.relay_message import HOP

TEND_S = 300
"""How often it is looked again whether this node can be reached."""
TEND_PAUSE_S = 0.5
"""Time for several peers to come before they are asked."""
PING_S = 60
"""Silence after which a connection is asked for a sign of life; of two sides that wait, one asks."""


@dataclass(frozen=True, slots=True)
class Setup:
    """How a network is made. listen: addresses to listen on. kept: chosen peers, and `save` keeps them."""

    key: HostKey
    reach: Reach
    listen: tuple[Multiaddr, ...]
    token: Token
    clock: Clock
    kept: tuple[Known, ...] = ()
    bootstrap: tuple[Multiaddr, ...] = ()
    """Peers through which the public network is joined, each address with its peer."""
    save: Save = lambda peer, addresses: None
    network_key: bytes | None = None
    """The key of a private network (32 bytes), if the node is in one."""
    machine: Callable[[], Sequence[str]] = lambda: ("127.0.0.1",)
    """Tells this machine's IP addresses."""


class NetNode:
    """Made and used in the event loop."""

    def __init__(self, setup: Setup, tell: Callable[[PeerId, bool], None]) -> None:
        """`tell` hears who came and who went."""
        loop = asyncio.get_running_loop()
        self.setup = setup
        self.book = PeerBook(setup.kept, setup.save)
        self.host = Host(setup.key, setup.token, reach=setup.reach, wrap=_wrapping(setup))
        self.standing = Standing(loop.time)
        self.host.admits = self._admits
        self.identifying = Identifying(self.host, self.addresses)
        self.kad = Kad(self.host, self.book, self.addresses, setup.clock)
        self.gossip = Gossip(self.host, self.blame)
        self.keeping = Keeping(self.host, self.book)
        self.reachability = Reachability(self.host, self._own, self._changed)
        self.relay_client = RelayClient(self.host, self.book, self._changed)
        self.relay_server = RelayServer(
            self.host, chosen=self.book.is_kept, addresses=self._own, now_s=lambda: setup.clock.now_ms() / 1000
        )
        self.punching = Punching(self.host, self.book, lambda: [*self.reachability.observed(), *self._own()])
        self._tending = asyncio.ensure_future(self._tend())
        self._look = asyncio.Event()
        self.joining = Joining(self.host, self.kad, self.connect, setup.bootstrap)
        self.router_port = RouterPort(self._own, self._changed)
        self.rtt_s: dict[PeerId, float] = {}
        self._tell = tell
        self._told: set[PeerId] = set()
        self._pings: dict[Connection, asyncio.Task[None]] = {}
        self.host.opened.append(self._opened)
        self.host.closed.append(self._closed)
        self.identifying.heard.append(self._heard)

    async def start(self) -> None:
        """Listen. Raises: OSError."""
        await self.switch(self.setup.reach, self.setup.listen)

    async def switch(self, reach: Reach, listen: Iterable[Multiaddr | socket.socket]) -> None:
        """Reach as far as this from now on, listening here. Connections that lie beyond are ended. Raises: OSError."""
        self.host.stop_listening()
        self.host.reach = reach
        for connections in list(self.host.connections.values()):
            for connection in list(connections):
                if not may_dial(connection.address, reach):
                    connection.close()
        self._serve_kad()
        for address in listen:
            await self.host.listen(address)
        await self.router_port.stop()
        await self.joining.look_around(self.setup.machine, self._own())
        self.keeping.retry()
        self._look.set()
        self.identifying.push()

    def addresses(self) -> list[Multiaddr]:
        """Return where others may reach this node, as far as it knows."""
        seen = self.reachability
        relayed = [] if seen.seen is Seen.PUBLIC else self.relay_client.addresses()
        mapped = [] if self.router_port.address is None else [self.router_port.address]
        return list(dict.fromkeys((*self._own(), *mapped, *seen.addresses(), *relayed)))

    def _own(self) -> list[Multiaddr]:
        return told_addresses(self.host.listening, self.setup.machine, self.host.reach)

    def _changed(self) -> None:
        """Hear that this node's addresses changed, or how it is reached."""
        self._serve_kad()
        self.identifying.push()
        self._look.set()

    async def _tend(self) -> None:
        """Find out whether others can dial this node, and where they can't, be reached through relays.

        Once peers are there that can tell, then now and then.
        """
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(TEND_S):
                    await self._look.wait()
            self._look.clear()
            self.joining.join()
            if self.host.reach not in (Reach.PEERS, Reach.PUBLIC):
                continue
            await asyncio.sleep(TEND_PAUSE_S)
            self.router_port.ask()
            if self.reachability.seen is Seen.PRIVATE:
                for peer in self._speaking(HOP):
                    self.relay_client.use(peer)
            if self.reachability.seen is Seen.UNKNOWN:
                await self.reachability.ask(self._speaking(AUTONAT))

    def _speaking(self, protocol: str) -> list[PeerId]:
        """Return the peers with a direct connection that speak a protocol, chosen ones first."""
        known = self.identifying.known
        found = [
            peer
            for peer in self.host.connections
            if peer in known and protocol in known[peer].protocols and not self._relayed(peer)
        ]
        return sorted(found, key=lambda peer: not self.book.is_kept(peer))

    def _relayed(self, peer: PeerId) -> bool:
        best = self.host.best(peer)
        return best is None or best.relayed

    def _serve_kad(self) -> None:
        """Serve the public DHT only from where everybody reaches this node. Source: libp2p specs, kad-dht/README.md."""
        hidden = self.host.reach is Reach.PUBLIC and self.reachability.seen is not Seen.PUBLIC
        self.kad.serve((LAN,) if hidden else (LAN, PUBLIC))

    async def connect(self, peer: PeerId, addresses: Iterable[Multiaddr]) -> Connection:
        """Connect to a peer, by the addresses given and those known; the DHT is asked if there are none.

        Raises: AddressNotAllowed, PeerUnreachable.
        """
        found = self.host.best(peer)
        if found is not None:
            return found
        if not self.standing.admits(peer):
            raise PeerUnreachable(peer, "it misbehaved, and is kept out for a while")
        known = list(dict.fromkeys((*addresses, *self.book.addresses(peer))))
        if not known:
            known = await self.kad.find_peer(peer)
        return await self.host.connect(peer, known)

    def blame(self, peer: PeerId, points: int, why: str) -> None:
        """Think less of a peer; drop it if that is too little."""
        if not self.standing.blame(peer, points):
            self.host.disconnect(peer)

    async def close(self) -> None:
        """End everything."""
        self.keeping.close()
        self.gossip.close()
        self.punching.close()
        self.relay_client.close()
        self._tending.cancel()
        await self.router_port.stop()
        await self.joining.close()
        for task in self._pings.values():
            task.cancel()
        await self.host.close()

    def _admits(self, peer: PeerId) -> bool:
        if not self.standing.admits(peer):
            return False
        if len(self.host.connections) < PEERS_MAX or self.book.is_kept(peer):
            return True
        return self._make_room()

    def _make_room(self) -> bool:
        """Drop the peer of the worst standing, then the one that was of no use for longest; chosen ones stay."""
        others = [peer for peer in self.host.connections if not self.book.is_kept(peer)]
        if not others:
            return False
        idle = min(others, key=lambda peer: (self.standing.score(peer), self._used_at(peer)))
        self.host.disconnect(idle)
        return True

    def _used_at(self, peer: PeerId) -> float:
        return max(each.used_at for each in self.host.connections[peer])

    def _opened(self, connection: Connection) -> None:
        self._pings[connection] = asyncio.ensure_future(self._ping(connection))
        if not connection.inbound:
            self.book.worked(connection.peer, connection.address)

    async def _ping(self, connection: Connection) -> None:
        while True:
            try:
                async with asyncio.timeout(DIAL_S):
                    self.rtt_s[connection.peer] = await connection.ping()
            except TimeoutError:
                connection.close()
                return
            pause_s = float(PING_S)
            while pause_s > 0:
                await asyncio.sleep(pause_s)
                pause_s = connection.heard_at + PING_S - asyncio.get_running_loop().time()

    def _heard(self, connection: Connection, identity: Identity) -> None:
        peer = connection.peer
        self.book.heard(peer, identity.addresses)
        self.reachability.heard(connection, identity)
        self.punching.heard(connection, identity)
        if identity.protocols & {HOP, AUTONAT} and self.reachability.seen is not Seen.PUBLIC:
            self._look.set()
        self.kad.speaks(peer, identity.protocols)
        self.gossip.speaks(peer, identity.protocols)
        if peer not in self._told:
            self._told.add(peer)
            self._tell(peer, True)

    def _closed(self, connection: Connection) -> None:
        task = self._pings.pop(connection, None)
        if task is not None:
            task.cancel()
        peer = connection.peer
        if peer in self.host.connections:
            return
        self.rtt_s.pop(peer, None)
        self.gossip.went(peer)
        self.relay_client.drop(peer)
        self.relay_server.went(peer)
        self.keeping.went(peer)
        if peer in self._told:
            self._told.remove(peer)
            self._tell(peer, False)


def _wrapping(setup: Setup) -> Wrap | None:
    """Return what puts a private network's encryption around sockets."""
    key = setup.network_key
    if key is None:
        return None
    from leither.net.private_network import enter  # its cipher takes memory that most nodes need not spend

    return lambda pipe: enter(pipe, key, setup.token)
