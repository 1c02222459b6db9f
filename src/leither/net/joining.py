"""Coming to know others: neighbours by themselves, and the public network through peers that everybody knows."""

import asyncio
import logging
from collections.abc import Callable, Coroutine, Iterable, Sequence
from contextlib import suppress
from ipaddress import ip_address
from typing import TYPE_CHECKING

from leither.codec.multiaddr import Multiaddr
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import BOOTSTRAP_PEERS_MIN
from leither.net.host import Host
from leither.net.kad import Kad
from leither.net.reaching import is_neighbour
from leither.ports.network import Reach

if TYPE_CHECKING:
    from leither.net.neighbours import Neighbours

LOGGER = logging.getLogger("leither.net.joining")
REFRESH_S = 600
"""How often this node makes itself known to those near it in the DHT."""

Connect = Callable[[PeerId, Iterable[Multiaddr]], Coroutine[object, object, object]]


class Joining:
    """`connect` connects to a peer and remembers its addresses; `bootstrap` names peers of the public network."""

    def __init__(self, host: Host, kad: Kad, connect: Connect, bootstrap: Sequence[Multiaddr]) -> None:
        self._host = host
        self._kad = kad
        self._connect = connect
        self._bootstrap = bootstrap
        self._neighbours: Neighbours | None = None
        self._joining: asyncio.Task[None] | None = None
        self._refreshed_at = -float(REFRESH_S)

    async def look_around(self, machine: Callable[[], Sequence[str]], own: Iterable[Multiaddr]) -> None:
        """Find neighbours anew, on the addresses of this machine in private networks, unless the network is off."""
        await self._leave()
        addresses = [ip_address(each) for each in machine()] if self._host.reach is not Reach.OFF else []
        near = [str(each) for each in addresses if each.version == 4 and is_neighbour(each) and not each.is_loopback]
        if not near:
            return
        from leither.net.neighbours import Neighbours  # a node that has none doesn't spend 5 MB on it

        self._neighbours = Neighbours(self._host.peer_id, self._host.token, self._found)
        try:
            await self._neighbours.start(near, own)
        except OSError as error:
            LOGGER.warning("neighbours are not found by themselves on %s: %s", ", ".join(near), error)

    def join(self) -> None:
        """Be connected with the public network, and known in the DHT, beside what else goes on."""
        if self._host.reach is not Reach.OFF and (self._joining is None or self._joining.done()):
            self._joining = asyncio.ensure_future(self._join())

    async def close(self) -> None:
        """Stop."""
        if self._joining is not None:
            self._joining.cancel()
        await self._leave()

    async def _leave(self) -> None:
        neighbours, self._neighbours = self._neighbours, None
        if neighbours is not None:
            await neighbours.close()

    async def _found(self, peer: PeerId, addresses: list[Multiaddr]) -> None:
        with suppress(LeitherError):  # a neighbour that can't be reached is looked for again when it says so
            await self._connect(peer, addresses)

    async def _join(self) -> None:
        if self._host.reach is Reach.PUBLIC and len(self._kad.table) < BOOTSTRAP_PEERS_MIN:
            for address in self._bootstrap:
                assert address.peer is not None
                await self._found(address.peer, [address])
        now = asyncio.get_running_loop().time()
        if len(self._kad.table) and now - self._refreshed_at >= REFRESH_S:
            self._refreshed_at = now
            await self._kad.refresh()
