"""Nodes on a hub that publish, and what they said there."""

from __future__ import annotations

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.people import Act
from leither.people import right as rights
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines
from leither.service.publishing import Publishing
from leither.service.publishing_keys import multihash, released_root
from leither.testing.hub import Hub
from leither.testing.hub_network import MemoryNetwork
from leither.testing.node import clock_of, memory_engines
from tests.unit.service.life import held, put

PUBLIC = rights.pack(everyone=Act.READ_RELEASE)


class Node:
    """A node that publishes. `say` lets it say all that is due."""

    def __init__(self, hub: Hub, name: str, *, person: str = "ada", engines: Engines | None = None) -> None:
        self.engines = engines or memory_engines(person=person, node=name)
        self.network: MemoryNetwork = hub.node(name)
        self.start()

    def start(self) -> None:
        """Begin as after a start: what was known stands in the state alone."""
        self.publishing = Publishing(self.engines, self.network)
        self._watching = self.engines.events.watching(self.publishing.hear)
        self._watching.__enter__()

    def stop(self) -> None:
        self._watching.__exit__(None, None, None)

    def say(self, *, ms: int = 0) -> list[bytes]:
        """Let time pass and say what is due; return the keys that were provided since."""
        clock = clock_of(self.engines)
        until_ms = clock.ms + ms
        self.network.provided.clear()
        while True:
            next_ms = self.publishing.step()
            if next_ms is None or next_ms > until_ms:
                break
            clock.ms = max(clock.ms, next_ms)
        clock.ms = until_ms
        return sorted(self.network.provided)

    def made(self, mark: str, *, right: int = PUBLIC, private: bool = False) -> MimeiId:
        return Catalog(self.engines).create(kind="fs", mark=mark, right=right, private=private)[0].id

    def released(self, mark: str = "site", text: bytes = b"hello", *, right: int = PUBLIC) -> MimeiId:
        """Make a MiMei with one page and release it; or release a new version of it."""
        mimei = self.made(mark, right=right)
        put(self.engines, mimei, "index.html", text)
        backup(self.engines, mimei)
        history.release(self.engines, mimei)
        return mimei

    def root(self, mimei: MimeiId) -> Cid:
        root = released_root(held(self.engines, mimei))
        assert root is not None
        return root

    def root_key(self, mimei: MimeiId) -> bytes:
        return multihash(self.root(mimei))


def meet(*nodes: Node) -> None:
    """Connect all nodes with each other."""
    for number, node in enumerate(nodes):
        for other in nodes[number + 1 :]:
            node.network.connect(other.network.addresses()[0])
