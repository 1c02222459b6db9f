"""Finding nodes in the same network, and being found: multicast DNS.

The protocol is the `zeroconf` library's; here is what libp2p puts into it: each node is a service of `_p2p._udp.local`
under a name that says nothing, and its text holds addresses. Source: libp2p specs, discovery/mdns.md.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from ipaddress import ip_address

from zeroconf import InterfaceChoice, IPVersion, ServiceInfo, ServiceStateChange, Zeroconf
from zeroconf.asyncio import AsyncServiceBrowser, AsyncServiceInfo, AsyncZeroconf

from leither.codec.multiaddr import Multiaddr, NotAMultiaddr
from leither.crypto.peer_id import PeerId
from leither.limits import NEIGHBOURS_MAX, PEER_ADDRESSES_MAX
from leither.net.reaching import is_dialled, may_dial
from leither.net.upgrade import Token
from leither.ports.network import Reach

_TYPE = "_p2p._udp.local."
_KEY = b"dnsaddr="
_ANSWER_MS = 3000
_TEXT_BYTES_MAX = 255

Found = Callable[[PeerId, list[Multiaddr]], Awaitable[None]]


class Neighbours:
    """Runs from `start` to `close`. `found` is called with each neighbour, once in a while with the same."""

    def __init__(self, own: PeerId, token: Token, found: Found) -> None:
        self._own = own
        # The name changes with each start, so that it can't be used to follow a machine from network to network.
        self._name = f"{token(16).hex()}.{_TYPE}"
        self._found = found
        self._zeroconf: AsyncZeroconf | None = None
        self._browser: AsyncServiceBrowser | None = None
        self._info: ServiceInfo | None = None
        self._tasks: dict[str, asyncio.Task[None]] = {}

    async def start(self, interfaces: Sequence[str], addresses: Iterable[Multiaddr]) -> None:
        """Speak on the interfaces that have these IPv4 addresses, and there alone. Raises: OSError."""
        assert interfaces, f"without any, all would be taken, as by {InterfaceChoice.All}"
        self._zeroconf = AsyncZeroconf(interfaces=list(interfaces), ip_version=IPVersion.V4Only)
        self._info = self._service(interfaces, addresses)
        # The name is random, so it needs no probing for whether another one has it.
        await self._zeroconf.async_register_service(self._info, cooperating_responders=True)
        self._browser = AsyncServiceBrowser(self._zeroconf.zeroconf, _TYPE, handlers=[self._changed])

    async def close(self) -> None:
        """Say goodbye and stop. Idempotent."""
        for task in list(self._tasks.values()):
            task.cancel()
        zeroconf, self._zeroconf = self._zeroconf, None
        if zeroconf is None:
            return
        if self._browser is not None:
            await self._browser.async_cancel()
        await zeroconf.async_unregister_all_services()
        await zeroconf.async_close()

    def _service(self, interfaces: Sequence[str], addresses: Iterable[Multiaddr]) -> ServiceInfo:
        texts = [_KEY + str(each.with_peer(self._own)).encode() for each in addresses if not each.relayed]
        fitting = [text for text in texts if len(text) <= _TEXT_BYTES_MAX][:PEER_ADDRESSES_MAX]
        return ServiceInfo(
            _TYPE,
            self._name,
            port=1,  # has to be given; the addresses in the text count
            addresses=[ip_address(each).packed for each in interfaces],
            properties=b"".join(bytes((len(text),)) + text for text in fitting),
            server=f"{self._name.partition('.')[0]}.local.",
        )

    def _changed(self, zeroconf: Zeroconf, service_type: str, name: str, state_change: ServiceStateChange) -> None:
        gone = state_change is ServiceStateChange.Removed
        if gone or name == self._name or name in self._tasks or len(self._tasks) >= NEIGHBOURS_MAX:
            return
        task = self._tasks[name] = asyncio.ensure_future(self._look(zeroconf, name))
        task.add_done_callback(lambda _: self._tasks.pop(name, None))

    async def _look(self, zeroconf: Zeroconf, name: str) -> None:
        info = AsyncServiceInfo(_TYPE, name)
        if await info.async_request(zeroconf, _ANSWER_MS):
            for peer, addresses in told_neighbours(info.text or b"").items():
                if peer != self._own:
                    await self._found(peer, addresses)


def told_neighbours(text: bytes) -> dict[PeerId, list[Multiaddr]]:
    """Return whom the text of a service names, with the addresses that lie in the LAN."""
    found: dict[PeerId, list[Multiaddr]] = {}
    offset = 0
    while offset < len(text) and sum(map(len, found.values())) < PEER_ADDRESSES_MAX:
        end = offset + 1 + text[offset]
        line = text[offset + 1 : end]
        offset = end
        if not line.startswith(_KEY):
            continue
        try:
            address = Multiaddr.parse(line[len(_KEY) :].decode("ascii", "replace"))
        except NotAMultiaddr:
            continue  # of a transport that isn't spoken here
        ip = address.ip
        near = ip is not None and not ip.is_loopback and may_dial(address, Reach.LAN)
        if address.peer is not None and near and is_dialled(address):
            found.setdefault(address.peer, []).append(address.without_peer())
    return found
