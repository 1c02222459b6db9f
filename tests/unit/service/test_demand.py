"""Files on demand: opening brings what leads to them, reading brings them."""

from __future__ import annotations

from leither.ports import Fault
from leither.service.collect import check, collect
from tests.unit.service.demand_world import MIB, noise, places

STRANGER = {"phone": "bob"}


def test_following_on_demand_brings_no_bytes_of_files_and_reading_brings_those_that_are_read() -> None:
    data = noise(5 * MIB)
    with places("desk", "phone", persons=STRANGER) as (desk, phone):
        mimei = desk.make({"a/large": data, "small": b"hello"})
        phone.follow(mimei, desk)
        assert phone.raw_here() == 0
        phone.blocks.forget_counts()
        assert phone.read(mimei, "a/large", 2 * MIB + 10, 2 * MIB + 4106) == data[2 * MIB + 10 : 2 * MIB + 4106]
        assert phone.leaves_here(mimei, "a/large") == [False, False, True, False, False]
        assert phone.read(mimei, "small") == b"hello"
        assert phone.read(mimei, "a/large") == data
        assert phone.blocks.puts == len(phone.blocks.new)


def test_what_only_the_same_person_may_read_comes_on_demand_too() -> None:
    data = noise(3 * MIB)
    with places("desk", "phone") as (desk, phone):
        mimei = desk.make({"large": data}, right=0)
        phone.follow(mimei, desk)
        assert phone.raw_here() == 0
        assert phone.read(mimei, "large", MIB, 2 * MIB) == data[MIB : 2 * MIB]
        assert phone.leaves_here(mimei, "large") == [False, True, False]


def test_a_sweep_and_a_check_pass_over_what_is_not_here_and_keep_what_is() -> None:
    data = noise(3 * MIB)
    with places("desk", "phone", persons=STRANGER) as (desk, phone):
        mimei = desk.make({"large": data})
        phone.follow(mimei, desk)
        phone.read(mimei, "large", 0, 1)
        collect(phone.engines)
        assert [found for found in check(phone.engines) if isinstance(found, Fault)] == []
        assert phone.leaves_here(mimei, "large") == [True, False, False]


def test_a_block_that_is_lacking_of_what_is_whole_stays_an_error() -> None:
    with places("desk", "phone", persons=STRANGER) as (desk, phone):
        mimei = desk.make({"large": noise(3 * MIB)})
        phone.follow(mimei, desk, on_demand=False)
        leaf = next(cid for cid in phone.blocks.cids() if cid.codec == 0x55)
        phone.blocks.lose([leaf])
        assert [found.cid for found in check(phone.engines) if isinstance(found, Fault)] == [leaf]
