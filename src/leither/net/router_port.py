"""The port of this node at the router of its network, for as long as the router gives it one."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from leither.codec.multiaddr import Multiaddr
from leither.limits import PORT_MAPPING_S
from leither.net.reaching import is_neighbour


class RouterPort:
    """`own` tells where this node listens in its networks; `changed` is called when `address` is another one."""

    def __init__(self, own: Callable[[], list[Multiaddr]], changed: Callable[[], None]) -> None:
        self.address: Multiaddr | None = None
        """Where others reach this node through the router."""
        self._own = own
        self._changed = changed
        self._task: asyncio.Task[None] | None = None

    def ask(self) -> None:
        """Ask the router, unless it was asked since `stop`."""
        if self._task is None:
            self._task = asyncio.ensure_future(self._keep())

    async def stop(self) -> None:
        """Take back what the router was asked for. Idempotent."""
        task, self._task, self.address = self._task, None, None
        if task is not None:
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task

    async def _keep(self) -> None:
        """Ask, and again before the time is over; where there is no such router, there are relays."""
        found = next((each for each in self._own() if _in_a_network(each)), None)
        if found is None:
            return
        from leither.net.port_mapping import NoPortMapping, PortMapping

        mapping = PortMapping(found.parts[0][1], int(found.value("tcp") or 0))
        try:
            while True:
                address = await mapping.map()
                if address != self.address:
                    self.address = address
                    self._changed()
                await asyncio.sleep(PORT_MAPPING_S / 2)
        except NoPortMapping:
            self.address = None
        finally:
            await mapping.close()


def _in_a_network(address: Multiaddr) -> bool:
    ip = address.ip
    return ip is not None and ip.version == 4 and is_neighbour(ip) and not ip.is_loopback
