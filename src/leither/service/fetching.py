"""What it takes to fetch, as one node has it."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from leither.codec import Cid
from leither.ports import Known
from leither.ports.gateways import Gateways
from leither.service.engines import Engines
from leither.service.exchange import Exchange
from leither.service.fetch import Fetch
from leither.service.unfinished import begin, end


class Fetching:
    """Begins fetches. Thread-safe."""

    def __init__(
        self, engines: Engines, exchange: Exchange, gateways: Gateways, monotonic_s: Callable[[], float]
    ) -> None:
        self.exchange = exchange
        self._engines = engines
        self._gateways = gateways
        self._monotonic_s = monotonic_s

    @contextmanager
    def fetch(
        self,
        root: Cid,
        *,
        peers: Iterable[Known] = (),
        gateways: Iterable[str] = (),
        start: int = 0,
        stop: int | None = None,
    ) -> Iterator[Fetch]:
        """Give the fetch of all below `root`, or of a part of a file, to be run or read within the context.

        Peers that are connected, and those that the network finds, are asked beside those named here. What came stays,
        through sweeps as well, until a later fetch of this root has all of it. Whoever wants to keep it then sees to
        it within the context, for after that a sweep may take it.
        Raises: BadGatewayUrl.
        """
        begin(self._engines.state, root, self._engines.clock.now_ms())
        with self.part(root, peers=peers, gateways=gateways, start=start, stop=stop) as fetch:
            yield fetch
            if fetch.is_complete:
                end(self._engines.state, root)

    @contextmanager
    def part(
        self,
        root: Cid,
        *,
        peers: Iterable[Known] = (),
        gateways: Iterable[str] = (),
        start: int = 0,
        stop: int | None = None,
        announced: Cid | None = None,
    ) -> Iterator[Fetch]:
        """Give a fetch, as `fetch` does, of what something here refers to, so that it stays without being named.

        announced: the root of what it belongs to, by which who has it is found. Raises: BadGatewayUrl.
        """
        with Fetch(
            self._engines.blocks,
            root,
            exchange=self.exchange,
            monotonic_s=self._monotonic_s,
            start=start,
            stop=stop,
            announced=announced,
        ) as fetch:
            for peer in peers:
                fetch.add_peer(peer)
            for url in gateways:
                fetch.add_gateway(self._gateways.open(url))
            yield fetch
