"""The node as one that gives blocks to peers and fetches from them, as long as it has a network."""

import time
from collections.abc import Iterator
from contextlib import contextmanager

from leither.codec import Cid
from leither.crypto.peer_id import PeerId, peer_public_key
from leither.net.http_gateway import HttpGateways
from leither.ports import Network
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.exchange import Exchange
from leither.service.fetching import Fetching
from leither.service.greeted import Greeted
from leither.service.public_blocks import PublicBlocks
from leither.service.visible import CHANGE, Visibility


@contextmanager
def exchanging(engines: Engines, network: Network, greeted: Greeted) -> Iterator[Fetching]:
    """Exchange blocks with peers while the context lasts. Nothing denied is given.

    Each gets what everyone may have, and what those may for whom they ask, as they said a while ago.
    """
    visibility = Visibility(engines)
    public = PublicBlocks(engines, visibility)

    def may_have(peer: PeerId, cid: Cid) -> int | None:
        if engines.denied.denies(cid):
            return None
        size_bytes = public.size_bytes(cid)
        if size_bytes is not None:
            return size_bytes
        principal = greeted.principal(peer_public_key(peer) or b"", visibility.generation)
        return visibility.size_bytes(principal, cid) if principal.keys else None

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
