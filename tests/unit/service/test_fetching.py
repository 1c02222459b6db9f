"""What came of a fetch stays until all of it is here, through sweeps as well."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from leither import limits
from leither.codec import Block, Cid
from leither.service.collect import collect
from leither.service.engines import Engines
from leither.service.exchange import Exchange
from leither.service.fetch import BlocksNotFound
from leither.service.fetching import Fetching
from leither.testing.hub import Hub
from leither.testing.memory_gateway import MemoryGateway
from leither.testing.node import clock_of, memory_engines
from tests.unit.service.exchange_nodes import Node, file_of

DATA, ROOT, BLOCKS = file_of(5 << 20)


class NoGateways:
    def open(self, url: str) -> MemoryGateway:
        raise AssertionError(url)


@pytest.fixture
def engines() -> Engines:
    return memory_engines()


@pytest.fixture
def fetching(hub: Hub, engines: Engines) -> Iterator[Fetching]:
    exchange = Exchange(hub.node("here"), engines.blocks, lambda peer, cid: None, time.monotonic)
    yield Fetching(engines, exchange, NoGateways(), time.monotonic)
    exchange.close()


def try_from(fetching: Fetching, hub: Hub, name: str, *held: Block) -> None:
    """Fetch all from a peer that has this much."""
    peer = Node(hub.node(name))
    peer.put(*held)
    try:
        with fetching.fetch(ROOT, peers=[peer.known]) as fetch:
            fetch.run()
    finally:
        peer.exchange.close()


def test_what_came_stays_through_a_sweep_and_the_next_fetch_goes_on_from_there(
    fetching: Fetching, hub: Hub, engines: Engines
) -> None:
    with pytest.raises(BlocksNotFound):
        try_from(fetching, hub, "in part", *BLOCKS[2:])
    collect(engines)
    assert [engines.blocks.has(block.cid) for block in BLOCKS] == [False, False] + [True] * (len(BLOCKS) - 2)
    try_from(fetching, hub, "the rest", *BLOCKS[:2])
    assert all(engines.blocks.has(block.cid) for block in BLOCKS)


def test_what_has_come_as_a_whole_and_nobody_keeps_goes_with_the_next_sweep(
    fetching: Fetching, hub: Hub, engines: Engines
) -> None:
    try_from(fetching, hub, "all", *BLOCKS)
    collect(engines)
    assert not any(engines.blocks.has(block.cid) for block in BLOCKS)


def test_what_is_not_gone_on_with_is_given_up(fetching: Fetching, hub: Hub, engines: Engines) -> None:
    with pytest.raises(BlocksNotFound):
        try_from(fetching, hub, "in part", *BLOCKS[2:])
    clock_of(engines).advance(1000 * limits.FETCH_KEPT_S)
    collect(engines)
    assert not any(engines.blocks.has(block.cid) for block in BLOCKS)


def test_a_sweep_beside_a_fetch_takes_nothing_of_it(fetching: Fetching, hub: Hub, engines: Engines) -> None:
    peer = Node(hub.node("peer"))
    peer.put(*BLOCKS)
    with fetching.fetch(ROOT, peers=[peer.known]) as fetch:
        pieces = fetch.read()
        read = next(pieces)
        collect(engines)
        assert read + b"".join(pieces) == DATA
    peer.exchange.close()


def test_a_sweep_that_began_before_what_leads_to_a_block_was_here_does_not_take_it(
    fetching: Fetching, hub: Hub, engines: Engines
) -> None:
    peer = Node(hub.node("peer"))
    peer.put(*BLOCKS[1:])
    with engines.blocks.lease() as lease:
        lease.put(BLOCKS[0])
    with fetching.fetch(ROOT, peers=[peer.known]) as fetch:

        def mark() -> list[Cid]:
            fetch.run()
            return []

        engines.blocks.sweep(mark)
        assert all(engines.blocks.has(block.cid) for block in BLOCKS)
    peer.exchange.close()
