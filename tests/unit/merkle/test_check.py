"""Checking foreign maps: each way of departing from the canonical nodes is found."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leither import limits
from leither.codec import Block, Cid
from leither.codec.cid import DAG_CBOR
from leither.merkle import Entry, MapNotCanonical, NodeMalformed, Shape, Stamp, build, check, update
from leither.merkle.node import Node, encode
from tests.unit.merkle.memory import SALT, SMALL, Memory, built, entry, key


def test_a_sound_map_passes() -> None:
    memory, root = built([entry(n) for n in range(200)], SMALL)
    check(memory.nodes(), root, SMALL)


def test_a_map_of_another_salt_is_refused() -> None:
    memory, root = built([entry(n) for n in range(200)], SMALL)
    with pytest.raises(MapNotCanonical) as caught:
        check(memory.nodes(), root, Shape(bytes(16), bits=2, entries_max=4, weight_max=400))
    assert caught.value.root == root.text


def leaf(*numbers: int) -> Node:
    return Node.of(0, ([key(n) for n in numbers], [1] * len(numbers), [1] * len(numbers), [b"\x90\x00"] * len(numbers)))


def over(memory: Memory, *lower: Node) -> Node:
    for node in lower:
        memory.put(encode(node))
    return Node.of(
        lower[0].level + 1,
        ([node.keys[0] for node in lower], [encode(node).cid for node in lower], [node.total for node in lower]),
    )


def natural(shape: Shape) -> int:
    return next(n for n in range(1000) if shape.is_natural(0, key(n)) and n > 10)


DEPARTURES: dict[str, Callable[[Memory], Node]] = {
    "a split where no boundary is": lambda memory: over(memory, leaf(1), leaf(2)),
    "no split at a boundary": lambda memory: leaf(1, natural(Shape(SALT))),
    "an inner node over one leaf": lambda memory: over(memory, leaf(1, 2)),
    "a needless level": lambda memory: over(memory, over(memory, leaf(1, 2))),
}


@pytest.mark.parametrize("make", DEPARTURES.values(), ids=DEPARTURES.keys())
def test_other_boundaries_are_refused(make: Callable[[Memory], Node]) -> None:
    memory = Memory()
    root = encode(make(memory))
    memory.put(root)
    base = build(memory.nodes(), [entry(5)], Shape(SALT))
    with pytest.raises(MapNotCanonical):
        check(memory.nodes(), root.cid, Shape(SALT))
    with pytest.raises(MapNotCanonical):
        check(memory.nodes(), root.cid, Shape(SALT), base=base)


def test_overlong_numbers_are_refused() -> None:
    memory, root = built([entry(1)], SMALL)
    data = memory.blocks[root].replace(b"\x85\x00", b"\x85\x18\x00")
    foreign = Cid.of(DAG_CBOR, data)
    memory.put(Block(foreign, data))
    with pytest.raises((MapNotCanonical, NodeMalformed)):
        check(memory.nodes(), foreign, SMALL)


def test_plain_byte_strings_for_links_are_refused() -> None:
    memory, root = built([entry(n) for n in range(50)], SMALL)
    data = memory.blocks[root].replace(b"\xd8\x2a\x58\x25\x00", b"\x58\x24")
    foreign = Cid.of(DAG_CBOR, data)
    memory.put(Block(foreign, data))
    with pytest.raises(MapNotCanonical):
        check(memory.nodes(), foreign, SMALL)
    with pytest.raises(MapNotCanonical):
        check(memory.nodes(), foreign, SMALL, base=root)


def test_a_key_past_the_bound_of_the_map_is_refused() -> None:
    long = Entry(b"\x80" * limits.MAP_SIBLING_KEY_BYTES_MAX, Stamp(1, 1), b"\x90")
    memory = Memory()
    root = build(memory.nodes(), [long], SMALL, key_bytes_max=limits.MAP_SIBLING_KEY_BYTES_MAX)
    check(memory.nodes(), root, SMALL, key_bytes_max=limits.MAP_SIBLING_KEY_BYTES_MAX)
    with pytest.raises(MapNotCanonical, match="map key"):
        check(memory.nodes(), root, SMALL)


def test_a_check_on_a_checked_base_reads_only_what_differs() -> None:
    shape = Shape(SALT)
    memory, base = built([entry(n) for n in range(20_000)], shape)
    root = update(memory.nodes(), base, [(key(777), None)], shape)
    memory.forget_counts()
    check(memory.nodes(), root, shape, base=base)
    assert len(set(memory.reads)) <= 8
    assert memory.puts == []
