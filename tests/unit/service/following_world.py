"""Nodes that follow each other on a network in memory, with threads as a real node has them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from leither.crypto import MimeiId
from leither.ports import Clock
from leither.service.engines import Engines, Identity
from leither.service.follow_rows import FollowRow
from leither.service.following import Following
from leither.service.holding import MimeiNotFound
from leither.store import MemoryBlocks, MemoryState
from leither.testing.hub import Hub
from leither.testing.hub_network import MemoryNetwork
from leither.testing.node import FakeClock, SeededRandom, seed_of
from tests.unit.service.life import shown

WAIT_S = 20


class Node:
    """A node of somebody's on a hub."""

    def __init__(self, hub: Hub, name: str, heard: threading.Condition, *, person: str, clock: Clock) -> None:
        self.network: MemoryNetwork = hub.node(name)
        self.engines = Engines(
            blocks=MemoryBlocks(),
            state=MemoryState(),
            clock=clock,
            random=SeededRandom(seed_of(name)),
            identity=Identity.of(seed_of(person), name.encode().ljust(32, b".")),
        )
        self.following = Following(self.engines, self.network)
        self.heard = heard
        self.open = ExitStack()
        self.open.enter_context(self.engines.events.watching(self._hear))
        self.open.callback(self.following.close)
        self.following.start()

    def _hear(self, _: object) -> None:
        with self.heard:
            self.heard.notify_all()

    def until(self, holds: Callable[[], bool]) -> None:
        """Wait for something that an event of one of the nodes brings about."""
        with self.heard:
            assert self.heard.wait_for(holds, WAIT_S)

    def follow(self, mimei: MimeiId, other: Node) -> None:
        self.following.follow(mimei, FollowRow((other.network.peer_id,), live=True))

    def shows(self, mimei: MimeiId) -> dict[str, bytes | str]:
        try:
            return shown(self.engines, mimei)
        except MimeiNotFound:
            return {}


@contextmanager
def making(clock: Callable[[], Clock] = FakeClock) -> Iterator[Callable[..., Node]]:
    """Give what makes nodes on one hub, each with a clock of its own."""
    heard = threading.Condition()
    with Hub() as hub, ExitStack() as nodes:

        def make(name: str, *, person: str = "ada") -> Node:
            one = Node(hub, name, heard, person=person, clock=clock())
            nodes.enter_context(one.open)
            return one

        yield make
