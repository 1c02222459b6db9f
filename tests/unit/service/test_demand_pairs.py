"""A paired node counts on what is here whole, and on nothing that is on demand."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from leither.codec import Block
from leither.crypto import MimeiId
from leither.service.demand_rows import DemandRow, put_demand, read_demand
from leither.service.demand_switch import DEMAND, NeededWhole, put_on_demand
from leither.service.events import Event
from leither.service.pair_rows import told_row
from leither.testing.hub import Hub
from tests.unit.service.pairing_world import Place, pair, place, settle
from tests.unit.service.syncing import take
from tests.unit.service.test_pair_keeping import public


@pytest.fixture
def two() -> Iterator[tuple[Hub, Place, Place]]:
    with Hub() as hub:
        desk, shelf = place(hub, "desk", "ada"), place(hub, "shelf", "bob")
        yield hub, desk, shelf
        hub.close()
        for each in (desk, shelf):
            each.close()


def told_mark(owner: Place, keeper: Place, mimei: MimeiId) -> bytes | None:
    with owner.engines.state.read() as view:
        row = told_row(view, keeper.key, mimei)
    return row.mark if row is not None else None


def demand(at: Place, mimei: MimeiId) -> DemandRow | None:
    with at.engines.state.read() as view:
        return read_demand(view, mimei)


def test_what_is_on_demand_is_not_told_as_kept_before_all_of_it_is_here(two: tuple[Hub, Place, Place]) -> None:
    hub, desk, shelf = two
    site = public(desk)
    take(shelf.engines, desk.engines, site, on_demand=True)
    pair(hub, desk, shelf)
    row = demand(shelf, site)
    assert row is not None
    assert row.fills
    assert not told_mark(desk, shelf, site)
    with shelf.engines.blocks.lease() as lease:
        for cid in list(desk.engines.blocks.cids()):
            lease.put(Block(cid, desk.engines.blocks.get(cid)))
    shelf.engines.state.write(lambda transaction: put_demand(transaction, site, None))
    shelf.engines.events.tell(Event(site, DEMAND))
    settle(hub, desk, shelf)
    assert told_mark(desk, shelf, site)


def test_what_a_paired_node_counts_on_is_not_put_on_demand(two: tuple[Hub, Place, Place]) -> None:
    hub, desk, shelf = two
    site = public(desk)
    pair(hub, desk, shelf)
    with pytest.raises(NeededWhole, match="a paired node counts on it"):
        put_on_demand(shelf.engines, site)
    assert demand(shelf, site) is None
