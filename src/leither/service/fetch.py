"""A DAG fetched from several providers at once: each block verified, kept as it comes, gone on with after a stop.

    with Fetch(engines.blocks, exchange, root) as fetch:
        fetch.add_peer(peer)
        fetch.run()                     # all of it, or
        for piece in fetch.read(): ...  # a file as it comes

What is stored already is not fetched again, so a fetch that stopped goes on where it was. One thread works a fetch;
`cancel`, `progress` and the adding of providers are for any.
"""

import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, replace
from functools import partial
from queue import Empty, SimpleQueue
from typing import Self

from leither import limits, unixfs
from leither.codec import DAG_PB, RAW, Block, BlockMismatch, BlockMissing, Cid, dagpb
from leither.crypto.peer_id import PeerId
from leither.errors import Conflict, PeerError
from leither.ports import Blocks, Known
from leither.ports.gateways import Gateway
from leither.service.exchange import Exchange
from leither.service.fetch_gateway import GatewayProvider, Taken
from leither.wire.block_events import (
    Ask,
    Came,
    Dismiss,
    Effect,
    Event,
    Joined,
    Left,
    Misbehaved,
    Seek,
    Take,
    Ticked,
    Told,
    Wanted,
    Withdraw,
)
from leither.wire.block_provider import Fault
from leither.wire.block_session import BlockSession
from leither.wire.dag_walk import DagWalk

_SEEKERS_MAX = 4
"""Searches and connection attempts of one fetch at once."""


class BlocksNotFound(PeerError):
    """Nobody who could be asked has what is left to fetch."""

    code = "blocks-not-found"

    def __init__(self, root: Cid, missing: Sequence[Cid], providers: int) -> None:
        self.root = root.text
        self.missing = [cid.text for cid in missing[:10]]
        self.providers = providers
        asked = f"none of {providers} providers has it" if providers else "there is nobody to ask"
        super().__init__(f"{self.missing[0]} of {root} can't be had: {asked}; what came is kept, so try again later")


class FetchCancelled(Conflict):
    """The fetch was cancelled."""

    code = "fetch-cancelled"

    def __init__(self, root: Cid) -> None:
        self.root = root.text
        super().__init__(f"fetching {root} was cancelled; what came is kept")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a fetch is. found: what was here already. total_bytes: what all of it weighs, as the root says."""

    blocks: int = 0
    size_bytes: int = 0
    found_blocks: int = 0
    found_bytes: int = 0
    total_bytes: int | None = None
    providers: int = 0


@dataclass(frozen=True, slots=True)
class _Given:
    """A block that a provider gave, whose hash is right."""

    provider: str
    block: Block
    taken: Taken | None = None


class Fetch:
    """One fetch. Memory: the blocks that are on their way, limits.FETCH_WINDOW_BYTES or so, and the walk's links."""

    def __init__(
        self,
        blocks: Blocks,
        root: Cid,
        *,
        exchange: Exchange | None,
        monotonic_s: Callable[[], float],
        start: int = 0,
        stop: int | None = None,
        announced: Cid | None = None,
    ) -> None:
        """Fetch all below `root`; if that is a file, only what holds its bytes from `start` to before `stop`.

        exchange: Bitswap with peers, who are looked for as well; without it, gateways alone are asked. announced: the
        root of what it belongs to, if that is another; who has all of it is found by that.
        """
        self._blocks = blocks
        self._root = root
        self._announced = announced or root
        self._exchange = exchange
        self._now_s = monotonic_s
        self._range = (start, stop)
        self._walk = DagWalk(root, start=start, stop=stop)
        self._session = BlockSession()
        self._gateways: dict[str, GatewayProvider] = {}
        self._came: SimpleQueue[Event | _Given | None] = SimpleQueue()
        self._threads = ThreadPoolExecutor(_SEEKERS_MAX, "leither-fetch")
        self._guard = threading.Lock()
        self._pending = 0
        self._sought = False
        self._cancelled = False
        self._unflushed_bytes = 0
        self._progress = Progress()
        self._open = ExitStack()

    def __enter__(self) -> Self:
        self._open.callback(self._close)
        self._lease = self._open.enter_context(self._blocks.lease())
        if self._exchange is not None:
            self._open.callback(self._exchange.listen(self))
        return self

    def __exit__(self, *_: object) -> None:
        # Told of no error, the lease makes durable what came, which is as good as ever.
        self._open.close()

    @property
    def progress(self) -> Progress:
        """How far it is."""
        return self._progress

    def cancel(self) -> None:
        """Let what works the fetch raise FetchCancelled soon."""
        self._cancelled = True
        self._came.put(None)

    def add_peer(self, peer: Known) -> None:
        """Connect to a peer that should have what is wanted, and ask it."""
        self._begin(partial(self._reach, peer))

    def add_gateway(self, gateway: Gateway, *, streams: bool = False) -> None:
        """Ask a gateway; it is closed at the end.

        streams: ask for everything at once, if nothing is here yet. That is best where there is no other provider, and
        the blocks are small or the way is long; beside others it sends what they sent already.
        """
        streamed = self._root if streams and self._range == (0, None) else None
        provider = GatewayProvider(gateway, streamed=streamed, given=self._give, happened=self._came.put)
        self._gateways[gateway.url] = provider
        self._came.put(provider.joined)

    def run(self) -> Progress:
        """Fetch everything. Raises: BlocksNotFound, FetchCancelled, DagTooWide, StoreFull, and what decoding raises."""
        self._fill()
        while not self.is_complete:
            self._step()
        return self._progress

    def read(self) -> Iterator[bytes]:
        """Yield the bytes of the file, or of the part that was asked for, as they come.

        While nobody reads, nothing more is asked for. Raises: what `run` does, and what reading a file does.
        """
        self._fill()
        return unixfs.read(self.get, self._root, *self._range)

    def get(self, cid: Cid) -> bytes:
        """Return a block, once it is here. Raises: as `run`."""
        for _ in range(self._came.qsize()):
            self._step()
        while not self._blocks.has(cid):
            if cid not in self._session.wanted:
                self._feed(Wanted((cid,)))
            self._step()
        return self._blocks.get(cid)

    # What the exchange and the gateways tell.

    def peer_came(self, peer: PeerId) -> None:
        """See Listener."""
        self._came.put(Joined(peer, likely=False))

    def peer_left(self, peer: PeerId) -> None:
        """See Listener."""
        self._came.put(Left(peer))

    def peer_told(self, peer: PeerId, haves: tuple[Cid, ...], dont_haves: tuple[Cid, ...]) -> None:
        """See Listener."""
        self._came.put(Told(peer, haves, dont_haves))

    def peer_flooded(self, peer: PeerId) -> None:
        """See Listener."""
        self._came.put(Misbehaved(peer, Fault.FLOODED))

    def peer_gave(self, peer: PeerId, cid: Cid, data: bytes) -> None:
        """See Listener."""
        self._give(peer, Block(cid, data), None)

    def _give(self, provider: str, block: Block, taken: Taken | None) -> None:
        self._came.put(_Given(provider, block, taken))

    # The work.

    @property
    def is_complete(self) -> bool:
        """Whether everything is here."""
        return self._walk.is_done and not self._session.wanted

    def _step(self) -> None:
        """Wait for one thing to happen, and do what follows."""
        if self._cancelled:
            raise FetchCancelled(self._root)
        if self._session.is_starved and not self._pending and self._came.empty():
            raise BlocksNotFound(self._root, self._session.wanted, len(self._session.providers))
        wake_s = self._session.wake_s
        try:
            happened = self._came.get(timeout=None if wake_s is None else max(0.0, wake_s - self._now_s()))
        except Empty:
            happened = Ticked()
        if isinstance(happened, _Given):
            block, taken = happened.block, happened.taken
            self._feed(Came(happened.provider, block.cid, len(block.data), taken is not None), block)
            if taken is not None:
                taken()
        elif happened is not None:
            self._feed(happened)
        self._fill()

    def _fill(self) -> None:
        """Want as much as is useful at once; go past what is here."""
        room = self._session.room
        wanted: list[Cid] = []
        while len(wanted) < room and not self._cancelled:
            cid = self._walk.next()
            if cid is None:
                break
            if not self._pass(cid):
                wanted.append(cid)
        if wanted:
            self._feed(Wanted(tuple(wanted)))

    def _pass(self, cid: Cid) -> bool:
        """Go past a block if it is here; tell whether it is."""
        # Held, since nothing need refer to it, and the next sweep may have begun before what leads to it was here.
        if not self._lease.hold(cid):
            return False
        try:
            if cid.codec == RAW:
                size_bytes = self._blocks.size_bytes(cid)
            else:
                data = self._blocks.get(cid)
                size_bytes = len(data)
                self._enter(cid, data)
        except (BlockMissing, BlockMismatch):
            return False
        done = self._progress
        self._progress = replace(done, found_blocks=done.found_blocks + 1, found_bytes=done.found_bytes + size_bytes)
        return True

    def _enter(self, cid: Cid, data: bytes) -> None:
        if cid == self._root and cid.codec == DAG_PB:
            total_bytes = len(data) + sum(link.tsize for link in dagpb.decode(data).links)
            self._progress = replace(self._progress, total_bytes=total_bytes)
        self._walk.enter(cid, data)

    def _feed(self, event: Event, block: Block | None = None) -> None:
        for effect in self._session.receive(event, self._now_s()):
            self._do(effect, block)

    def _do(self, effect: Effect, block: Block | None) -> None:
        match effect:
            case Ask(name, blocks, haves):
                if name in self._gateways:
                    self._gateways[name].ask(blocks)
                elif self._exchange is not None:
                    self._exchange.outbox.ask(name, blocks, haves)
            case Withdraw(name, cids):
                self._withdraw(name, cids)
            case Take():
                assert block is not None
                self._take(block)
            case Dismiss(name, _, owed):
                self._withdraw(name, owed)
                if name in self._gateways:
                    self._gateways[name].close()
            case Seek(cids):
                self._seek(cids[0])

    def _withdraw(self, name: str, cids: Iterable[Cid]) -> None:
        if name in self._gateways:
            self._gateways[name].withdraw(cids)
        elif self._exchange is not None:
            self._exchange.outbox.withdraw(name, cids)

    def _take(self, block: Block) -> None:
        self._lease.put(block)
        size_bytes = len(block.data)
        done = self._progress
        self._progress = replace(
            done,
            blocks=done.blocks + 1,
            size_bytes=done.size_bytes + size_bytes,
            providers=len(self._session.providers),
        )
        if block.cid.codec != RAW:
            self._enter(block.cid, block.data)
        self._unflushed_bytes += size_bytes
        if self._unflushed_bytes >= limits.FETCH_FLUSH_BYTES:
            self._unflushed_bytes = 0
            self._lease.flush()

    # Finding providers.

    def _seek(self, cid: Cid) -> None:
        """Look for others who have a block; at first for those who have all of it, since roots alone are announced."""
        if self._exchange is None:
            return
        if not self._sought and cid != self._announced:
            self._begin(partial(self._look, self._announced))
        self._sought = True
        self._begin(partial(self._look, cid))

    def _look(self, cid: Cid) -> None:
        assert self._exchange is not None
        for known in self._exchange.find(cid):
            self._begin(partial(self._reach, known))

    def _reach(self, peer: Known) -> None:
        if self._exchange is not None and self._exchange.reach(peer):
            self._came.put(Joined(peer.id))

    def _begin(self, work: Callable[[], None]) -> None:
        """Do something in another thread; until it ends nobody says that there is no provider."""
        with self._guard:
            self._pending += 1
        self._threads.submit(self._finish, work)

    def _finish(self, work: Callable[[], None]) -> None:
        try:
            work()
        finally:
            with self._guard:
                self._pending -= 1
            self._came.put(None)

    def _close(self) -> None:
        for provider in self._session.providers:
            if provider.asked and provider.name not in self._gateways:
                self._withdraw(provider.name, tuple(provider.asked))
        for gateway in self._gateways.values():
            gateway.close()
        self._threads.shutdown(cancel_futures=True)
