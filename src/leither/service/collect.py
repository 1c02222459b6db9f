"""Giving space back, and looking over everything that is held."""

from collections.abc import Callable, Iterable, Iterator

from leither.codec import BlockMismatch, BlockMissing, Cid
from leither.crypto import MimeiId, id_text
from leither.errors import Conflict, CorruptionError
from leither.ports import Checked, Fault, Reclaimed, View, prefix_end
from leither.service import tables
from leither.service.demand_rows import DemandRow, read_demand, read_demands
from leither.service.engines import Engines
from leither.service.eviction import Eviction
from leither.service.holding import Mimei, load, load_all
from leither.service.kept import kept
from leither.service.private import PrivateBlocks
from leither.service.reach import Reach
from leither.service.unfinished import unfinished

_LACKING = "referred to, and not stored or not what it should be"


class NotCollected(CorruptionError):
    """Something held is incomplete, so what belongs to it can't be told from garbage."""

    code = "not-collected"

    def __init__(self, missing: list[Cid]) -> None:
        self.missing = [cid.text for cid in missing[:10]]
        self.count = len(missing)
        super().__init__(
            f"{self.count} blocks that are referred to are missing, {self.missing[0]} first, so nothing was reclaimed; "
            "run `leither verify`, then import what is missing, or delete what refers to it"
        )


class SweepStopped(Conflict):
    """A sweep was broken off before it took anything."""

    code = "sweep-stopped"

    def __init__(self) -> None:
        super().__init__("the sweep was broken off, and nothing was reclaimed; begin it again")


def collect(engines: Engines, *, thorough: bool = False, is_stopped: Callable[[], bool] = lambda: False) -> Reclaimed:
    """Reclaim every block that no MiMei reaches, and what is too much for the cache, beside readers and writers.

    Args: thorough: leave nothing of them in the store's files, which may take as long as writing all of it anew.
        is_stopped: tells whether to break off, which works until all that is reached is known.
    Raises: NotCollected, StoreFull, SweepStopped.
    """

    def reached(evictions: list[Eviction]) -> Iterator[Cid]:
        for cid in _reached(engines, evictions):
            if is_stopped():
                raise SweepStopped
            yield cid

    evictions: list[Eviction] = []
    reclaimed = engines.blocks.sweep(lambda: reached(evictions), thorough=thorough)
    for eviction in evictions:
        eviction.settle()
    with engines.state.read() as view:
        private = [mimei.engines.blocks for mimei in load_all(engines, view) if mimei.is_private]
    for blocks in private:
        assert isinstance(blocks, PrivateBlocks)
        blocks.prune()
    return reclaimed


def _reached(engines: Engines, evictions: list[Eviction]) -> Iterator[Cid]:
    reach = Reach(engines)
    try:
        with engines.state.read() as view:
            whole, on_demand = _by_demand(engines, view)
            eviction = Eviction(engines, view)
            evictions.append(eviction)
            yield from eviction.needed(_reached_whole(engines, view, reach, whole))
            # What is to be here for others was reached by now, and the rest need not be.
            reach.on_demand = True
            for mimei, _ in on_demand:
                yield from eviction.needed(reach.own(view, mimei))
            for mimei, row in on_demand:
                if not row.may_evict(engines.clock.now_ms()):
                    yield from eviction.spared(reach.mimei(view, mimei))
            for mimei, _ in on_demand:
                yield from eviction.cached(reach.mimei(view, mimei))
    except (BlockMissing, BlockMismatch) as error:
        raise NotCollected([Cid.parse(error.cid)]) from error
    if reach.missing:
        raise NotCollected(reach.missing)


def _reached_whole(engines: Engines, view: View, reach: Reach, whole: Iterable[Mimei]) -> Iterator[Cid]:
    for mimei in whole:
        yield from reach.mimei(view, mimei)
    for one in kept(engines, view):
        yield from reach.kept(one)
    for root in unfinished(view, engines.clock.now_ms()):
        yield from reach.part(root)


def _by_demand(engines: Engines, view: View) -> tuple[list[Mimei], list[tuple[Mimei, DemandRow]]]:
    """Return what is to be here whole, and what is on demand."""
    whole: list[Mimei] = []
    on_demand: list[tuple[Mimei, DemandRow]] = []
    for mimei in load_all(engines, view):
        row = read_demand(view, mimei.id)
        if row is None:
            whole.append(mimei)
        else:
            on_demand.append((mimei, row))
    return whole, on_demand


def check(engines: Engines) -> Iterator[Fault | Checked]:
    """Read everything stored, then walk everything held; yield what is wrong, and each block that was read.

    Cost: reads the whole store.
    """
    yield from engines.blocks.verify()
    reach = Reach(engines)
    with engines.state.read() as view:
        ids = [MimeiId(key[1:]) for key, _ in view.scan(tables.HOLDINGS, prefix_end(tables.HOLDINGS))]
        on_demand = {mimei for mimei, _ in read_demands(view)}
        for mimei in sorted(ids, key=on_demand.__contains__):
            reach.on_demand = mimei in on_demand
            where = id_text(mimei)
            try:
                held = load(engines, view, mimei)
                # What users have is not the owner's to know, who is the one that asks.
                where = where if held.facts.user is None else f"something of the user {id_text(held.facts.user)}"
                for _ in reach.mimei(view, held):
                    pass
            except (BlockMissing, BlockMismatch) as error:
                reach.missing.append(Cid.parse(error.cid))
            for cid in dict.fromkeys(reach.missing):
                yield Fault(cid, where, _LACKING)
            reach.missing.clear()
        reach.on_demand = False
        yield from _check_kept(engines, view, reach)


def _check_kept(engines: Engines, view: View, reach: Reach) -> Iterator[Fault]:
    try:
        for one in kept(engines, view):
            for _ in reach.kept(one):
                pass
            for cid in dict.fromkeys(reach.missing):
                # As above: what users keep is theirs to know.
                where = id_text(one.id) if one.user is None else f"something of the user {id_text(one.user)}"
                yield Fault(cid, f"{where}, kept sealed", _LACKING)
            reach.missing.clear()
    except (BlockMissing, BlockMismatch) as error:
        yield Fault(Cid.parse(error.cid), "something kept sealed", _LACKING)
