"""A MiMei on demand lives as any other does: it is changed, backed up, merged and forked without bringing its files."""

from __future__ import annotations

import threading

import pytest

from leither.codec import RAW
from leither.mimei.path import parse_path
from leither.ports import Fault
from leither.service import history, paths
from leither.service.archive_in import import_car
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.demand_switch import NotWhole, begin_to_fill, put_on_demand
from leither.service.pages import write_at
from leither.service.private import PrivateUnsupported
from leither.service.proof import Incomplete
from leither.service.split import split
from tests.unit.service.demand_world import MIB, noise, places
from tests.unit.service.life import exported, held, put

DATA = noise(3 * MIB)


def test_a_change_is_backed_up_and_merged_without_bringing_what_it_leaves_alone() -> None:
    with places("desk", "phone") as (desk, phone):
        mimei = desk.make({"a": DATA, "b": b"small", "c": b"another"}, right=0)
        phone.follow(mimei, desk)
        put(phone.engines, mimei, "new", b"from the phone")
        paths.move(phone.engines, mimei, parse_path("b"), parse_path("moved"))
        backup(phone.engines, mimei)
        put(desk.engines, mimei, "d", b"from the desk")
        backup(desk.engines, mimei)
        desk.follow(mimei, phone, on_demand=False)
        phone.pull(mimei, desk)
        assert phone.raw_here() == 1
        names = {"a": DATA, "moved": b"small", "c": b"another", "new": b"from the phone", "d": b"from the desk"}
        for place in (desk, phone):
            collect(place.engines)
            assert [found for found in check(place.engines) if isinstance(found, Fault)] == []
            assert {name: place.read(mimei, name) for name in names} == names


def test_many_who_read_the_same_at_once_fetch_it_once() -> None:
    with places("desk", "phone", persons={"phone": "bob"}) as (desk, phone):
        mimei = desk.make({"a": DATA})
        phone.follow(mimei, desk)
        phone.blocks.forget_counts()
        came: list[bytes] = []
        begin = threading.Barrier(8)

        def read() -> None:
            begin.wait()
            came.append(phone.read(mimei, "a", MIB, MIB + 10))

        readers = [threading.Thread(target=read) for _ in range(8)]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert came == [DATA[MIB : MIB + 10]] * 8
        assert phone.blocks.puts == len(phone.blocks.new) == 1


def test_writing_into_the_middle_of_a_file_brings_only_what_it_changes_in_part() -> None:
    with places("desk", "phone") as (desk, phone):
        mimei = Catalog(desk.engines).create(kind="file", mark="log")[0].id
        write_at(desk.engines, mimei, 0, DATA)
        backup(desk.engines, mimei)
        phone.follow(mimei, desk)
        write_at(phone.engines, mimei, MIB + 5, b"here")
        backup(phone.engines, mimei)
        assert sum(cid.codec == RAW for cid in phone.blocks.new) <= 3
        assert phone.leaves_here(mimei, "") == [False, True, False]
        changed = DATA[: MIB + 5] + b"here" + DATA[MIB + 9 :]
        assert phone.read(mimei, "") == changed


def test_a_fork_of_what_is_on_demand_is_on_demand_too() -> None:
    with places("desk", "phone", persons={"phone": "bob"}) as (desk, phone):
        mimei = desk.make({"a": DATA})
        phone.follow(mimei, desk)
        forked = history.fork(phone.engines, mimei, "release", mark="mine").id
        assert phone.raw_here() == 0
        assert phone.read(forked, "a", 0, 10) == DATA[:10]
        collect(phone.engines)
        assert [found for found in check(phone.engines) if isinstance(found, Fault)] == []


def test_what_needs_all_of_it_is_refused_by_name_until_it_is_whole() -> None:
    with places("desk", "phone") as (desk, phone):
        mimei = desk.make({"a/b": DATA}, right=0)
        other = phone.make({}, mark="other")
        phone.follow(mimei, desk)
        version = held(phone.engines, mimei).release
        with pytest.raises(NotWhole):
            paths.make_reference(phone.engines, other, parse_path("ref"), mimei, version)
        with pytest.raises(NotWhole):
            split(phone.engines, mimei, parse_path("a"), mark="part")
        begin_to_fill(phone.engines, mimei)
        phone.filling.wait(mimei, timeout_s=20)
        paths.make_reference(phone.engines, other, parse_path("ref"), mimei, version)


def test_a_private_one_is_not_put_on_demand() -> None:
    with places("desk") as (desk,):
        mimei = Catalog(desk.engines).create(kind="fs", mark="own", private=True)[0].id
        with pytest.raises(PrivateUnsupported, match="is private"):
            put_on_demand(desk.engines, mimei)


def test_an_archive_of_what_is_on_demand_has_what_is_here_and_is_on_demand_where_it_comes() -> None:
    with places("desk", "phone", "tablet", persons={"phone": "bob", "tablet": "bob"}) as (desk, phone, tablet):
        mimei = desk.make({"a": DATA, "b": b"read"})
        phone.follow(mimei, desk)
        assert phone.read(mimei, "b") == b"read"
        import_car(tablet.engines, [exported(phone.engines)])
        assert tablet.raw_here() == 1
        assert tablet.read(mimei, "b") == b"read"
        assert tablet.read(mimei, "a") == DATA


def test_an_archive_of_a_part_brings_no_gap_into_what_is_whole() -> None:
    with places("desk", "phone", "tablet", persons={"phone": "bob", "tablet": "eve"}) as (desk, phone, tablet):
        mimei = desk.make({"a": DATA})
        tablet.follow(mimei, desk, on_demand=False)
        put(desk.engines, mimei, "b", b"new")
        backup(desk.engines, mimei)
        history.release(desk.engines, mimei)
        phone.follow(mimei, desk)
        with pytest.raises(Incomplete):
            import_car(tablet.engines, [exported(phone.engines)])


def test_several_who_read_all_of_a_file_side_by_side_fetch_each_block_once() -> None:
    data = noise(12 * MIB)
    with places("desk", "phone", persons={"phone": "bob"}) as (desk, phone):
        mimei = desk.make({"a": data})
        phone.follow(mimei, desk)
        phone.blocks.forget_counts()
        came: list[bytes] = []
        readers = [
            threading.Thread(target=lambda start=start: came.append(phone.read(mimei, "a", start * MIB)))
            for start in (0, 2, 3, 7)
        ]
        for reader in readers:
            reader.start()
        for reader in readers:
            reader.join()
        assert sorted(map(len, came)) == [5 * MIB, 9 * MIB, 10 * MIB, 12 * MIB]
        assert all(data.endswith(one) for one in came)
        assert phone.blocks.puts == len(phone.blocks.new) == 12


def test_what_one_person_alone_may_read_is_given_again_after_the_holder_began_anew() -> None:
    with places("desk", "phone") as (desk, phone):
        mimei = desk.make({"a": DATA}, right=0)
        phone.follow(mimei, desk)
        assert phone.read(mimei, "a", 0, 1) == DATA[:1]
        desk.forget_greetings()
        assert phone.read(mimei, "a") == DATA
