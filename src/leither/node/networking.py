"""The node among others: its network, as the settings want it, and what its owner does about it."""

import errno
import logging
import socket
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from leither.codec.multiaddr import Multiaddr, NotAMultiaddr, tcp_address
from leither.config import Settings, edited
from leither.crypto import PeerId, peer_id_of
from leither.errors import NotFound
from leither.net.resting import RestingNetwork
from leither.node.listening import PortTaken
from leither.node.machine import Machine
from leither.ports import Known, Network, Reach
from leither.ports.network_errors import BadAddress
from leither.service.engines import Engines
from leither.service.peer_rows import keep_peer, read_peers
from leither.store.keyfile import read_secret, write_secret
from leither.web.network import NetworkFacts

if TYPE_CHECKING:
    from leither.net.network import Libp2pNetwork

LOGGER = logging.getLogger("leither.network")
_KEY_FILE_BYTES_MAX = 200
_LOOPBACK = "127.0.0.1"
_EVERY_IPV4, _EVERY_IPV6 = "0.0.0.0", "::"  # noqa: S104 - what the reach leaves out is refused as it comes in


class PeerNotChosen(NotFound):
    """The peer is none of those that were chosen."""

    code = "peer-not-chosen"

    def __init__(self, peer: PeerId) -> None:
        self.peer = peer
        super().__init__(f"{peer} is not among the chosen peers; `leither peers` lists them")


class Networking:
    """Implements `web.network.NetworkOffice`. The network runs from `start` to `close`."""

    def __init__(self, settings: Settings, engines: Engines, machine: Machine) -> None:
        self._settings = settings
        self._engines = engines
        self._machine = machine
        self._network: RestingNetwork | None = None
        self._reach = Reach(settings.network)

    @property
    def network(self) -> Network | None:
        """What services speak with others by; None where the node does not serve. The same from start to stop."""
        return self._network

    def start(self) -> None:
        """Listen, and dial as far as the settings say.

        While that is nowhere, the network rests until somebody comes or something is asked of it.
        Raises: PortTaken, NotANetworkKey, KeyFileExposed.
        """
        network_key = self._network_key()
        own = peer_id_of(self._engines.identity.node.public)
        self._network = RestingNetwork(own, lambda: self._begin(network_key))
        try:
            self._listen(self._reach)
            if read_peers(self._engines.state):
                self._network.begun()
        except BaseException:
            self.close()
            raise

    def _begin(self, network_key: bytes | None) -> "Libp2pNetwork":
        from leither.crypto.host_key import HostKey
        from leither.net.network import Libp2pNetwork
        from leither.net.node import Setup

        return Libp2pNetwork(
            Setup(
                HostKey(self._engines.identity.node.secret),
                Reach.OFF,
                (),
                self._engines.random.token,
                self._engines.clock,
                kept=tuple(read_peers(self._engines.state)),
                save=self._save,
                bootstrap=tuple(Multiaddr.parse(each) for each in self._settings.network_bootstrap.split(",") if each),
                network_key=network_key,
                machine=self._machine.addresses,
            )
        )

    def close(self) -> None:
        """Stop. Idempotent."""
        if self._network is not None:
            self._network.close()

    def facts(self) -> NetworkFacts:
        """Return how it stands."""
        network, own = self._network, peer_id_of(self._engines.identity.node.public)
        if network is None:
            return NetworkFacts(own, self._reach, kept=read_peers(self._engines.state))
        return NetworkFacts(own, network.reach, True, network.addresses(), network.kept(), network.peers())

    def switch(self, reach: Reach) -> None:
        """Reach as far as this from now on, and after the next start. Raises: PortTaken, BadConfigFile."""
        text = edited(self._settings.file, "network", reach)
        if self._network is not None:
            self._listen(reach)
        write_secret(self._settings.file, text.encode())
        self._reach = reach

    def add(self, address: str) -> PeerId:
        """Choose the peer at an address; it is dialled from now on. Raises: BadAddress."""
        try:
            found = Multiaddr.parse(address)
        except NotAMultiaddr as error:
            raise BadAddress(address, error.reason) from None
        peer = found.peer
        if peer is None:
            raise BadAddress(address, "it doesn't say whose it is, with /p2p/ and a peer id at its end")
        if self._network is not None:
            self._network.keep(Known(peer, (address,)))
        else:
            known = {each.id: each.addresses for each in read_peers(self._engines.state)}
            addresses = list(dict.fromkeys((str(found.without_peer()), *known.get(peer, ()))))
            self._engines.state.write(lambda transaction: keep_peer(transaction, peer, addresses))
        return peer

    def remove(self, peer: PeerId) -> None:
        """Forget a chosen peer, and end the connection. Raises: PeerNotChosen."""
        if peer not in {each.id for each in self.facts().kept}:
            raise PeerNotChosen(peer)
        if self._network is not None:
            self._network.forget(peer)
            self._network.disconnect(peer)
        else:
            self._engines.state.write(lambda transaction: keep_peer(transaction, peer, None))

    def _network_key(self) -> bytes | None:
        """Return the key of the private network that the settings name. Raises: NotANetworkKey, KeyFileExposed."""
        if not self._settings.network_key:
            return None
        from leither.net.private_network import NotANetworkKey, parse_network_key

        found = read_secret(Path(self._settings.network_key), size_bytes_max=_KEY_FILE_BYTES_MAX)
        if found is None:
            raise NotANetworkKey
        return parse_network_key(found.decode("ascii", "replace"))

    def _save(self, peer: PeerId, addresses: Sequence[str] | None) -> None:
        self._engines.state.submit(lambda transaction: keep_peer(transaction, peer, addresses))

    def _listen(self, reach: Reach) -> None:
        """Listen where the reach wants it. While it is off, any port does if the one in the settings is taken.

        Raises: PortTaken.
        """
        assert self._network is not None
        port = self._settings.network_port
        hosts = [_LOOPBACK] if reach is Reach.OFF else [_EVERY_IPV4, *([_EVERY_IPV6] if _has_ipv6() else [])]
        try:
            self._network.switch(reach, [tcp_address(host, port) for host in hosts])
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            if reach is not Reach.OFF:
                with suppress(OSError):
                    self._network.switch(self._reach, ())
                raise PortTaken(hosts[0], port, "network_port", self._settings.file) from error
            self._network.switch(reach, [tcp_address(_LOOPBACK, 0)])


def _has_ipv6() -> bool:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_STREAM) as made:
            made.bind((_EVERY_IPV6, 0))
    except OSError:
        return False
    return True
