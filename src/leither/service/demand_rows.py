"""Which MiMei are on demand, so that their files come when they are read, and who is known to hold them: rows."""

from collections.abc import Iterable, Iterator

import msgspec

from leither import limits
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.engines import Engines
from leither.wire.sync_messages import Standing


class Holder(msgspec.Struct, frozen=True, array_like=True):
    """A node that said to have a MiMei.

    Fields: peer: its id. told_ms: when it said so last. whole: whether it has all of it, and not on demand itself.
    """

    peer: str
    told_ms: int
    whole: bool


class DemandRow(msgspec.Struct, frozen=True, array_like=True):
    """How a MiMei is on demand.

    Fields: since_ms: since when. fills: whether all of it is to come by and by, after which it is on demand no more.
    holders: who has it, the last who said so first.
    """

    since_ms: int
    fills: bool = False
    holders: tuple[Holder, ...] = ()

    @property
    def peers(self) -> tuple[PeerId, ...]:
        """Who may be asked for what is not here, those that have all of it first."""
        return tuple(PeerId(holder.peer) for holder in sorted(self.holders, key=lambda holder: not holder.whole))

    def may_evict(self, now_ms: int) -> bool:
        """Tell whether what came of it may go again.

        So it is if another node has said not long ago, and since this one needn't have all, that it has all of it.
        """
        since_ms = max(self.since_ms, now_ms - limits.DEMAND_TOLD_S * 1000)
        return not self.fills and any(holder.whole and holder.told_ms > since_ms for holder in self.holders)


_DECODER = msgspec.msgpack.Decoder(DemandRow)


def read_demand(view: View, mimei: MimeiId) -> DemandRow | None:
    """Return how a MiMei is on demand, None where all of it is to be here."""
    row = view.get(tables.DEMANDED + mimei)
    return None if row is None else _DECODER.decode(row)


def read_demands(view: View) -> Iterator[tuple[MimeiId, DemandRow]]:
    """Iterate over what is on demand, by id."""
    for key, row in view.scan(tables.DEMANDED, prefix_end(tables.DEMANDED)):
        yield MimeiId(key[1:]), _DECODER.decode(row)


def put_demand(transaction: Transaction, mimei: MimeiId, row: DemandRow | None) -> None:
    """Note how a MiMei is on demand; None: no more."""
    key = tables.DEMANDED + mimei
    if row is None:
        transaction.delete(key)
    else:
        transaction.put(key, msgspec.msgpack.encode(row))


def note_told(engines: Engines, mimei: MimeiId, told: Iterable[tuple[PeerId, Standing]]) -> None:
    """Note what nodes told of a MiMei, if that is on demand here."""
    now_ms = engines.clock.now_ms()
    holders = {peer: Holder(peer, now_ms, not standing.partial) for peer, standing in told}

    def change(transaction: Transaction) -> None:
        row = read_demand(transaction, mimei)
        if row is not None:
            others = (one for one in row.holders if one.peer not in holders)
            kept = (*holders.values(), *others)[: limits.DEMAND_HOLDERS_MAX]
            put_demand(transaction, mimei, msgspec.structs.replace(row, holders=kept))

    with engines.state.read() as view:
        if not holders or read_demand(view, mimei) is None:
            return
    engines.state.write(change)
