"""The leaves of files: found below directories and files, and looked up by their CIDs."""

from __future__ import annotations

import asyncio

import pytest

from leither import unixfs
from leither.codec import RAW, Block, BlockMissing, Cid
from leither.service.file_blocks import FileBlocks
from leither.service.leaf_index import LeafIndex
from leither.service.leaves import Leaf, leaves
from leither.store import MemoryBlocks
from tests.unit.service.demand_world import MIB, noise, places


class Tree:
    """A directory with a large file, a small one, and a file in a directory below; all its blocks stored."""

    def __init__(self) -> None:
        self.blocks = MemoryBlocks()
        with self.blocks.lease() as lease:
            made: dict[tuple[str, ...], unixfs.Change] = {}
            for path, data in ((("large",), noise(3 * MIB)), (("small",), b"small"), (("d", "deep"), b"deep")):
                builder = unixfs.FileBuilder(lease.put)
                builder.write(data)
                made[path] = builder.finish()
            large = made[("large",)]
            assert isinstance(large, unixfs.Link)
            self.large = large.cid
            self.root = unixfs.update_tree(self.blocks.get, lease.put, None, made).cid

    def lose(self, *cids: Cid) -> None:
        for cid in cids:
            del self.blocks._blocks[cid.digest]


def test_every_leaf_is_found_with_its_length_and_the_node_above_it() -> None:
    tree = Tree()
    found = list(leaves(tree.blocks.get, [tree.root]))
    assert sorted((leaf.size_bytes or 0) for leaf in found) == [4, 5, MIB, MIB, MIB]
    assert all(tree.blocks.size_bytes(leaf.cid) == leaf.size_bytes for leaf in found)
    assert [leaf.above for leaf in found].count(tree.large) == 3


def test_leaves_need_not_be_here_to_be_found() -> None:
    tree = Tree()
    before = list(leaves(tree.blocks.get, [tree.root]))
    tree.lose(*(leaf.cid for leaf in before))
    assert list(leaves(tree.blocks.get, [tree.root])) == before


def test_a_root_that_is_a_leaf_is_found_and_has_nothing_above_it() -> None:
    leaf = Cid.of(RAW, b"alone")
    assert list(leaves(MemoryBlocks().get, [leaf])) == [Leaf(leaf, None, None)]
    index = LeafIndex(MemoryBlocks().get, [leaf])
    assert leaf in index
    assert index.above(leaf) is None


def test_an_index_knows_its_leaves_and_no_others() -> None:
    tree = Tree()
    index = LeafIndex(tree.blocks.get, [tree.root])
    found = list(leaves(tree.blocks.get, [tree.root]))
    assert len(index) == 5
    assert all(leaf.cid in index and index.above(leaf.cid) == leaf.above for leaf in found)
    for number in range(100):
        assert Cid.of(RAW, b"%d" % number) not in index


def test_an_empty_index_knows_nothing() -> None:
    index = LeafIndex(MemoryBlocks().get, [])
    assert Cid.of(RAW, b"") not in index


def test_an_event_loop_waits_for_no_other_node() -> None:
    with places("desk", "phone", persons={"phone": "bob"}) as (desk, phone):
        mimei = desk.make({"small": b"hello"})
        phone.follow(mimei, desk)
        cid = phone.root(mimei, "small")

        async def fetch() -> bytes:
            return phone.engines.file_blocks.fetch(cid)

        with pytest.raises(BlockMissing):
            asyncio.run(fetch())
        assert phone.engines.file_blocks.fetch(cid) == b"hello"
        assert asyncio.run(fetch()) == b"hello"


def test_what_is_of_no_file_on_demand_is_missing() -> None:
    stray = Cid.of(RAW, b"stray")
    with pytest.raises(BlockMissing):
        FileBlocks(MemoryBlocks()).fetch(stray)
    with places("desk", "phone", persons={"phone": "bob"}) as (desk, phone):
        mimei = desk.make({"small": b"hello"})
        phone.follow(mimei, desk)
        with desk.blocks.lease() as lease:
            lease.put(Block(stray, b"stray"))
        with pytest.raises(BlockMissing):
            phone.engines.file_blocks.fetch(stray)
