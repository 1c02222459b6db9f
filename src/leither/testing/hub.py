"""A network in memory: several nodes of one process that reach each other through a hub, and parts that don't.

What nodes send waits at the hub until it is delivered: by a thread of the hub's, or, with `stepped`, by whoever calls
`settle`, in an order that only the seed decides. Nothing here looks at a clock; a stream alone waits, for as long as
its caller said.
"""

import logging
import random
import threading
from collections import deque
from collections.abc import Callable, Iterable
from typing import Self

from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import PeerId
from leither.ports import Clock
from leither.testing.hub_network import MemoryNetwork
from leither.testing.node import FakeClock

LOGGER = logging.getLogger("leither.testing.hub")


class Hub:
    """Makes nodes and carries what they send. Use it as a context, or call `close`."""

    def __init__(self, *, stepped: bool = False, seed: int | None = None, clock: Clock | None = None) -> None:
        """stepped: deliver in `settle` only. seed: deliver in an order shuffled by it, not in that of sending."""
        self.clock = clock or FakeClock()
        self.nodes: dict[PeerId, MemoryNetwork] = {}
        self.delivered = 0
        """How many messages and events were delivered."""
        self._waiting: deque[Callable[[], None]] = deque()
        self._guard = threading.Condition()
        self._busy = self._closed = False
        self._sides: dict[PeerId, int] = {}
        self._order = None if seed is None else random.Random(seed)  # noqa: S311 - an order to replay, no secret
        self._thread = None if stepped else threading.Thread(target=self._deliver_all, name="leither-hub", daemon=True)
        if self._thread is not None:
            self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def node(self, name: str = "") -> MemoryNetwork:
        """Return a new node; the same name makes the same peer id on every hub."""
        name = name or f"node {len(self.nodes)}"
        key = HostKey(name.encode().ljust(32, b".")[:32])
        assert key.peer_id not in self.nodes, "that name is taken"
        node = self.nodes[key.peer_id] = MemoryNetwork(self, key.peer_id, port=4801 + len(self.nodes))
        return node

    def part(self, *sides: Iterable[MemoryNetwork]) -> None:
        """Cut the network: nodes of different sides don't reach each other; those not named are one side more."""
        self._sides = {node.peer_id: number for number, side in enumerate(sides, 1) for node in side}
        for node in list(self.nodes.values()):
            node.lose([peer for peer in node.connected if not self.reaches(node.peer_id, peer)], "the network is cut")

    def join(self) -> None:
        """Undo `part`. Who was connected is not connected again by this."""
        self._sides = {}

    def reaches(self, one: PeerId, other: PeerId) -> bool:
        """Tell whether two nodes could speak with each other now."""
        ends = (self.nodes.get(one), self.nodes.get(other))
        return all(end is not None and not end.closed for end in ends) and (
            self._sides.get(one, 0) == self._sides.get(other, 0)
        )

    def post(self, deliver: Callable[[], None]) -> None:
        """Deliver something later, once. Called by nodes."""
        with self._guard:
            if not self._closed:
                self._waiting.append(deliver)
                self._guard.notify_all()

    def settle(self) -> None:
        """Return when nothing waits to be delivered; what is sent meanwhile is delivered as well."""
        if self._thread is None:
            while self._step():
                pass
            return
        with self._guard:
            self._guard.wait_for(lambda: self._closed or not (self._waiting or self._busy))

    def close(self) -> None:
        """Close all nodes. Idempotent."""
        for node in list(self.nodes.values()):
            node.close()
        with self._guard:
            self._closed = True
            self._waiting.clear()
            self._guard.notify_all()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()

    def _deliver_all(self) -> None:
        while True:
            with self._guard:
                self._guard.wait_for(lambda: self._closed or self._waiting)
                if self._closed:
                    return
            self._step()

    def _step(self) -> bool:
        with self._guard:
            if not self._waiting:
                return False
            if self._order is not None:
                self._waiting.rotate(self._order.randrange(len(self._waiting)))
            deliver, self._busy = self._waiting.popleft(), True
        try:
            deliver()
        except Exception:
            # A handler that fails ends what it handled, as with sockets; the test that cares reads the log.
            LOGGER.exception("what was delivered failed")
        finally:
            with self._guard:
                self._busy = False
                self.delivered += 1
                self._guard.notify_all()
        return True
