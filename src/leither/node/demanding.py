"""The node as one that brings files when they are read."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import partial

from leither.node.publishing import own_hello
from leither.ports import Network, PeerEvent
from leither.service.demand import Demand
from leither.service.engines import Engines
from leither.service.fetching import Fetching
from leither.service.filling import Filling
from leither.service.introducing import Introducing


@contextmanager
def demanding(engines: Engines, network: Network, fetching: Fetching) -> Iterator[tuple[Demand, Filling]]:
    """Fetch files that are on demand while the context lasts, as they are read, or all of one that is to be whole."""
    with ExitStack() as stack:
        introducing = Introducing(engines, network, partial(own_hello, engines))
        stack.callback(introducing.close)
        demand = Demand(engines, fetching, introducing)
        stack.callback(demand.close)
        stack.enter_context(engines.events.watching(demand.hear))
        stack.callback(setattr, engines.file_blocks, "on_demand", None)
        engines.file_blocks.on_demand = demand
        filling = Filling(engines, demand, fetching)
        stack.callback(filling.close)
        stack.callback(network.watch(partial(_meet, filling)))
        stack.enter_context(engines.events.watching(filling.hear))
        filling.start()
        yield demand, filling


def _meet(filling: Filling, event: PeerEvent) -> None:
    if event.came:
        filling.wake()
