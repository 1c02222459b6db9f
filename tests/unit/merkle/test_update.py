"""Building and updating: what is refused, what is written, how shapes grow and shrink."""

from __future__ import annotations

import pytest

from leither import limits
from leither.merkle import (
    EMPTY_MAP,
    Entry,
    KeyRefused,
    KeysUnsorted,
    MapTooDeep,
    NodeCache,
    Nodes,
    SaltRefused,
    Shape,
    Stamp,
    StampRefused,
    ValueRefused,
    build,
    count,
    diff,
    get,
    position,
    update,
)
from leither.merkle.build import Tower
from leither.merkle.node import decode
from tests.unit.merkle.memory import SALT, SMALL, Memory, built, entry, key

REFUSED: dict[str, tuple[Entry, type[Exception]]] = {
    "an empty key": (Entry(b"", Stamp(1, 1), b"\x90"), KeyRefused),
    "a key below 0x80": (Entry(b"\x01\x55\x00\x00", Stamp(1, 1), b"\x90"), KeyRefused),
    "a key that is a CIDv0": (Entry(b"\x12\x20" + bytes(32), Stamp(1, 1), b"\x90"), KeyRefused),
    "a key past the limit": (Entry(b"\x80" * (limits.MAP_KEY_BYTES_MAX + 1), Stamp(1, 1), b"\x90"), KeyRefused),
    "an empty value": (Entry(b"\x80", Stamp(1, 1), b""), ValueRefused),
    "a value below 0x80": (Entry(b"\x80", Stamp(1, 1), b"\x01\x55\x00\x00"), ValueRefused),
    "a value past the limit": (
        Entry(b"\x80", Stamp(1, 1), b"\x80" * (limits.MAP_VALUE_BYTES_MAX + 1)),
        ValueRefused,
    ),
    "a negative writer": (Entry(b"\x80", Stamp(-1, 1), b"\x90"), StampRefused),
    "a writer past 32 bits": (Entry(b"\x80", Stamp(1 << 32, 1), b"\x90"), StampRefused),
    "a negative seq": (Entry(b"\x80", Stamp(1, -1), b"\x90"), StampRefused),
    "a seq past 53 bits": (Entry(b"\x80", Stamp(1, 1 << 53), b"\x90"), StampRefused),
}


@pytest.mark.parametrize(("refused", "error"), REFUSED.values(), ids=REFUSED.keys())
def test_build_and_update_refuse_the_entry(refused: Entry, error: type[Exception]) -> None:
    memory, root = built([entry(1)], SMALL)
    with pytest.raises(error):
        build(memory.nodes(), [refused], SMALL)
    with pytest.raises(error):
        update(memory.nodes(), root, [(refused.key, refused)], SMALL)


@pytest.mark.parametrize("numbers", [[2, 1], [1, 1]], ids=["descending", "twice"])
def test_build_and_update_refuse_keys_that_do_not_ascend(numbers: list[int]) -> None:
    memory, root = built([entry(9)], SMALL)
    with pytest.raises(KeysUnsorted) as caught:
        build(memory.nodes(), map(entry, [0, *numbers]), SMALL)
    assert caught.value.key == key(1).hex()
    with pytest.raises(KeysUnsorted):
        update(memory.nodes(), root, [(key(n), None) for n in numbers], SMALL)


def test_order_is_checked_across_chunks() -> None:
    with pytest.raises(KeysUnsorted):
        build(Memory().nodes(), map(entry, [*range(4096), 7]), SMALL)


def test_deleting_under_a_refused_key_is_refused() -> None:
    memory, root = built([entry(1)], SMALL)
    with pytest.raises(KeyRefused):
        update(memory.nodes(), root, [(b"\x01", None)], SMALL)


def test_an_entry_under_another_key_is_refused() -> None:
    memory, root = built([entry(1)], SMALL)
    with pytest.raises(KeyRefused):
        update(memory.nodes(), root, [(key(1), entry(2))], SMALL)


def test_entries_at_every_limit_are_taken() -> None:
    shape = Shape(SALT)
    largest = [
        Entry(
            bytes((0x80 + n,)) * limits.MAP_KEY_BYTES_MAX,
            Stamp(limits.MAP_WRITER_MAX, limits.MAP_SEQ_MAX),
            b"\xff" * limits.MAP_VALUE_BYTES_MAX,
        )
        for n in range(12)
    ]
    memory, root = built(largest, shape)
    assert [get(memory.nodes(), root, e.key) for e in largest] == largest
    assert max(map(len, memory.blocks.values())) <= limits.MAP_LONE_BYTES_MAX


@pytest.mark.parametrize("size", [0, 15, 17])
def test_a_salt_of_another_length_is_refused(size: int) -> None:
    with pytest.raises(SaltRefused):
        Shape(bytes(size))


def test_maps_past_the_depth_limit_are_refused() -> None:
    with pytest.raises(MapTooDeep):
        Tower(Memory().nodes(), SMALL, limits.MAP_DEPTH_MAX)


def test_no_entries_make_the_empty_map_under_every_salt() -> None:
    for salt in (SALT, bytes(16)):
        assert built([], Shape(salt))[1] == EMPTY_MAP.cid


def test_another_salt_gives_another_shape() -> None:
    entries = [entry(n) for n in range(500)]
    assert built(entries, Shape(SALT))[1] != built(entries, Shape(bytes(16)))[1]


def test_changes_without_effect_keep_the_root_and_put_nothing() -> None:
    memory, root = built([entry(n) for n in range(0, 200, 2)], SMALL)
    memory.forget_counts()
    assert update(memory.nodes(), root, [(key(3), None), (key(4), entry(4))], SMALL) == root
    assert update(memory.nodes(), root, [], SMALL) == root
    assert memory.puts == []


def test_another_stamp_on_the_same_value_is_a_change() -> None:
    memory, root = built([entry(1)], SMALL)
    after = update(memory.nodes(), root, [(key(1), entry(1, stamp=(1, 2)))], SMALL)
    assert after != root


def test_deleting_everything_leaves_the_empty_map() -> None:
    memory, root = built([entry(n) for n in range(200)], SMALL)
    assert update(memory.nodes(), root, [(key(n), None) for n in range(200)], SMALL) == EMPTY_MAP.cid
    assert EMPTY_MAP.cid in memory.blocks


def test_counts_and_positions_do_not_walk_the_entries() -> None:
    memory, root = built([entry(n) for n in range(2000)], Shape(SALT))
    memory.forget_counts()
    assert count(memory.nodes(), root) == 2000
    assert len(memory.reads) == 1
    assert position(memory.nodes(), root, b"\x80") == 0
    assert count(memory.nodes(), root, start=key(500), stop=key(100)) == 0
    memory.forget_counts()
    assert count(memory.nodes(), root, start=key(100), stop=key(1900)) == 1800
    assert len(memory.reads) < 10


def test_a_scattered_change_reads_and_writes_one_path() -> None:
    memory, root = built([entry(n) for n in range(20_000)], Shape(SALT))
    assert len(memory.blocks) > 500
    memory.forget_counts()
    update(memory.nodes(), root, [(key(9_999), entry(9_999, 1))], Shape(SALT))
    assert len(set(memory.reads)) <= 4
    assert len(memory.puts) <= 4


def test_many_leaves_do_not_push_the_inner_nodes_out() -> None:
    memory, root = built([entry(n) for n in range(20_000)], Shape(SALT))
    nodes = Nodes(memory.read, memory.put, NodeCache(bytes_max=100_000))
    changes = [(key(n), entry(n, 1)) for n in range(0, 20_000, 40)]
    after = update(nodes, root, changes, Shape(SALT))
    assert sum(1 for _ in diff(nodes, root, after)) == len(changes)
    memory.forget_counts()
    update(nodes, after, [(key(n), entry(n, 2)) for n in range(0, 20_000, 40)], Shape(SALT))
    assert {decode(memory.blocks[cid]).level for cid in memory.reads} == {0}


def test_values_of_the_same_length_leave_the_shape_and_another_length_makes_it_anew() -> None:
    entries = [entry(n) for n in range(300)]
    memory, root = built(entries, SMALL)
    for value in (b"\x91\x01", b"\x91" * 150, b"\x91\x02"):
        entries[50::50] = [Entry(e.key, Stamp(2, 1), value) for e in entries[50::50]]
        root = update(memory.nodes(), root, [(e.key, e) for e in entries[50::50]], SMALL)
        assert root == built(entries, SMALL)[1]


@pytest.mark.parametrize("numbers", [[2, 1], [1, 1]], ids=["descending", "twice"])
def test_the_first_changes_of_a_map_ascend_like_all_others(numbers: list[int]) -> None:
    memory, root = built([], SMALL)
    for last in (None, entry(numbers[1])):
        with pytest.raises(KeysUnsorted):
            update(memory.nodes(), root, [(key(numbers[0]), None), (key(numbers[1]), last)], SMALL)


def test_the_first_entry_of_a_map_stands_under_its_own_key() -> None:
    memory, root = built([], SMALL)
    with pytest.raises(KeyRefused):
        update(memory.nodes(), root, [(key(1), entry(2))], SMALL)
    with pytest.raises(KeyRefused):
        update(memory.nodes(), root, [(b"\x01", None)], SMALL)
    assert update(memory.nodes(), root, [(bytes(bytearray(key(1))), entry(1))], SMALL) == built([entry(1)], SMALL)[1]


def test_a_diff_reads_only_what_differs() -> None:
    memory, root = built([entry(n) for n in range(20_000)], Shape(SALT))
    after = update(memory.nodes(), root, [(key(n), entry(n, 1)) for n in (5_000, 15_000)], Shape(SALT))
    memory.forget_counts()
    assert [change.key for change in diff(memory.nodes(), root, after)] == [key(5_000), key(15_000)]
    assert len(set(memory.reads)) <= 14


@pytest.mark.parametrize("keep_low", [True, False], ids=["from the end", "from the start"])
def test_a_map_that_shrinks_drops_levels_and_puts_no_needless_top(keep_low: bool) -> None:
    memory, root = built([entry(n) for n in range(120)], SMALL)
    for border in range(0, 121, 3):
        gone = range(border, 120) if keep_low else range(border)
        kept = range(border) if keep_low else range(border, 120)
        memory.forget_counts()
        after = update(memory.nodes(), root, [(key(n), None) for n in gone], SMALL)
        assert after == built(map(entry, kept), SMALL)[1]
        assert set(memory.puts) <= memory.reachable(after) | {EMPTY_MAP.cid}


def test_an_untouched_subtree_that_alone_stays_becomes_the_map_as_it_is() -> None:
    shape = Shape(SALT, bits=2)
    memory, root = built([entry(n) for n in range(600)], shape)
    top = decode(memory.blocks[root])
    assert top.level > 2
    for at, low in enumerate(top.keys):
        high = top.keys[at + 1] if at + 1 < len(top.keys) else b"\xff"
        gone = [(key(n), None) for n in range(600) if not low <= key(n) < high]
        memory.forget_counts()
        after = update(memory.nodes(), root, gone, shape)
        assert after == built([e for e in map(entry, range(600)) if low <= e.key < high], shape)[1]
        assert memory.puts == []
