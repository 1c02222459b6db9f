"""Forks and parts of a private MiMei: private as well, with keys of their own, and nothing sealed in common."""

from __future__ import annotations

import pytest

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.db import execute
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.mimei.key_ring import KeyRing
from leither.mimei.path import parse_path
from leither.people import Act
from leither.ports import Fault
from leither.service import history
from leither.service.backup import backup
from leither.service.collect import check, collect
from leither.service.database import Database
from leither.service.engines import Engines
from leither.service.readers import rotate
from leither.service.split import split
from tests.unit.service import life
from tests.unit.service.archive import Archive
from tests.unit.service.test_foreign_databases import run
from tests.unit.service.test_private import SECRET, clear_blocks, private, shown
from tests.unit.service.test_private_archives import sealed_blocks
from tests.unit.service.test_readers import READ, shared, written


def faults(engines: Engines) -> list[Fault]:
    return [found for found in check(engines) if isinstance(found, Fault)]


def of_one(engines: Engines, mimei: MimeiId) -> set[Cid]:
    """The sealed blocks of one MiMei, as an export of it has them."""
    return sealed_blocks(engines) & Archive(life.exported(engines, mimei)).blocks.keys()


def test_a_fork_holds_what_its_parent_did_and_shares_no_sealed_block(desk: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "folder/map.txt", SECRET)
    rotate(desk, mimei)
    written(desk, mimei, "big", SECRET * 30_000)
    fork = history.fork(desk, mimei, "last", mark="fork").id
    assert life.held(desk, fork).is_private
    assert shown(desk, fork) == shown(desk, fork, 0) == shown(desk, mimei)
    assert life.held(desk, fork).control.key_epoch is None
    assert of_one(desk, fork)
    assert not of_one(desk, fork) & of_one(desk, mimei)
    assert clear_blocks(desk) == {Control, Head, KeyRing}
    collect(desk)
    assert faults(desk) == []
    written(desk, fork, "more", b"more")
    assert shown(desk, fork)["more"] == b"more"
    assert "more" not in shown(desk, mimei)


def test_a_fork_of_a_database_is_read_from_the_fork_alone(desk: Engines, phone: Engines) -> None:
    mimei = private(desk, "db")
    run(desk, mimei, "SET treasure oak")
    backup(desk, mimei)
    fork = history.fork(desk, mimei, "last", mark="fork").id
    life.bring(desk, phone, fork)
    with Database.open(phone, fork).reading() as space:
        assert execute(space, [b"GET", b"treasure"]) == b"oak"


def test_what_lost_in_a_merge_comes_along_with_a_fork(desk: Engines, phone: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    life.bring(desk, phone, mimei)
    written(desk, mimei, "map.txt", b"by the desk" * 100)
    written(phone, mimei, "map.txt", b"by the phone" * 100)
    life.bring(phone, desk, mimei)
    fork = history.fork(desk, mimei, "last", mark="fork").id
    collect(desk)
    assert faults(desk) == []
    laptop = life.bring(desk, phone, fork)
    assert laptop.mimei[0].state == "added"
    collect(phone)
    assert faults(phone) == []


def test_a_reader_forks_for_themselves(desk: Engines, stranger: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    shared(desk, mimei, stranger, acts=READ | Act.FORK)
    life.bring(desk, stranger, mimei)
    fork = history.fork(stranger, mimei, "last", mark="fork").id
    written(stranger, fork, "own.txt", b"own")
    assert shown(stranger, fork) == {"map.txt": SECRET, "own.txt": b"own"}
    assert life.held(stranger, fork).genesis.author == stranger.identity.person.public
    assert life.bring(stranger, desk, fork).mimei[0].state == "kept"  # its parent's author is no reader of it


def test_the_topic_of_a_fork_is_taken_once(desk: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "map.txt", SECRET)
    history.fork(desk, mimei, "last", mark="fork")
    with pytest.raises(history.TopicTaken):
        history.fork(desk, mimei, "last", mark="fork")


def test_a_folder_that_is_split_off_is_private_and_sealed_apart(desk: Engines, phone: Engines) -> None:
    mimei = private(desk)
    written(desk, mimei, "folder/map.txt", SECRET)
    life.put(desk, mimei, "folder/unsaved.txt", b"unsaved")
    part = split(desk, mimei, parse_path("folder"), mark="part", follow=True).id
    backup(desk, mimei)
    assert life.held(desk, part).is_private
    assert shown(desk, part, "last") == {"map.txt": SECRET, "unsaved.txt": b"unsaved"}
    assert not of_one(desk, part) & of_one(desk, mimei)
    assert clear_blocks(desk) == {Control, Head}
    collect(desk)
    assert faults(desk) == []
    life.bring(desk, phone)
    assert shown(phone, part, "last") == {"map.txt": SECRET, "unsaved.txt": b"unsaved"}
