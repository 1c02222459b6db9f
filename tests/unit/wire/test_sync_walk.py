"""Walking down to what is lacking: order, what is passed over, what is never stored."""

from __future__ import annotations

import random

import pytest

from leither import limits
from leither.codec import DAG_CBOR, RAW, Block, Cid, dagcbor
from leither.wire.sync_walk import BadAnswer, Sought, Walk, plain


class Store:
    """Stores blocks, and sees that what lies below was stored before."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, bytes] = {}

    def put(self, block: Block) -> None:
        assert block.cid not in self.blocks
        assert all(sought.cid in self.blocks for sought in plain(block))
        self.blocks[block.cid] = block.data

    def walk(self, *roots: Block) -> Walk:
        walk = Walk(has=self.blocks.__contains__, put=self.put)
        walk.add(Sought(root.cid, plain) for root in roots)
        return walk


def leaf(number: int) -> Block:
    return Block.of(RAW, b"%d" % number)


def node(*children: Block) -> Block:
    return Block.of(DAG_CBOR, dagcbor.encode([child.cid for child in children]))


def everything(walk: Walk, held: dict[Cid, Block]) -> int:
    """Go on until nothing is wanted; return how many blocks were asked for."""
    asked = 0
    while batch := walk.next_batch():
        asked += len(batch)
        for cid in batch:
            if cid in held:
                walk.receive(held[cid])
            else:
                walk.lack(cid)
    return asked


def dag(seed: int) -> tuple[Block, dict[Cid, Block]]:
    """A tree of a few hundred blocks in which some stand at several places."""
    chance = random.Random(seed)
    blocks = [leaf(number) for number in range(100)]
    for _ in range(200):
        blocks.append(node(*(chance.choice(blocks) for _ in range(chance.randrange(6)))))
    return blocks[-1], {block.cid: block for block in blocks}


@pytest.mark.parametrize("seed", range(20))
def test_each_block_is_asked_for_once_and_stored_after_those_below(seed: int) -> None:
    root, held = dag(seed)
    store = Store()
    assert everything(store.walk(root), held) == len(store.blocks)
    assert root.cid in store.blocks


@pytest.mark.parametrize("seed", range(20))
def test_a_walk_that_broke_off_is_gone_on_with(seed: int) -> None:
    root, held = dag(seed)
    whole, store = Store(), Store()
    everything(whole.walk(root), held)
    first = store.walk(root)
    for _ in range(3):
        for cid in first.next_batch():
            first.receive(held[cid])
    before = len(store.blocks)
    assert everything(store.walk(root), held) <= len(whole.blocks) - before
    assert store.blocks == whole.blocks


def test_above_what_is_lacking_nothing_is_stored() -> None:
    top = node(node(leaf(1)), node(leaf(2)))
    held = {block.cid: block for block in (top, node(leaf(1)), node(leaf(2)), leaf(2))}
    store = Store()
    walk = store.walk(top)
    everything(walk, held)
    assert walk.lacking == [leaf(1).cid]
    assert store.blocks.keys() == {node(leaf(2)).cid, leaf(2).cid}


def test_what_was_put_off_is_asked_for_again() -> None:
    store = Store()
    walk = store.walk(leaf(1), leaf(2))
    batch = walk.next_batch()
    walk.put_off(batch)
    assert sorted(walk.next_batch()) == sorted(batch)


def test_the_places_that_are_remembered_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "SYNC_PENDING_MAX", 10)
    leaves = [leaf(number) for number in range(400)]
    middle = [node(*leaves[start : start + 20]) for start in range(0, 400, 20)]
    root = node(*middle)
    store = Store()
    assert everything(store.walk(root), {block.cid: block for block in (*leaves, *middle, root)}) == 421
    assert len(store.blocks) == 421


def test_a_block_that_does_not_read_ends_the_walk() -> None:
    broken = Block.of(DAG_CBOR, b"\xff\xd8\x2a\x40\x00")
    walk = Store().walk(broken)
    walk.next_batch()
    with pytest.raises(BadAnswer):
        walk.receive(broken)
