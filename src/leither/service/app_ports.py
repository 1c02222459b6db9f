"""Which port each app has for browsers on other machines, where `<id>.localhost` means themselves.

A port is an origin, and what a browser keeps for an origin outlives the app: storage, and service workers, which would
have a say in the pages of whatever comes after. So a port is kept for its app, and never given to another one unless
its owner frees it in so many words.
"""

from collections.abc import Collection

from leither.crypto import MimeiId, id_text
from leither.errors import LimitError, NotFound
from leither.ports import Transaction, View
from leither.ports.state import prefix_end
from leither.service import tables
from leither.service.engines import Engines

_NOW, _ONCE = b"\x01", b"\x00"
"""Whether the app has the port, or had it until another program took it."""


class NoPortLeft(LimitError):
    """All ports for apps are given away."""

    code = "no-port-left"

    def __init__(self, ports: range) -> None:
        self.first = ports[0]
        self.last = ports[-1]
        self.limit = len(ports)
        super().__init__(
            f"all {self.limit} ports from {self.first} to {self.last} belong to apps, or are taken by other programs; "
            "set app_ports to a wider range, or free one with `leither lan free ID`"
        )


class NoPortGiven(NotFound):
    """The app has no port."""

    code = "no-port-given"

    def __init__(self, mimei: MimeiId) -> None:
        self.mimei = id_text(mimei)
        super().__init__(f"{self.mimei} has no port; `leither lan` lists those that have one")


class AppPorts:
    """The ports of apps, within `ports`. Every method may wait for the disk."""

    def __init__(self, engines: Engines, ports: range) -> None:
        self._engines = engines
        self._ports = ports

    def all(self) -> dict[int, MimeiId]:
        """Return the apps by the port they have."""
        with self._engines.state.read() as view:
            rows = _rows(view)
        return {port: mimei for port, (mimei, has) in rows.items() if has and port in self._ports}

    def give(self, mimei: MimeiId, *, taken: Collection[int] = ()) -> int:
        """Return the port of `mimei`; give it one, if it has none outside of `taken`: the lowest nobody ever had.

        `taken` are ports that other programs hold. Raises: NoPortLeft.
        """

        def change(transaction: Transaction) -> int:
            rows = _rows(transaction)
            mine = sorted(port for port, (holder, has) in rows.items() if holder == mimei and has)
            for port in mine:
                if port in self._ports and port not in taken:
                    return port
            # One that it had before is as good as its own.
            again = (port for port, (holder, _) in rows.items() if holder == mimei)
            for port in (*sorted(again), *(port for port in self._ports if port not in rows)):
                if port in self._ports and port not in taken:
                    for left in mine:
                        transaction.put(tables.app_port(left), mimei + _ONCE)
                    transaction.put(tables.app_port(port), mimei + _NOW)
                    return port
            raise NoPortLeft(self._ports)

        return self._engines.state.write(change)

    def free(self, mimei: MimeiId) -> list[int]:
        """Let other apps have the ports that `mimei` has or had, and return them. Raises: NoPortGiven."""

        def change(transaction: Transaction) -> list[int]:
            freed = sorted(port for port, (holder, _) in _rows(transaction).items() if holder == mimei)
            if not freed:
                raise NoPortGiven(mimei)
            for port in freed:
                transaction.delete(tables.app_port(port))
            return freed

        return self._engines.state.write(change)


def _rows(view: View) -> dict[int, tuple[MimeiId, bool]]:
    start = tables.APP_PORTS
    return {
        int.from_bytes(key[1:]): (MimeiId(value[:-1]), value[-1:] == _NOW)
        for key, value in view.scan(start, prefix_end(start))
    }
