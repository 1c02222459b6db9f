"""Private MiMei that are shared, rotated and cut short, through the bytes of the protocol."""

from __future__ import annotations

import pytest

from leither.service import history
from leither.service.collect import check, collect
from leither.service.engines import Engines
from leither.service.grants import take_back
from leither.service.readers import rotate
from leither.testing.node import memory_engines
from leither.testing.suites.expect import damage
from tests.unit.service.life import made
from tests.unit.service.syncing import take
from tests.unit.service.test_private import SECRET, private, shown
from tests.unit.service.test_readers import shared, written


def test_a_reader_takes_what_was_shared_with_them_before_and_after_a_rotation(
    desk: Engines, stranger: Engines, phone: Engines
) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    shared(desk, mimei, stranger)
    take(stranger, desk, mimei)
    assert shown(stranger, mimei) == {"map.txt": SECRET}
    rotate(desk, mimei)
    written(desk, mimei, "more.txt", SECRET)
    for engines in (stranger, phone):
        take(engines, desk, mimei)
        assert shown(engines, mimei) == {"map.txt": SECRET, "more.txt": SECRET}
        collect(engines)
        assert damage(check(engines)) == []


def test_rings_of_former_controls_need_not_be_anywhere(desk: Engines, stranger: Engines, phone: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    for reader in (stranger, memory_engines(person="carl", node="carl's")):
        kept = shared(desk, mimei, reader)
        take_back(desk, mimei, kept.name)
        shared(desk, mimei, reader, hours=2)
    collect(desk)
    take(phone, desk, mimei)
    take(stranger, desk, mimei)
    assert shown(stranger, mimei) == shown(phone, mimei) == {"map.txt": SECRET}


@pytest.mark.parametrize("is_private", [False, True])
def test_of_a_writer_whose_newest_version_was_deleted_all_else_is_taken(
    desk: Engines, phone: Engines, is_private: bool
) -> None:
    mimei = private(desk) if is_private else made(desk)
    written(desk, mimei, "a", SECRET)
    take(phone, desk, mimei)
    written(phone, mimei, "b", SECRET)
    take(desk, phone, mimei)
    written(desk, mimei, "c", SECRET)
    history.delete_versions(desk, mimei, 1, 1)
    collect(desk)
    tablet = memory_engines(node="tablet")
    for engines in (tablet, phone):
        take(engines, desk, mimei)
        assert shown(engines, mimei) == {"a": SECRET, "b": SECRET, "c": SECRET}
        collect(engines)
        assert damage(check(engines)) == []
