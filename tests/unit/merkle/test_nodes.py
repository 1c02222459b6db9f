"""Access to nodes and the cache of decoded ones."""

from __future__ import annotations

import pytest

from leither.codec import Cid
from leither.codec.cid import DAG_CBOR
from leither.merkle import EMPTY_MAP, Node, NodeCache, NodeMalformed, Nodes, get, scan
from leither.merkle.node import encode
from tests.unit.merkle.memory import SMALL, Memory, built, entry, key


def leaf(*numbers: int) -> Node:
    found = [entry(number) for number in numbers]
    return Node.of(0, ([e.key for e in found], [1] * len(found), [1] * len(found), [e.value for e in found]))


def test_a_node_is_read_once_and_then_comes_from_the_cache() -> None:
    memory, root = built([entry(n) for n in range(200)], SMALL)
    nodes = memory.nodes()
    get(nodes, root, key(77))
    memory.forget_counts()
    assert get(nodes, root, key(77)) == entry(77)
    assert memory.reads == []


def test_the_empty_map_needs_no_block() -> None:
    assert Memory().nodes().get(EMPTY_MAP.cid).keys == []


def test_a_cache_lets_go_of_what_was_used_longest_ago() -> None:
    cache = NodeCache(bytes_max=100)
    names = [Cid.of(DAG_CBOR, bytes((n,))) for n in range(3)]
    cache.add(names[0], leaf(0), 40)
    cache.add(names[1], leaf(1), 40)
    cache.get(names[0])
    cache.add(names[2], leaf(2), 40)
    assert [cache.get(name) is not None for name in names] == [True, False, True]
    assert cache.size_bytes == 80


def test_a_cache_counts_a_node_that_is_added_twice_once() -> None:
    cache = NodeCache()
    for _ in range(2):
        cache.add(EMPTY_MAP.cid, leaf(1), 40)
    assert cache.size_bytes == 40


def test_a_cache_without_room_still_serves() -> None:
    memory, root = built([entry(n) for n in range(200)], SMALL)
    nodes = Nodes(memory.read, memory.put, NodeCache(bytes_max=0))
    assert list(scan(nodes, root)) == [entry(n) for n in range(200)]


def over(first: Node, second: Node, **promised: list[object]) -> tuple[Memory, Cid]:
    """A root over two leaves, which promises what the leaves are unless told otherwise."""
    memory = Memory()
    blocks = [encode(first), encode(second)]
    columns: dict[str, list[object]] = {
        "keys": [first.keys[0], second.keys[0]],
        "links": [block.cid for block in blocks],
        "counts": [first.total, second.total],
    }
    root = encode(Node.of(1, tuple({**columns, **promised}.values())))
    for block in (*blocks, root):
        memory.put(block)
    return memory, root.cid


def test_a_root_that_tells_the_truth_is_read() -> None:
    memory, root = over(leaf(1, 2), leaf(3, 4))
    assert [e.key for e in scan(memory.nodes(), root)] == [key(n) for n in (1, 2, 3, 4)]


def test_a_child_with_another_first_key_is_refused() -> None:
    memory, root = over(leaf(1, 2), leaf(3, 4), keys=[key(0), key(3)])
    with pytest.raises(NodeMalformed, match="not the one its parent promises"):
        get(memory.nodes(), root, key(1))


def test_a_child_with_another_count_is_refused() -> None:
    memory, root = over(leaf(1, 2), leaf(3, 4), counts=[2, 3])
    with pytest.raises(NodeMalformed, match="not the one its parent promises"):
        get(memory.nodes(), root, key(3))


def test_a_child_that_reaches_into_the_next_one_is_refused() -> None:
    memory, root = over(leaf(1, 5), leaf(3, 4))
    with pytest.raises(NodeMalformed, match="not the one its parent promises"):
        get(memory.nodes(), root, key(1))


def test_a_last_child_that_reaches_past_its_parent_is_refused() -> None:
    memory, lower = over(leaf(1, 2), leaf(3, 9))
    other, upper = over(leaf(7), leaf(8))
    memory.blocks |= other.blocks
    root = encode(Node.of(2, ([key(1), key(7)], [lower, upper], [4, 2])))
    memory.put(root)
    with pytest.raises(NodeMalformed, match="not the one its parent promises"):
        list(scan(memory.nodes(), root.cid))


def test_a_child_of_another_level_is_refused() -> None:
    memory, root = over(leaf(1, 2), leaf(3, 4))
    top = encode(Node.of(3, ([key(1)], [root], [4])))
    memory.put(top)
    with pytest.raises(NodeMalformed, match="not the one its parent promises"):
        get(memory.nodes(), top.cid, key(1))
