"""What was read of files on demand goes again, and the process ends at every disk operation: nothing else goes."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from leither.codec import RAW, Block, Cid
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.people import Act
from leither.people import right as rights
from leither.ports import Transaction
from leither.service.backup import backup
from leither.service.cache import Cache
from leither.service.cache_rows import read_cache
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.demand_rows import DemandRow, Holder, put_demand, read_demand
from leither.service.engines import Engines
from leither.testing.faults import FaultyDisk, PowerCutDisk, run_in_child
from leither.testing.node import clock_of, memory_engines
from leither.testing.suites.expect import damage
from tests.crash.test_service_life import opened
from tests.unit.service.life import put
from tests.unit.service.syncing import take

PUBLIC = rights.pack(everyone=Act.READ_VERSIONS)
SHARED, READ = b"shared" * 500, [b"%d" % number * 5000 for number in range(4)]


def holder() -> tuple[Engines, MimeiId, MimeiId]:
    """A node that has two MiMei that share a file: one to be on demand, one to be whole."""
    other = memory_engines(person="bob", node="other")
    found = []
    for mark in ("on demand", "whole"):
        mimei = Catalog(other).create(kind="fs", mark=mark, right=PUBLIC)[0].id
        put(other, mimei, "shared", SHARED)
        found.append(mimei)
    for number, data in enumerate(READ):
        put(other, found[0], f"{number}", data)
    for mimei in found:
        backup(other, mimei)
    return other, found[0], found[1]


def read_all(engines: Engines) -> None:
    """Bring the leaves as a reader does, and note that another node said afterwards to have all."""
    _, mimei, _ = holder()
    blocks = [Block.of(RAW, data) for data in (SHARED, *READ)]
    with engines.blocks.lease() as lease:
        lease.put_many(blocks)
        lease.flush()
        with closing(Cache(engines)) as cache:
            cache.note({block.cid: len(block.data) for block in blocks})
    told_ms = clock_of(engines).ms + 1

    def tell(transaction: Transaction) -> None:
        row = read_demand(transaction, mimei)
        assert row is not None
        told = (Holder(PeerId("other"), told_ms, True),)
        put_demand(transaction, mimei, DemandRow(row.since_ms, holders=told))

    engines.state.write(tell)


def evict(engines: Engines) -> None:
    engines.cache_bytes = 0
    collect(engines)


def follow(engines: Engines) -> None:
    other, mimei, whole = holder()
    take(engines, other, mimei, on_demand=True)
    take(engines, other, whole)


STEPS: list[Callable[[Engines], None]] = [follow, read_all, evict]


def here(engines: Engines) -> list[bool]:
    return [engines.blocks.has(Cid.of(RAW, data)) for data in (SHARED, *READ)]


def cached(engines: Engines) -> int:
    with engines.state.read() as view:
        return len(list(read_cache(view)))


@pytest.mark.timeout(600)
@pytest.mark.parametrize("disk_at", [pytest.param(FaultyDisk, id="killed"), pytest.param(PowerCutDisk, id="power-cut")])
def test_an_eviction_takes_what_may_go_or_nothing_wherever_it_was_ended(
    disk_at: Callable[[int], FaultyDisk], tmp_path: Path
) -> None:
    def count(report: Callable[[str], None]) -> None:
        disk = FaultyDisk()
        with opened(tmp_path / "counted", disk) as engines:
            for step in STEPS:
                step(engines)
                if step is read_all:
                    begun = len(disk.names)
        report(str(begun))
        for name in disk.names:
            report(name)

    (begun, *names), status = run_in_child(count)
    assert status == 0, names
    for at in range(int(begun) + 1, len(names) + 1):
        home = tmp_path / str(at)

        def die(report: Callable[[str], None], at: int = at, home: Path = home) -> None:
            with opened(home, disk_at(at)) as engines:
                for step in STEPS:
                    step(engines)

        reported, status = run_in_child(die)
        assert status in (-9, 0), (at, names[at - 1], reported)

        def look(report: Callable[[str], None], home: Path = home) -> None:
            with opened(home) as engines:
                clock_of(engines).advance(10)
                assert damage(check(engines)) == []
                assert here(engines)[0], "a file that something whole has went"
                evict(engines)
                evict(engines)
                assert here(engines) == [True, False, False, False, False]
                with closing(Cache(engines)) as cache:
                    cache.note({})
                assert cached(engines) == 0
                assert damage(check(engines)) == []

        complaints, status = run_in_child(look)
        assert (complaints, status) == ([], 0), (at, names[at - 1], reported)
