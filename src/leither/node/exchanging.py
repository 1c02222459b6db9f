"""The node as one that gives blocks to peers and fetches from them, as long as it has a network."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from leither.codec import Cid
from leither.crypto.peer_id import PeerId
from leither.net.http_gateway import HttpGateways
from leither.ports import Network
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.exchange import Exchange
from leither.service.fetching import Fetching
from leither.service.public_blocks import PublicBlocks
from leither.service.visible import CHANGE, Visibility


@contextmanager
def exchanging(engines: Engines, network: Network) -> Iterator[Fetching]:
    """Exchange blocks with peers while the context lasts. Each gets what everyone may have, and nothing denied."""
    visibility = Visibility(engines)
    public = PublicBlocks(engines, visibility)

    def may_have(peer: PeerId, cid: Cid) -> int | None:
        return None if engines.denied.denies(cid) else public.size_bytes(cid)

    exchange = Exchange(network, engines.blocks, may_have, time.monotonic)

    def hear(event: Event) -> None:
        visibility.hear(event)
        if event.what != CHANGE:
            exchange.changed()

    try:
        with engines.events.watching(hear):
            yield Fetching(engines, exchange, HttpGateways(), time.monotonic)
    finally:
        exchange.close()
