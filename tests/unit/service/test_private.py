"""Private MiMei through the services: everything works as with public ones, and only sealed blocks are stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from leither.codec import BlockMissing, Cid
from leither.codec.links import links
from leither.crypto import MimeiId
from leither.db import execute
from leither.mimei.address import Selector
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.mimei.key_ring import KeyRing
from leither.mimei.path import parse_path
from leither.mimei.record import NotARecord
from leither.mimei.version import Version
from leither.people import OWNER
from leither.ports import Fault
from leither.service import history, paths
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.database import Database
from leither.service.engines import Engines
from leither.service.holding import within
from leither.service.merge import merge
from leither.service.pages import write_at
from leither.service.private import PrivateUnsupported
from leither.service.split import split
from leither.service.tree import open_tree, read_bytes
from leither.store import MemoryState, PackBlocks
from leither.testing.node import memory_engines
from tests.unit.service import life
from tests.unit.service.test_foreign_databases import run

SECRET = b"the treasure lies under the third oak. " * 40


def private(engines: Engines, kind: str = "fs", mark: str = "diary") -> MimeiId:
    return Catalog(engines).create(kind=kind, mark=mark, private=True)[0].id


def shown(engines: Engines, mimei: MimeiId, selector: Selector = "cur") -> dict[str, bytes]:
    with open_tree(engines, mimei, selector, OWNER) as tree:
        if tree.mimei.genesis.type == "file":
            cid = tree.entry(()).cid
            assert cid is not None
            return {"": b"".join(read_bytes(tree.engines, cid))}
        return {
            "/".join(path): b"".join(read_bytes(tree.engines, entry.cid))
            for path, entry in tree.walk()
            if entry.cid is not None
        }


def is_record(kind: type[Control] | type[Head] | type[KeyRing], data: bytes) -> bool:
    try:
        kind.decode(data)
    except NotARecord:
        return False
    return True


def clear_blocks(engines: Engines) -> set[type]:
    """What kinds of records the store has in the clear; anything else fails."""
    found: set[type] = set()
    for cid in engines.blocks.cids():
        data = engines.blocks.get(cid)
        if data[:2] == b"\x86\x01":
            continue  # a sealed block
        kinds = [kind for kind in (Control, Head, KeyRing) if is_record(kind, data)]
        assert kinds, f"{cid} is in the clear: {data[:80]!r}"
        found.update(kinds)
    return found


def held_below(engines: Engines, root: Cid) -> list[Cid]:
    """All plaintext blocks at and below `root`."""
    below = links(root, engines.blocks.get(root))
    return [root, *(cid for child in below for cid in held_below(engines, child))]


def test_a_private_mimei_is_another_than_the_public_one_of_its_topic_and_the_same_each_time(desk: Engines) -> None:
    public = life.made(desk, mark="diary")
    first, new = Catalog(desk).create(kind="fs", mark="diary", private=True)
    again, new_again = Catalog(desk).create(kind="fs", mark="diary", private=True)
    assert (new, new_again) == (True, False)
    assert first.id == again.id != public
    assert first.is_private


def test_two_nodes_of_one_person_make_the_same_private_mimei(desk: Engines, phone: Engines) -> None:
    assert private(desk) == private(phone)


def test_nobody_else_makes_the_private_mimei_of_a_topic(desk: Engines, stranger: Engines) -> None:
    assert private(desk) != private(stranger)


def test_files_of_a_private_mimei_read_back_from_cur_and_from_versions(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "a/map.txt", SECRET)
    backup(desk, mimei)
    life.put(desk, mimei, "a/map.txt", b"moved")
    life.put(desk, mimei, "big", SECRET * 5_000)
    assert shown(desk, mimei) == {"a/map.txt": b"moved", "big": SECRET * 5_000}
    backup(desk, mimei)
    assert shown(desk, mimei, 0) == {"a/map.txt": SECRET}
    assert shown(desk, mimei, 1) == {"a/map.txt": b"moved", "big": SECRET * 5_000}


def test_the_store_holds_nothing_in_the_clear_but_control_and_heads(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "a/map.txt", SECRET)
    backup(desk, mimei, note="a note")
    history.release(desk, mimei)
    assert clear_blocks(desk) == {Control, Head}


def test_a_head_names_the_sealed_form_of_its_version(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "map.txt", SECRET)
    made = backup(desk, mimei).cid
    held = life.held(desk, mimei)
    head = desk.record(Head, Cid(held.row.head))
    assert made is not None
    assert head.tip == made
    assert head.sealed is not None
    assert desk.blocks.has(head.sealed)
    assert not desk.blocks.has(made)
    assert held.engines.record(Version, made).key_epoch == 0


def test_a_file_written_at_an_offset_is_stored_sealed(desk: Engines) -> None:
    mimei = private(desk, "file")
    write_at(desk, mimei, 0, SECRET)
    write_at(desk, mimei, 10, b"_")
    backup(desk, mimei)
    assert shown(desk, mimei, 0)[""] == SECRET[:10] + b"_" + SECRET[11:]
    assert clear_blocks(desk) == {Control, Head}


def test_a_database_reads_back_from_a_version(desk: Engines) -> None:
    mimei = private(desk, "db")
    run(desk, mimei, "SET treasure oak", "RPUSH steps 3 4 5")
    first = backup(desk, mimei).cid
    run(desk, mimei, "SET treasure elm")
    backup(desk, mimei)
    assert first is not None
    with Database.open(desk, mimei, first).reading() as space:
        assert execute(space, [b"GET", b"treasure"]) == b"oak"
        assert execute(space, [b"LRANGE", b"steps", b"0", b"-1"]) == [b"3", b"4", b"5"]
    assert run(desk, mimei, "GET treasure") == [b"elm"]
    history.restore(desk, mimei, 0)
    assert run(desk, mimei, "GET treasure") == [b"oak"]
    assert clear_blocks(desk) == {Control, Head}


def test_restoring_brings_back_what_a_version_held(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "map.txt", SECRET)
    backup(desk, mimei)
    life.put(desk, mimei, "map.txt", b"gone")
    backup(desk, mimei)
    history.restore(desk, mimei, 0)
    assert shown(desk, mimei) == {"map.txt": SECRET}


def test_collecting_keeps_what_is_held_and_takes_what_was_deleted(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "old", SECRET)
    first = backup(desk, mimei).cid
    life.remove(desk, mimei, "old")
    life.put(desk, mimei, "new", b"new")
    backup(desk, mimei)
    life.put(desk, mimei, "unsaved", b"unsaved")
    assert first is not None
    sealed = within(desk, mimei).blocks
    content = within(desk, mimei).record(Version, first).content
    collect(desk)
    assert shown(desk, mimei, 0) == {"old": SECRET}
    assert shown(desk, mimei) == {"new": b"new", "unsaved": b"unsaved"}
    history.delete_versions(desk, mimei, 0, 0)
    assert collect(desk).blocks_dropped > 0
    assert not sealed.has(content)
    assert shown(desk, mimei) == {"new": b"new", "unsaved": b"unsaved"}
    assert [found for found in check(desk) if isinstance(found, Fault)] == []


def test_a_check_tells_of_a_sealed_block_that_is_missing(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "map.txt", SECRET)
    made = backup(desk, mimei).cid
    assert made is not None
    head = desk.record(Head, Cid(life.held(desk, mimei).row.head))
    kept = [cid for cid in desk.blocks.cids() if cid != head.sealed]
    desk.blocks.sweep(lambda: kept)
    assert [found for found in check(desk) if isinstance(found, Fault)]


def test_a_deleted_private_mimei_leaves_nothing(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "map.txt", SECRET)
    backup(desk, mimei)
    Catalog(desk).delete(mimei)
    collect(desk)
    assert list(desk.blocks.cids()) == []
    assert private(desk) == mimei
    life.put(desk, mimei, "again", SECRET)
    backup(desk, mimei)
    assert shown(desk, mimei, "last") == {"again": SECRET}


def test_a_merge_without_others_changes_nothing(desk: Engines) -> None:
    mimei = private(desk)
    life.put(desk, mimei, "map.txt", SECRET)
    assert not merge(desk, mimei).merged
    assert clear_blocks(desk) == {Control, Head}


def test_what_is_not_done_with_private_mimei_says_so(desk: Engines) -> None:
    mimei, public = private(desk), life.made(desk)
    life.put(desk, mimei, "a/map.txt", SECRET)
    made = backup(desk, mimei).cid
    with pytest.raises(PrivateUnsupported, match="--follow"):
        split(desk, mimei, parse_path("a"), mark="part")
    with pytest.raises(PrivateUnsupported, match="rights"):
        Catalog(desk).create(kind="fs", mark="open", private=True, right=1)
    with pytest.raises(PrivateUnsupported, match="rights"):
        Catalog(desk).change_control(mimei, right=1)
    with pytest.raises(PrivateUnsupported, match="a reference from"):
        paths.make_reference(desk, public, parse_path("there"), mimei, made)
    life.put(desk, public, "open.txt", b"open")
    with pytest.raises(PrivateUnsupported, match="a reference to"):
        paths.make_reference(desk, mimei, parse_path("there"), public, backup(desk, public).cid)


def test_packs_hold_no_plaintext_and_no_cid_of_it(tmp_path: Path) -> None:
    memory = memory_engines(node="desk")
    engines = Engines(
        blocks=PackBlocks(tmp_path),
        state=MemoryState(),
        clock=memory.clock,
        random=memory.random,
        identity=memory.identity,
    )
    mimei = Catalog(engines).create(kind="fs", app="secret-app", mark="secret-mark", private=True)[0].id
    life.put(engines, mimei, "hidden-name.txt", SECRET)
    life.put(engines, mimei, "folder/big", SECRET * 5_000)
    made = backup(engines, mimei, note="secret-note").cid
    assert made is not None
    inside = within(engines, mimei)
    version = inside.record(Version, made)
    plain = {cid for root in (version.content, version.side) for cid in held_below(inside, root)}
    assert len(plain) > 5
    engines.blocks.close()
    stored = b"".join(path.read_bytes() for path in sorted(tmp_path.rglob("*")) if path.is_file())
    assert len(stored) > len(SECRET) * 5_000
    for word in (b"treasure", b"hidden-name", b"secret-app", b"secret-mark", b"secret-note", b"folder"):
        assert word not in stored
    for cid in plain:
        assert cid.digest not in stored


def test_a_block_of_a_private_mimei_is_not_found_outside_of_it(desk: Engines) -> None:
    mimei = private(desk)
    entry = life.put(desk, mimei, "map.txt", SECRET)
    assert entry.cid is not None
    with pytest.raises(BlockMissing):
        desk.blocks.get(entry.cid)
