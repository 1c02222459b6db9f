"""What a node does on its network beside being there."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from leither.config import Settings
from leither.node.demanding import demanding
from leither.node.exchanging import exchanging
from leither.node.publishing import publishing, resolving
from leither.ports import Network
from leither.service.engines import Engines
from leither.service.fetching import Fetching
from leither.service.filling import Filling
from leither.service.following import Following
from leither.service.greeted import Greeted
from leither.service.metered import MeteredNetwork
from leither.service.pairs import Pairs
from leither.service.resolving import Resolving
from leither.service.traffic import Traffic


@dataclass(frozen=True, slots=True)
class NetworkServices:
    """The services over one network.

    Fields: traffic: counts all that the others move. fetching: blocks to and from peers. filling: brings all of what is
    on demand. resolving: finds MiMei by their ids. following: brings MiMei up to date. pairs: nodes that keep MiMei for
    each other.
    """

    traffic: Traffic
    fetching: Fetching
    filling: Filling
    resolving: Resolving
    following: Following
    pairs: Pairs


@contextmanager
def network_services(settings: Settings, engines: Engines, network: Network) -> Iterator[NetworkServices]:
    """Answer other nodes, and go on with what was begun, while the context lasts."""
    traffic = Traffic(engines.clock)
    metered = MeteredNetwork(network, traffic)
    with ExitStack() as stack:
        greeted = Greeted(engines)
        fetching = stack.enter_context(exchanging(engines, metered, greeted))
        filling = stack.enter_context(demanding(engines, metered, fetching))
        found = stack.enter_context(resolving(settings, engines, metered))
        stack.enter_context(publishing(engines, metered))
        following = Following(engines, metered, greeted=greeted.note)
        stack.callback(following.close)
        following.start()
        pairs = Pairs(engines, metered)
        stack.callback(pairs.close)
        pairs.start()
        yield NetworkServices(traffic, fetching, filling, found, following, pairs)
