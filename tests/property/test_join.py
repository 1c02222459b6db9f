"""Laws of the join, against sets of stamped entries and for arbitrary histories of several writers."""

from __future__ import annotations

from itertools import permutations
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from leither.codec import Cid
from leither.merkle import (
    EMPTY_MAP,
    Entry,
    Stamp,
    Tip,
    build,
    check,
    conflicts,
    join,
    resolve,
    scan,
    siblings,
    update,
)
from leither.merkle.siblings import rearrange, wrap
from tests.unit.merkle.memory import SMALL, Memory, key

WRITERS = 4


class Model(NamedTuple):
    """What a tip holds and has seen, as sets."""

    held: frozenset[Entry]
    seen: dict[int, int]


def joined(models: list[Model]) -> Model:
    """The join as its definition reads."""
    every = frozenset[Entry]().union(*(model.held for model in models))
    kept = frozenset(
        e for e in every if all(e in m.held or m.seen.get(e.stamp.writer, 0) < e.stamp.seq for m in models)
    )
    writers = {writer for model in models for writer in model.seen}
    return Model(kept, {writer: max(model.seen.get(writer, 0) for model in models) for writer in writers})


class Replica:
    """One writer's state, kept both as maps and as a model."""

    def __init__(self, writer: int) -> None:
        self.writer = writer
        self.seq = 0
        self.tip = Tip(EMPTY_MAP.cid, None, {})
        self.model = Model(frozenset(), {})

    def write(self, memory: Memory, changes: dict[int, int | None]) -> None:
        """Make a version that sets each number to a value, or deletes it."""
        self.seq += 1
        stamp = Stamp(self.writer, self.seq)
        made = {key(n): None if v is None else Entry(key(n), stamp, bytes((0x90, v))) for n, v in changes.items()}
        seen = {**self.tip.seen, self.writer: self.seq}
        nodes = memory.nodes()
        self.tip = Tip(
            update(nodes, self.tip.root, sorted(made.items()), SMALL),
            resolve(nodes, self.tip.siblings, made, SMALL),
            seen,
        )
        kept = {e for e in self.model.held if e.key not in made}
        self.model = Model(frozenset(kept | {e for e in made.values() if e}), seen)

    def merge(self, memory: Memory, others: list[Replica]) -> None:
        self.tip = join(memory.nodes(), [self.tip, *(other.tip for other in others)], SMALL)
        self.model = joined([self.model, *(other.model for other in others)])

    def start_over_from(self, other: Replica, writer: int) -> None:
        """Drop this replica's own work, as when its writer is cut, and go on as a new writer."""
        self.writer, self.seq, self.tip, self.model = writer, 0, other.tip, other.model


def sweep(memory: Memory, replicas: list[Replica]) -> None:
    """Delete every node that no tip reaches: old versions are gone."""
    alive = memory.reachable(*(r.tip.root for r in replicas), *(r.tip.siblings for r in replicas))
    for cid in memory.blocks.keys() - alive:
        del memory.blocks[cid]


def agree(memory: Memory, tip: Tip, model: Model) -> None:
    """Check a tip against a model: the lowest stamp shows, the others are siblings."""
    shown: dict[bytes, Entry] = {}
    for entry in sorted(model.held, key=lambda e: (e.key, e.stamp)):
        shown.setdefault(entry.key, entry)
    assert list(scan(memory.nodes(), tip.root)) == [shown[name] for name in sorted(shown)]
    beside = model.held - set(shown.values())
    assert set(conflicts(memory.nodes(), tip.siblings)) == beside
    for entry in beside:
        assert entry in siblings(memory.nodes(), tip.siblings, entry.key)
    assert tip.seen == model.seen
    assert (tip.siblings is None) == (not beside)


replica_numbers = st.integers(0, WRITERS - 1)
writes = st.tuples(
    st.just("write"),
    replica_numbers,
    st.dictionaries(st.integers(0, 9), st.one_of(st.none(), st.integers(0, 3)), min_size=1, max_size=4),
)
merges = st.tuples(st.just("merge"), replica_numbers, st.sets(replica_numbers, min_size=1))
cuts = st.tuples(st.just("cut"), replica_numbers, replica_numbers)
histories = st.lists(st.one_of(writes, writes, merges, cuts), min_size=4, max_size=40)


def play(history: list[tuple[str, int, object]]) -> tuple[Memory, list[Replica]]:
    memory = Memory()
    replicas = [Replica(number) for number in range(WRITERS)]
    fresh = WRITERS
    for step in history:
        match step:
            case ("write", number, dict() as changes):
                replicas[number].write(memory, changes)
            case ("merge", number, set() as others):
                replicas[number].merge(memory, [replicas[other] for other in sorted(others)])
            case ("cut", number, int() as other) if number != other:
                replicas[number].start_over_from(replicas[other], fresh)
                fresh += 1
        sweep(memory, replicas)
    return memory, replicas


@given(histories)
def test_maps_hold_what_the_sets_hold_after_any_history(history: list[tuple[str, int, object]]) -> None:
    memory, replicas = play(history)
    for replica in replicas:
        agree(memory, replica.tip, replica.model)
    tips = [replica.tip for replica in replicas]
    agree(memory, join(memory.nodes(), tips, SMALL), joined([replica.model for replica in replicas]))


@given(histories)
def test_the_join_is_the_same_bytes_in_every_order_and_grouping(history: list[tuple[str, int, object]]) -> None:
    memory, replicas = play(history)
    tips = [replica.tip for replica in replicas]
    whole = join(memory.nodes(), tips, SMALL)
    nodes = memory.nodes()
    for a, b, c, d in permutations(tips):
        assert join(nodes, [a, b, c, d], SMALL) == whole
        assert join(nodes, [join(nodes, [join(nodes, [a, b], SMALL), c], SMALL), d], SMALL) == whole
        assert join(nodes, [join(nodes, [a, b], SMALL), join(nodes, [c, d], SMALL)], SMALL) == whole
    assert join(nodes, [whole, *tips, whole], SMALL) == whole


@given(histories)
def test_joined_maps_are_canonical(history: list[tuple[str, int, object]]) -> None:
    memory, replicas = play(history)
    tip = join(memory.nodes(), [replica.tip for replica in replicas], SMALL)
    check(memory.nodes(), tip.root, SMALL)
    if tip.siblings is not None:
        check(memory.nodes(), tip.siblings, SMALL)


@given(histories, st.permutations(range(WRITERS)))
def test_replicas_that_exchange_all_tips_end_up_equal(history: list[tuple[str, int, object]], order: list[int]) -> None:
    memory, replicas = play(history)
    for _ in range(2):
        for number in order:
            replicas[number].merge(memory, [replicas[(number + 1) % WRITERS], replicas[(number + 2) % WRITERS]])
    for number in order:
        replicas[number].merge(memory, replicas)
    assert len({(r.tip.root, r.tip.siblings) for r in replicas}) == 1


odd_entries = st.builds(
    lambda number, writer, seq, value: Entry(key(number), Stamp(writer, seq), bytes((0x90, value))),
    st.integers(0, 3),
    st.integers(0, 2),
    st.integers(1, 3),
    st.integers(0, 1),
)
odd_tips = st.tuples(
    st.lists(odd_entries, max_size=8, unique_by=lambda e: (e.key, e.stamp)),
    st.dictionaries(st.integers(0, 2), st.integers(0, 3)),
)


def arranged(memory: Memory, entries: list[Entry], seen: dict[int, int]) -> Tip:
    """A tip that holds `entries`, whatever it claims to have seen."""
    shown: dict[bytes, Entry] = {}
    beside: dict[bytes, Entry | None] = {}
    for entry in sorted(entries):
        if entry.key in shown:
            beside[wrap(entry).key] = wrap(entry)
        else:
            shown[entry.key] = entry
    root: Cid = build(memory.nodes(), shown.values(), SMALL)
    return Tip(root, rearrange(memory.nodes(), None, beside, SMALL), seen)


@given(st.lists(odd_tips, min_size=3, max_size=3))
def test_even_tips_no_honest_history_makes_join_alike_in_every_order(
    drawn: list[tuple[list[Entry], dict[int, int]]],
) -> None:
    memory = Memory()
    nodes = memory.nodes()
    tips = [arranged(memory, entries, seen) for entries, seen in drawn]
    whole = join(nodes, tips, SMALL)
    for a, b, c in permutations(tips):
        assert join(nodes, [a, b, c], SMALL) == whole
        assert join(nodes, [join(nodes, [a, b], SMALL), c], SMALL) == whole
        assert join(nodes, [a, join(nodes, [b, c], SMALL)], SMALL) == whole
