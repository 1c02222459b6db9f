"""The blocks a trustless gateway sends."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, Block, Cid, dagpb
from leither.codec.dagpb import PBLink
from leither.codec.foreign import UnsupportedCid, parse_binary
from leither.unixfs import EntityBytes, PathNotFound, Scope, SymlinkTarget, blocks, lookup, message, resolve
from tests.unit.unixfs.shelf import Shelf

CHUNK = 4


@pytest.fixture(autouse=True)
def _small_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHUNK_BYTES", CHUNK)
    monkeypatch.setattr(limits, "FILE_LINKS_MAX", 3)
    monkeypatch.setattr(limits, "DIRECTORY_BLOCK_BYTES_MAX", 300)


def sent(
    shelf: Shelf,
    root: Cid,
    path: Sequence[str] = (),
    scope: Scope = Scope.ALL,
    part: tuple[int, int | None] | None = None,
) -> list[Cid]:
    wanted = None if part is None else EntityBytes(*part)
    found = list(blocks(shelf.get, root, path, scope=scope, entity_bytes=wanted))
    assert all(block == Block(block.cid, shelf.blocks[block.cid]) for block in found)
    assert len({block.cid for block in found}) == len(found)
    return [block.cid for block in found]


def leaf(number: int) -> Cid:
    return Cid.of(RAW, bytes((number,)) * CHUNK)


@pytest.fixture
def file(shelf: Shelf) -> Cid:
    """Seven chunks in three nodes: 0 1 2 | 3 4 5 | 6."""
    return shelf.add(b"".join(bytes((number,)) * CHUNK for number in range(7))).cid


def test_all_of_a_file_comes_depth_first(shelf: Shelf, file: Cid) -> None:
    order = sent(shelf, file)
    assert order[0] == file
    assert [cid for cid in order if cid.codec == RAW] == [leaf(number) for number in range(7)]
    assert order.index(leaf(2)) < order.index(leaf(3))
    assert len(order) == 11
    assert sent(shelf, file, scope=Scope.ENTITY) == order


def test_the_first_block_alone_is_sent_on_request(shelf: Shelf, file: Cid) -> None:
    assert sent(shelf, file, scope=Scope.BLOCK) == [file]


@pytest.mark.parametrize(
    ("part", "leaves"),
    [
        ((0, None), [0, 1, 2, 3, 4, 5, 6]),
        ((0, 3), [0]),
        ((3, 4), [0, 1]),
        ((-5, None), [5, 6]),
        ((-5, -5), [5]),
        ((-1000, -25), [0]),
        ((8, -9), [2, 3, 4]),
        ((20, 1000), [5, 6]),
        ((28, None), []),
        ((28, 40), []),
        ((9, 8), []),
        ((0, -29), []),
    ],
)
def test_a_part_of_a_file_comes_with_just_its_leaves(
    shelf: Shelf, file: Cid, part: tuple[int, int | None], leaves: list[int]
) -> None:
    order = sent(shelf, file, part=part)
    assert order[0] == file
    assert [cid for cid in order if cid.codec == RAW] == [leaf(number) for number in leaves]


def test_an_empty_part_is_the_first_block_alone(shelf: Shelf, file: Cid) -> None:
    assert sent(shelf, file, part=(28, None)) == [file]


def test_a_repeated_leaf_comes_once_and_is_read_once(shelf: Shelf) -> None:
    root = shelf.add(bytes(CHUNK * 3)).cid
    assert sent(shelf, root, scope=Scope.ENTITY) == [root, leaf(0)]
    assert shelf.reads.count(leaf(0)) == 1


def test_a_node_used_twice_is_entered_again_for_another_part(shelf: Shelf) -> None:
    root = shelf.add(b"".join(bytes((number,)) * CHUNK for number in range(3)) * 2).cid
    order = sent(shelf, root, part=(8, 15))
    assert [cid for cid in order if cid.codec == RAW] == [leaf(2), leaf(0)]


def test_the_directories_on_the_path_are_sent_and_their_other_entries_are_not(shelf: Shelf) -> None:
    root = shelf.tree({("a", "b", "c"): shelf.add(b"in"), ("a", "x"): shelf.add(b"out"), ("y",): shelf.add(b"no")}).cid
    way = [root, resolve(shelf.get, root, ["a"]), resolve(shelf.get, root, ["a", "b"])]
    assert sent(shelf, root, ["a", "b", "c"]) == [*way, Cid.of(RAW, b"in")]
    assert sent(shelf, root, ["a", "b"], Scope.ENTITY) == way


def test_all_of_a_directory_is_everything_below(shelf: Shelf) -> None:
    root = shelf.tree({("a", "b"): shelf.add(b"1"), ("c",): shelf.add(b"2"), ("d",): SymlinkTarget("c")}).cid
    kept = set(sent(shelf, root))
    assert {Cid.of(RAW, b"1"), Cid.of(RAW, b"2"), root, resolve(shelf.get, root, ["a"])} < kept
    assert len(kept) == 5


@pytest.fixture
def sharded(shelf: Shelf) -> Cid:
    return shelf.tree({(f"name-{number}",): shelf.add(str(number).encode()) for number in range(600)}).cid


def test_the_shards_that_prove_an_entry_are_sent(shelf: Shelf, sharded: Cid) -> None:
    shelf.reads.clear()
    entry = lookup(shelf.get, sharded, "name-7").cid
    way = list(shelf.reads)
    assert len(way) > 1
    assert sent(shelf, sharded, ["name-7"]) == [*way, entry]


def test_the_shards_that_prove_an_absence_are_sent_before_the_error(shelf: Shelf, sharded: Cid) -> None:
    given = blocks(shelf.get, sharded, ["nothing"])
    assert next(given).cid == sharded
    with pytest.raises(PathNotFound):
        list(given)


def test_a_sharded_directory_as_entity_is_its_shards(shelf: Shelf, sharded: Cid) -> None:
    order = sent(shelf, sharded, scope=Scope.ENTITY)
    assert {cid.codec for cid in order} == {DAG_PB}
    assert set(order) == {cid for cid in sent(shelf, sharded) if cid.codec == DAG_PB}


def test_a_range_of_a_directory_is_ignored(shelf: Shelf, sharded: Cid) -> None:
    assert sent(shelf, sharded, part=(5, 6)) == sent(shelf, sharded, scope=Scope.ENTITY)


def test_a_record_as_entity_is_its_block_and_all_follows_its_links(shelf: Shelf) -> None:
    target = shelf.store(RAW, b"x")
    record = shelf.store(DAG_CBOR, b"\x81\xd8\x2a\x58\x25\x00" + target)
    assert sent(shelf, record, scope=Scope.ENTITY) == [record]
    assert sent(shelf, record) == [record, target]


def test_a_long_chain_is_followed(shelf: Shelf) -> None:
    record = shelf.store(RAW, b"x")
    for _ in range(3000):
        record = shelf.store(DAG_CBOR, b"\x81\xd8\x2a\x58\x25\x00" + record)
    assert len(sent(shelf, record)) == 3001


def test_inlined_blocks_are_not_sent(shelf: Shelf) -> None:
    inline = parse_binary(b"\x01\x55\x00\x02ab")
    root = shelf.store(DAG_PB, dagpb.encode([PBLink(b"a", inline, 2)], message.encode_directory()))
    assert sent(shelf, root) == [root]
    assert sent(shelf, root, ["a"]) == [root]


def test_a_link_that_cannot_be_stored_breaks_the_stream(shelf: Shelf) -> None:
    blake = parse_binary(b"\x01\x55\x1e\x20" + bytes(32))
    root = shelf.store(DAG_PB, dagpb.encode([PBLink(b"a", blake, 2)], message.encode_directory()))
    given = blocks(shelf.get, root)
    assert next(given).cid == root
    with pytest.raises(UnsupportedCid):
        next(given)
