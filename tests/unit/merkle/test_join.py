"""Joining tips: single cases by name, and what a join costs. The laws: tests/property/test_join.py."""

from __future__ import annotations

import pytest

from leither import limits
from leither.merkle import (
    EMPTY_MAP,
    Entry,
    NothingToJoin,
    Shape,
    SiblingMalformed,
    Stamp,
    Tip,
    build,
    conflicts,
    get,
    join,
    resolve,
    scan,
    siblings,
    update,
)
from leither.merkle.siblings import unwrap, wrap
from tests.unit.merkle.memory import SALT, SMALL, Memory, entry, key


def tip(memory: Memory, *entries: Entry, seen: dict[int, int]) -> Tip:
    return Tip(build(memory.nodes(), sorted(entries), SMALL), None, seen)


def test_two_values_for_one_key_are_both_kept_and_the_lowest_writer_s_shows() -> None:
    memory = Memory()
    mine = entry(1, 1, (1, 1))
    yours = entry(1, 2, (2, 1))
    both = join(memory.nodes(), [tip(memory, yours, seen={2: 1}), tip(memory, mine, seen={1: 1})], SMALL)
    assert get(memory.nodes(), both.root, key(1)) == mine
    assert siblings(memory.nodes(), both.siblings, key(1)) == [yours]
    assert both.seen == {1: 1, 2: 1}


def test_an_entry_that_a_tip_has_seen_and_no_longer_holds_is_gone() -> None:
    memory = Memory()
    held = tip(memory, entry(1, 0, (1, 1)), seen={1: 1})
    deleted = tip(memory, seen={1: 1, 2: 1})
    assert join(memory.nodes(), [held, deleted], SMALL).root == EMPTY_MAP.cid


def test_an_edit_beats_a_delete_that_has_not_seen_it() -> None:
    memory = Memory()
    edited = tip(memory, entry(1, 7, (1, 2)), seen={1: 2})
    deleted = tip(memory, seen={1: 1, 2: 1})
    both = join(memory.nodes(), [edited, deleted], SMALL)
    assert list(scan(memory.nodes(), both.root)) == [entry(1, 7, (1, 2))]


def test_a_later_write_that_has_seen_the_siblings_replaces_them() -> None:
    memory = Memory()
    nodes = memory.nodes()
    both = join(
        nodes,
        [tip(memory, entry(1, 1, (1, 1)), seen={1: 1}), tip(memory, entry(1, 2, (2, 1)), seen={2: 1})],
        SMALL,
    )
    chosen = entry(1, 3, (2, 2))
    settled = Tip(
        update(nodes, both.root, [(key(1), chosen)], SMALL),
        resolve(nodes, both.siblings, [key(1)], SMALL),
        {**both.seen, 2: 2},
    )
    again = join(nodes, [both, settled], SMALL)
    assert list(scan(nodes, again.root)) == [chosen]
    assert again.siblings is None


def test_a_sibling_shows_once_the_entry_above_it_is_overwritten_elsewhere() -> None:
    memory = Memory()
    nodes = memory.nodes()
    low, high = entry(1, 1, (1, 1)), entry(1, 2, (2, 1))
    both = join(nodes, [tip(memory, low, seen={1: 1}), tip(memory, high, seen={2: 1})], SMALL)
    deleted = tip(memory, seen={1: 2})
    after = join(nodes, [both, deleted], SMALL)
    assert list(scan(nodes, after.root)) == [high]
    assert after.siblings is None


def test_the_join_of_one_tip_is_that_tip() -> None:
    memory = Memory()
    only = tip(memory, entry(1), entry(2), seen={1: 1})
    assert join(memory.nodes(), [only], SMALL) == only


def test_a_join_of_nothing_is_refused() -> None:
    with pytest.raises(NothingToJoin):
        join(Memory().nodes(), [], SMALL)


def test_many_siblings_of_the_largest_size_still_join() -> None:
    memory = Memory()
    name = b"\x80" * limits.MAP_KEY_BYTES_MAX
    large = [Entry(name, Stamp(w, 1), b"\x90" * limits.MAP_VALUE_BYTES_MAX) for w in range(1, 21)]
    tips = [Tip(build(memory.nodes(), [e], Shape(SALT)), None, {e.stamp.writer: 1}) for e in large]
    both = join(memory.nodes(), tips, Shape(SALT))
    assert get(memory.nodes(), both.root, name) == large[0]
    assert list(conflicts(memory.nodes(), both.siblings)) == large[1:]


def test_a_join_reads_only_what_differs() -> None:
    memory = Memory()
    shape = Shape(SALT)
    base = build(memory.nodes(), [entry(n) for n in range(20_000)], shape)
    one = Tip(update(memory.nodes(), base, [(key(5), entry(5, 1, (1, 2)))], shape), None, {1: 2})
    two = Tip(update(memory.nodes(), base, [(key(9_000), entry(9_000, 2, (2, 1)))], shape), None, {1: 1, 2: 1})
    memory.forget_counts()
    both = join(memory.nodes(), [one, two], shape)
    assert len(set(memory.reads)) <= 16
    assert len(memory.puts) <= 6
    assert get(memory.nodes(), both.root, key(5)) == entry(5, 1, (1, 2))
    assert get(memory.nodes(), both.root, key(9_000)) == entry(9_000, 2, (2, 1))


def test_siblings_of_one_key_are_not_those_of_a_key_that_begins_with_it() -> None:
    memory = Memory()
    short, long = Entry(b"\x80", Stamp(2, 1), b"\x90"), Entry(b"\x80" + bytes(12), Stamp(2, 1), b"\x91")
    root = build(memory.nodes(), sorted(map(wrap, [short, long])), SMALL)
    assert siblings(memory.nodes(), root, b"\x80") == [short]
    assert siblings(memory.nodes(), root, long.key) == [long]


def test_without_a_siblings_map_there_are_no_siblings() -> None:
    memory = Memory()
    assert siblings(memory.nodes(), None, key(1)) == []
    assert list(conflicts(memory.nodes(), None)) == []
    assert resolve(memory.nodes(), None, [key(1)], SMALL) is None


@pytest.mark.parametrize(
    "name",
    [
        b"\x80",
        b"\x81" + wrap(entry(1)).key[1:],
        wrap(entry(1)).key + b"\0",
        wrap(entry(1)).key[:-1] + b"\x09",
        b"\x80" + (1 << 20).to_bytes(3) + wrap(entry(1)).key[4:],
    ],
    ids=["too short", "another type", "too long", "another stamp", "another length"],
)
def test_a_sibling_under_a_key_that_is_not_its_own_is_refused(name: bytes) -> None:
    with pytest.raises(SiblingMalformed):
        unwrap(Entry(name, Stamp(1, 1), b"\x90"))
