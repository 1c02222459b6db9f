"""A gateway as one provider of a fetch: a few requests at once, or one for everything, each block checked."""

import threading
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from leither import limits
from leither.codec import BadCar, Block, BlockMismatch, BlockTooLarge, CarReader, Cid
from leither.ports.gateway_errors import GatewayFailed
from leither.ports.gateways import Gateway
from leither.wire.block_events import Joined, Left, Misbehaved, Told
from leither.wire.block_provider import Fault

_FAILURES_MAX = 3
Taken = Callable[[], None]
"""Says that a block was looked at, so that more may come."""
Given = Callable[[str, Block, Taken | None], None]
Happened = Callable[[Left | Misbehaved | Told], None]


class GatewayProvider:
    """Asks one gateway for blocks and tells what comes. Both callbacks are called from its threads."""

    def __init__(self, gateway: Gateway, *, streamed: Cid | None, given: Given, happened: Happened) -> None:
        """streamed: the root for which one CAR of all below it is asked for; what that leaves out, block by block."""
        self._gateway = gateway
        self._given = given
        self._happened = happened
        self._streamed = streamed
        self._is_streaming = False
        self._is_closed = False
        self._wanted: set[Cid] = set()
        self._passed: set[Cid] = set()
        """What the stream brought and nobody has looked at yet."""
        self._guard = threading.Lock()
        self._room = threading.Semaphore(limits.FETCH_STREAMED_MAX)
        self._failures = 0
        self._threads = ThreadPoolExecutor(limits.GATEWAY_CONNECTIONS_MAX, "leither-gateway")

    @property
    def joined(self) -> Joined:
        """How it takes part in a session. Two blocks wait for each connection, so that none is idle."""
        window_max = limits.FETCH_WANTS_MAX if self._streamed else 2 * limits.GATEWAY_CONNECTIONS_MAX
        return Joined(self._gateway.url, tells=False, window_max=window_max)

    def ask(self, cids: Iterable[Cid]) -> None:
        """Fetch blocks."""
        with self._guard:
            for cid in cids:
                if cid in self._passed:
                    continue
                self._wanted.add(cid)
                if cid == self._streamed:
                    self._streamed, self._is_streaming = None, True
                    self._threads.submit(self._stream, cid)
                elif not self._is_streaming:
                    self._threads.submit(self._fetch, cid)

    def withdraw(self, cids: Iterable[Cid]) -> None:
        """Don't begin to fetch these."""
        with self._guard:
            self._wanted.difference_update(cids)

    def close(self) -> None:
        """Break off what is under way."""
        self._is_closed = True
        self._room.release(limits.FETCH_STREAMED_MAX)
        self._gateway.close()
        self._threads.shutdown(cancel_futures=True)

    def _looked_at(self, cid: Cid) -> None:
        with self._guard:
            self._passed.discard(cid)
        self._room.release()

    def _take(self, cid: Cid) -> bool:
        """Take a block off what is wanted; tell whether it was."""
        with self._guard:
            was_wanted = cid in self._wanted
            self._wanted.discard(cid)
            return was_wanted

    def _stream(self, root: Cid) -> None:
        """Pass on the blocks of a CAR, no faster than they are looked at; then ask for what it left out."""
        try:
            for block in CarReader(self._gateway.fetch_car(root)):
                self._room.acquire()
                if self._is_closed:
                    return
                with self._guard:
                    self._wanted.discard(block.cid)
                    self._passed.add(block.cid)
                self._given(self._gateway.url, block, partial(self._looked_at, block.cid))
        except (GatewayFailed, BadCar):
            self._failures += 1  # what came before is right, and the rest can be had in another way
        with self._guard:
            self._is_streaming = False
            left = list(self._wanted)
            if not self._is_closed:
                for cid in left:
                    self._threads.submit(self._fetch, cid)

    def _fetch(self, cid: Cid) -> None:
        url = self._gateway.url
        if not self._take(cid):
            return
        try:
            data = self._gateway.fetch_block(cid)
            if data is None:
                self._happened(Told(url, dont_haves=(cid,)))
                return
            self._given(url, Block.checked(cid, data, where=url), None)
            self._failures = 0
        except (BlockMismatch, BlockTooLarge):
            self._happened(Misbehaved(url, Fault.LIED))
        except GatewayFailed:
            self._failures += 1
            if self._failures < _FAILURES_MAX:
                self._happened(Told(url, dont_haves=(cid,)))
            else:
                self._happened(Left(url))
