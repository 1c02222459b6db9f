"""Nodes on a hub that follow, exchange blocks, and bring files when they are read."""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from leither.codec import RAW, Cid
from leither.crypto import MimeiId
from leither.mimei.path import parse_path
from leither.node.demanding import demanding
from leither.node.exchanging import exchanging
from leither.people import OWNER, Act
from leither.people import right as rights
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.engines import Engines, Identity
from leither.service.follow_rows import FollowRow, put_follow
from leither.service.following import Following
from leither.service.greeted import Greeted
from leither.service.leaves import leaves
from leither.service.tree import open_tree, read_bytes
from leither.store import MemoryState
from leither.testing.hub import Hub
from leither.testing.hub_network import MemoryNetwork
from leither.testing.node import CountingBlocks, FakeClock, SeededRandom, counted, seed_of
from tests.unit.service.life import put

PUBLIC = rights.pack(everyone=Act.READ_RELEASE)
MIB = 1 << 20


def noise(size_bytes: int, seed: int = 1) -> bytes:
    return random.Random(seed).randbytes(size_bytes)


class Place:
    """One node, with all that brings files to it and gives them. `open` ends it."""

    def __init__(self, hub: Hub, name: str, *, person: str = "ada") -> None:
        self.engines = Engines(
            blocks=CountingBlocks(),
            state=MemoryState(),
            clock=FakeClock(),
            random=SeededRandom(seed_of(name)),
            # The hub's nodes have these keys, and a device speaks for the key that the connection shows.
            identity=Identity.of(seed_of(person), name.encode().ljust(32, b".")),
        )
        self.network: MemoryNetwork = hub.node(name)
        self.open = ExitStack()
        greeted = Greeted(self.engines)
        self.fetching = self.open.enter_context(exchanging(self.engines, self.network, greeted))
        self.filling = self.open.enter_context(demanding(self.engines, self.network, self.fetching))
        self.following = Following(self.engines, self.network, greeted=greeted.note)
        self.open.callback(self.following.close)
        self.following.start()

    @property
    def blocks(self) -> CountingBlocks:
        return counted(self.engines)

    def make(self, files: dict[str, bytes], *, mark: str = "site", right: int = PUBLIC) -> MimeiId:
        """Make a MiMei with these files, back it up, and release it."""
        mimei = Catalog(self.engines).create(kind="fs", mark=mark, right=right)[0].id
        for path, data in files.items():
            put(self.engines, mimei, path, data)
        backup(self.engines, mimei)
        history.release(self.engines, mimei)
        return mimei

    def follow(self, mimei: MimeiId, *sources: Place, on_demand: bool = True) -> None:
        """Note that it is followed, and bring it from the first of the sources."""
        row = FollowRow(tuple(source.network.peer_id for source in sources), on_demand=on_demand)
        put_follow(self.engines.state, mimei, row)
        self.pull(mimei, sources[0])

    def pull(self, mimei: MimeiId, source: Place) -> None:
        self.following.pull(mimei, source.network.peer_id)

    def read(self, mimei: MimeiId, path: str, start: int = 0, stop: int | None = None) -> bytes:
        with open_tree(self.engines, mimei, None, OWNER) as tree:
            entry = tree.entry(parse_path(path))
            assert entry.cid is not None
            return b"".join(read_bytes(self.engines, entry.cid, start, stop))

    def root(self, mimei: MimeiId, path: str) -> Cid:
        with open_tree(self.engines, mimei, None, OWNER) as tree:
            cid = tree.entry(parse_path(path)).cid
            assert cid is not None
            return cid

    def leaves_here(self, mimei: MimeiId, path: str) -> list[bool]:
        """Of each leaf of a file, in order, whether it is here."""
        found = leaves(self.engines.blocks.get, [self.root(mimei, path)])
        return [self.engines.blocks.has(leaf.cid) for leaf in found]

    def raw_here(self) -> int:
        return sum(cid.codec == RAW for cid in self.engines.blocks.cids())


@contextmanager
def places(*names: str, persons: dict[str, str] | None = None) -> Iterator[list[Place]]:
    """Give nodes that are connected with each other; `persons` says whose they are, ada's unless it does."""
    with Hub() as hub, ExitStack() as stack:
        made = [Place(hub, name, person=(persons or {}).get(name, "ada")) for name in names]
        for place in made:
            stack.enter_context(place.open)
        for number, place in enumerate(made):
            for other in made[number + 1 :]:
                place.network.connect(other.network.addresses()[0])
        yield made
