"""The cache of files on demand: what goes when it is over its limit, and what never does."""

from __future__ import annotations

from leither import limits
from leither.crypto import MimeiId
from leither.ports import Fault
from leither.service.backup import backup
from leither.service.cache_rows import read_cache
from leither.service.collect import check, collect
from leither.service.demand_switch import put_on_demand
from leither.testing.node import clock_of
from tests.unit.service.demand_world import MIB, Place, noise, places
from tests.unit.service.life import put

STRANGER = {"phone": "bob", "tablet": "eve"}


def limited(place: Place, size_bytes: int) -> None:
    place.engines.cache_bytes = size_bytes


def later(*nodes: Place, seconds: int = 3600) -> None:
    for place in nodes:
        clock_of(place.engines).advance(seconds * 1000)


def told_anew(place: Place, source: Place, mimei: MimeiId) -> None:
    """Time passes, and the source says again that it has all."""
    later(place, source)
    place.pull(mimei, source)


def cached_bytes(place: Place) -> int:
    with place.engines.state.read() as view:
        return sum(row.size_bytes for _, row in read_cache(view))


def no_faults(place: Place) -> bool:
    return [found for found in check(place.engines) if isinstance(found, Fault)] == []


def test_what_was_read_longest_ago_goes_first_and_comes_again_when_it_is_read() -> None:
    data = {f"{n}": noise(MIB, n) for n in range(5)}
    with places("desk", "phone", persons=STRANGER) as (desk, phone):
        mimei = desk.make(data)
        phone.follow(mimei, desk)
        for name in ("0", "1", "2", "3", "4"):
            told_anew(phone, desk, mimei)
            phone.read(mimei, name)
        told_anew(phone, desk, mimei)
        phone.read(mimei, "0")
        phone.demand.settle()
        limited(phone, 4 * MIB)
        collect(phone.engines)
        assert [phone.leaves_here(mimei, name) for name in data] == [[True], [False], [False], [True], [True]]
        assert cached_bytes(phone) == 3 * MIB
        assert phone.read(mimei, "1") == data["1"]
        assert no_faults(phone)


def test_reading_more_than_the_limit_lets_go_of_the_rest_by_itself() -> None:
    data = noise(12 * MIB)
    with places("desk", "phone", persons=STRANGER) as (desk, phone):
        mimei = desk.make({"large": data})
        phone.follow(mimei, desk)
        told_anew(phone, desk, mimei)
        limited(phone, 4 * MIB)
        assert phone.read(mimei, "large") == data
        phone.demand.settle()
        assert phone.raw_here() * MIB <= 4 * MIB
        assert phone.read(mimei, "large") == data


def test_nothing_goes_while_nobody_else_said_of_late_to_have_all_of_it() -> None:
    with places("desk", "phone", "tablet", persons=STRANGER) as (desk, phone, tablet):
        mimei = desk.make({"large": noise(3 * MIB)})
        phone.follow(mimei, desk)
        told_anew(phone, desk, mimei)
        phone.read(mimei, "large")
        later(phone, seconds=limits.DEMAND_TOLD_S + 1)
        limited(phone, MIB)
        collect(phone.engines)
        assert all(phone.leaves_here(mimei, "large"))
        tablet.follow(mimei, desk)
        later(tablet, desk, seconds=limits.DEMAND_TOLD_S + 3700)
        phone.pull(mimei, tablet)  # who is on demand itself
        collect(phone.engines)
        assert all(phone.leaves_here(mimei, "large"))
        told_anew(phone, desk, mimei)
        collect(phone.engines)
        assert not any(phone.leaves_here(mimei, "large"))


def test_two_that_had_all_and_go_on_demand_do_not_both_let_go() -> None:
    with places("desk", "phone", "tablet", persons=STRANGER) as (desk, phone, tablet):
        mimei = desk.make({"large": noise(3 * MIB)})
        for one in (phone, tablet):
            limited(one, 0)
            one.follow(mimei, desk, on_demand=False)
        told = ((phone, tablet), (tablet, phone))
        for one, other in told:
            put_on_demand(one.engines, mimei)
            one.demand.settle()
            later(phone, tablet)
            one.pull(mimei, other)
        for one, _ in told:
            collect(one.engines)
        assert [any(one.leaves_here(mimei, "large")) for one, _ in told] == [False, True]


def test_what_was_changed_here_stays_though_others_have_it() -> None:
    with places("desk", "phone") as (desk, phone):
        mimei = desk.make({"theirs": noise(MIB, 1)}, right=0)
        phone.follow(mimei, desk)
        phone.read(mimei, "theirs")
        put(phone.engines, mimei, "backed up", noise(MIB, 2))
        backup(phone.engines, mimei)
        put(phone.engines, mimei, "not backed up", noise(MIB, 3))
        desk.follow(mimei, phone, on_demand=False)
        told_anew(phone, desk, mimei)
        limited(phone, 0)
        collect(phone.engines)
        assert phone.leaves_here(mimei, "backed up") == phone.leaves_here(mimei, "not backed up") == [True]
        assert phone.leaves_here(mimei, "theirs") == [False]
        assert no_faults(phone)


def test_what_something_whole_holds_too_stays() -> None:
    data = noise(2 * MIB)
    with places("desk", "phone", persons=STRANGER) as (desk, phone):
        shared, other = desk.make({"a": data}, mark="one"), desk.make({"b": data}, mark="two")
        phone.follow(shared, desk)
        phone.read(shared, "a")
        phone.follow(other, desk, on_demand=False)
        told_anew(phone, desk, shared)
        limited(phone, 0)
        collect(phone.engines)
        assert phone.leaves_here(other, "b") == [True, True]
        assert cached_bytes(phone) == 0


def test_what_is_whole_comes_whole_although_something_on_demand_shares_its_files() -> None:
    data = noise(3 * MIB)
    with places("desk", "phone", persons=STRANGER) as (desk, phone):
        shared, other = desk.make({"a": data}, mark="one"), desk.make({"b": data}, mark="two")
        phone.follow(shared, desk)
        phone.follow(other, desk, on_demand=False)
        assert all(phone.leaves_here(other, "b"))
        assert no_faults(phone)


def test_a_block_that_comes_for_a_reader_outlives_a_sweep_that_runs_meanwhile() -> None:
    data = noise(3 * MIB)
    with places("desk", "phone", persons=STRANGER) as (desk, phone):
        mimei = desk.make({"large": data})
        phone.follow(mimei, desk)
        told_anew(phone, desk, mimei)
        limited(phone, 0)

        def read_meanwhile() -> list[object]:
            phone.read(mimei, "large", 0, 1)
            return []

        phone.blocks.sweep(read_meanwhile)  # type: ignore[arg-type]
        assert phone.read(mimei, "large") == data
