"""A gateway as one provider of a fetch: a few requests at once, each block checked as it comes."""

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from leither import limits
from leither.codec import Block, BlockMismatch, BlockTooLarge, Cid
from leither.ports.gateway_errors import GatewayFailed
from leither.ports.gateways import Gateway
from leither.wire.block_provider import Fault
from leither.wire.block_session import Joined, Left, Misbehaved, Told

_FAILURES_MAX = 3
Given = Callable[[str, Block], None]
Happened = Callable[[Left | Misbehaved | Told], None]


class GatewayProvider:
    """Asks one gateway for blocks and tells what comes. Both callbacks are called from its threads."""

    def __init__(self, gateway: Gateway, *, given: Given, happened: Happened) -> None:
        self._gateway = gateway
        self._given = given
        self._happened = happened
        self._wanted: set[Cid] = set()
        self._failures = 0
        self._threads = ThreadPoolExecutor(limits.GATEWAY_CONNECTIONS_MAX, "leither-gateway")

    @property
    def joined(self) -> Joined:
        """How it takes part in a session. Two blocks wait for each connection, so that none is idle."""
        return Joined(self._gateway.url, tells=False, window_max=2 * limits.GATEWAY_CONNECTIONS_MAX)

    def ask(self, cids: Iterable[Cid]) -> None:
        """Fetch blocks."""
        for cid in cids:
            self._wanted.add(cid)
            self._threads.submit(partial(self._fetch, cid))

    def withdraw(self, cids: Iterable[Cid]) -> None:
        """Don't begin to fetch these."""
        self._wanted.difference_update(cids)

    def close(self) -> None:
        """Break off what is under way."""
        self._gateway.close()
        self._threads.shutdown(cancel_futures=True)

    def _fetch(self, cid: Cid) -> None:
        url = self._gateway.url
        if cid not in self._wanted:
            return
        self._wanted.discard(cid)
        try:
            data = self._gateway.fetch_block(cid)
            if data is None:
                self._happened(Told(url, dont_haves=(cid,)))
                return
            self._given(url, Block.checked(cid, data, where=url))
            self._failures = 0
        except (BlockMismatch, BlockTooLarge):
            self._happened(Misbehaved(url, Fault.LIED))
        except GatewayFailed:
            self._failures += 1
            if self._failures < _FAILURES_MAX:
                self._happened(Told(url, dont_haves=(cid,)))
            else:
                self._happened(Left(url))
