"""Files on demand: a block of one that is not here is fetched when it is read, once for all who read it.

The first block is fetched alone. Who goes on reading behind it gets more at a time, up to limits.DEMAND_AHEAD_MAX.
"""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from typing import Protocol

from leither import limits, unixfs
from leither.codec import RAW, BlockMissing, Cid
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError, LimitError
from leither.ports import Known, View
from leither.service.cache import Cache
from leither.service.demand_rows import read_demand
from leither.service.demand_switch import DEMAND
from leither.service.demanded import Demanded, NotFetched, Spot
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.fetch import BlocksNotFound, Fetch, FetchCancelled
from leither.service.fetching import Fetching
from leither.service.follow_rows import read_follow
from leither.service.holding import MimeiNotFound, load
from leither.service.publishing_keys import released_root
from leither.unixfs import LyingSize


class Introduce(Protocol):
    """Lets holders know who asks, so that they give what they give to them alone."""

    def __call__(self, mimei: MimeiId, peers: Sequence[PeerId], *, again: bool = False) -> bool:
        """Introduce this node to holders, to those as well that know it if `again`; tell whether any heard it."""


class TooManyWaiting(LimitError):
    """As many readers wait for blocks of other nodes as may."""

    code = "too-many-waiting"

    def __init__(self) -> None:
        super().__init__(
            f"{limits.DEMAND_READERS_MAX} readers wait for what other nodes have, the limit; try again in a moment"
        )


@dataclass(slots=True)
class _Flight:
    """A fetch for readers: what it brings, from below which root, and which bytes of that."""

    spot: Spot
    root: Cid
    span: tuple[int, int | None]
    coming: dict[Cid, Future[bytes]]
    sizes: dict[Cid, int | None]
    fetch: Fetch | None = None
    is_over: bool = False

    def give_up(self) -> None:
        """Bring nothing more."""
        self.is_over = True
        if self.fetch is not None:
            self.fetch.cancel()


@dataclass(slots=True)
class _Ahead:
    """How far a file was read: the place of the next block that is not on its way, and how many came last."""

    next: int = 0
    width: int = 0


@dataclass(slots=True)
class _Window:
    """Leaves to fetch together, in order, with their lengths; below which root, and which bytes of that."""

    root: Cid
    span: tuple[int, int | None] = (0, None)
    sizes: dict[Cid, int | None] = field(default_factory=dict)


class Demand:
    """Fetches what readers miss. Thread-safe. Implements `file_blocks.OnDemand`."""

    def __init__(self, engines: Engines, fetching: Fetching, introduce: Introduce) -> None:
        self._engines = engines
        self._fetching = fetching
        self._cache = Cache(engines)
        self.introduce = introduce
        self.demanded = Demanded(engines)
        self._coming: dict[Cid, tuple[Future[bytes], _Flight]] = {}
        self._ahead: OrderedDict[Cid, _Ahead] = OrderedDict()
        self._flown: set[Future[None]] = set()
        self._guard = threading.Lock()
        self._readers = threading.BoundedSemaphore(limits.DEMAND_READERS_MAX)
        self._pool = ThreadPoolExecutor(limits.DEMAND_FETCHES_MAX, "leither-demand")

    def close(self) -> None:
        """End what is under way."""
        with self._guard:
            flights = [flight for _, flight in self._coming.values()]
        for flight in flights:
            flight.give_up()
        self._pool.shutdown(cancel_futures=True)
        self._cache.close()

    def settle(self) -> None:
        """Return once what is being fetched for readers has come, and what the cache does in its thread is done."""
        wait(tuple(self._flown))
        self._cache.settle()

    def hear(self, event: Event) -> None:
        """Take note of a change. To be called for every event of the node."""
        self.demanded.hear(event)
        if event.what == DEMAND:
            self._cache.sweep()

    @property
    def is_used(self) -> bool:
        """Whether anything is on demand at all."""
        return bool(self.demanded.ids)

    def has(self, cid: Cid) -> bool:
        """Tell whether a leaf is of a file that is on demand."""
        return self.demanded.find(cid) is not None

    def use(self, cid: Cid) -> None:
        """Note that a block was read."""
        if self.is_used:
            self._cache.use(cid)

    def fetch(self, cid: Cid) -> bytes:
        """Return a leaf of a file, fetched from another node. Who asks while it is on its way waits for the same.

        Raises: BlockMissing: if it is of no file on demand. NotFetched, TooManyWaiting, LyingSize, StoreFull.
        """
        spot = self.demanded.find(cid)
        if spot is None:
            raise BlockMissing(cid)
        if not self._readers.acquire(blocking=False):
            raise TooManyWaiting
        try:
            coming, flight = self._join(cid, spot)
            return coming.result(timeout=limits.DEMAND_WAIT_S)
        except TimeoutError:
            flight.give_up()
            raise NotFetched(spot.mimei[0], cid, f"it did not come within {limits.DEMAND_WAIT_S} s") from None
        finally:
            self._readers.release()

    def _join(self, cid: Cid, spot: Spot) -> tuple[Future[bytes], _Flight]:
        """Return what gives a leaf; begins to fetch it, unless it is on its way."""
        with self._guard:
            known = self._coming.get(cid)
            if known is not None:
                return known
            window = self._window(cid, spot.above)
            sizes = {
                leaf: size
                for leaf, size in window.sizes.items()
                if leaf == cid or (leaf not in self._coming and not self._engines.blocks.has(leaf))
            }
            futures = {leaf: Future[bytes]() for leaf in sizes}
            flight = _Flight(spot, window.root, window.span, futures, sizes)
            self._coming.update((leaf, (future, flight)) for leaf, future in futures.items())
        flown = self._pool.submit(self._fly, flight)
        self._flown.add(flown)
        flown.add_done_callback(self._flown.discard)
        return futures[cid], flight

    def _window(self, cid: Cid, above: Cid | None) -> _Window:
        """Return what to fetch for who misses a leaf: it alone, or as much again as came last if they read on."""
        if above is None:
            return _Window(cid, sizes={cid: None})
        node = unixfs.decode(above, self._engines.blocks.get(above))
        cids = [link.cid for link in node.links]
        place = cids.index(cid)
        if node.kind is not unixfs.Kind.FILE:
            return _Window(cid, sizes={cid: node.links[place].tsize})
        ahead = self._ahead.setdefault(above, _Ahead())
        self._ahead.move_to_end(above)
        if len(self._ahead) > limits.DEMAND_READS_MAX:
            self._ahead.popitem(last=False)
        reads_on = place == ahead.next and ahead.width
        ahead.width = min(2 * ahead.width, limits.DEMAND_AHEAD_MAX) if reads_on else 1
        # What is on its way for somebody else ends it, and they wait together from there on.
        after = range(place + 1, min(place + ahead.width, len(cids)))
        ahead.next = next((number for number in after if cids[number] in self._coming), after.stop)
        start = len(node.data) + sum(node.block_sizes[:place])
        sizes: dict[Cid, int | None] = {
            leaf: size
            for leaf, size in zip(cids[place : ahead.next], node.block_sizes[place : ahead.next], strict=True)
            if isinstance(leaf, Cid) and leaf.codec == RAW
        }
        return _Window(above, (start, start + sum(node.block_sizes[place : ahead.next])), sizes)

    def _fly(self, flight: _Flight) -> None:
        """Fetch, and give each block to who waits for it as it comes."""
        try:
            self._bring(flight)
        except LeitherError as error:
            for cid, future in flight.coming.items():
                if not future.done():
                    future.set_exception(_told(flight.spot.mimei[0], cid, error))
        except BaseException as error:
            for future in flight.coming.values():
                if not future.done():
                    future.set_exception(error)
            raise
        finally:
            self._forget(flight.coming)

    def _bring(self, flight: _Flight) -> None:
        peers, announced = self.holders(flight.spot.mimei)
        self._introduce(flight, peers)
        try:
            self._bring_from(flight, peers, announced)
        except BlocksNotFound:
            if not self._introduce(flight, peers, again=True):
                raise
            self._bring_from(flight, peers, announced)

    def _introduce(self, flight: _Flight, peers: Sequence[PeerId], *, again: bool = False) -> bool:
        return any([self.introduce(mimei, peers, again=again) for mimei in flight.spot.mimei])

    def _bring_from(self, flight: _Flight, peers: Sequence[PeerId], announced: Cid | None) -> None:
        start, stop = flight.span
        known = [Known(peer, ()) for peer in peers]
        came: dict[Cid, int] = {}
        try:
            with self._fetching.part(flight.root, peers=known, start=start, stop=stop, announced=announced) as fetch:
                flight.fetch = fetch
                if flight.is_over:
                    fetch.cancel()
                for cid, future in flight.coming.items():
                    if future.done():
                        continue
                    data = fetch.get(cid)
                    size_bytes = flight.sizes[cid]
                    if size_bytes is not None and len(data) != size_bytes:
                        raise LyingSize(cid, size_bytes, len(data))
                    future.set_result(data)
                    self._forget((cid,))
                    came[cid] = len(data)
        finally:
            if came:
                self._cache.note(came)

    def _forget(self, cids: Iterable[Cid]) -> None:
        with self._guard:
            for cid in cids:
                self._coming.pop(cid, None)

    def holders(self, ids: Sequence[MimeiId]) -> tuple[list[PeerId], Cid | None]:
        """Return who may have what these MiMei hold, and what of theirs is announced, so that more can be found."""
        found: dict[PeerId, None] = {}
        with self._engines.state.read() as view:
            for mimei in ids:
                row, follow = read_demand(view, mimei), read_follow(view, mimei)
                found.update(dict.fromkeys((*(row.peers if row else ()), *(follow.peers if follow else ()))))
            roots = [_released(self._engines, view, mimei) for mimei in ids]
        return list(found)[: limits.FETCH_PROVIDERS_MAX], next(filter(None, roots), None)


def _released(engines: Engines, view: View, mimei: MimeiId) -> Cid | None:
    try:
        return released_root(load(engines, view, mimei))
    except MimeiNotFound:
        return None


def _told(mimei: MimeiId, cid: Cid, error: LeitherError) -> LeitherError:
    """Return a failed fetch as who reads is told it."""
    if isinstance(error, BlocksNotFound):
        asked = f"none of the {error.providers} nodes asked gave it" if error.providers else "there is nobody to ask"
        return NotFetched(mimei, cid, asked)
    if isinstance(error, FetchCancelled):
        return NotFetched(mimei, cid, "it took too long")
    return error
