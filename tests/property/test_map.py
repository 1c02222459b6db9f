"""Laws of the ordered map, against a dict and its sorted keys."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leither.codec import Block, Cid
from leither.merkle import (
    EMPTY_MAP,
    Change,
    Entry,
    NodeCache,
    Nodes,
    Shape,
    Stamp,
    build,
    check,
    children,
    count,
    diff,
    first,
    get,
    last,
    prove,
    scan,
    update,
    verify,
)
from tests.unit.merkle.memory import Memory, built, key

shapes = st.builds(
    Shape,
    st.binary(min_size=16, max_size=16),
    bits=st.sampled_from([1, 2, 3, 5, 9]),
    entries_max=st.sampled_from([3, 4, 5, 9]),
    weight_max=st.sampled_from([400, 900, 1 << 19]),
)
numbers = st.integers(0, 60)
values = st.sampled_from([b"\x90", b"\x90" * 30, b"\x91" * 120])
stamps = st.builds(Stamp, st.integers(0, 3), st.integers(0, 3))
written = st.one_of(st.none(), st.tuples(stamps, values))
batches = st.dictionaries(numbers, written, max_size=40)
histories = st.lists(batches, min_size=1, max_size=8)

Model = dict[bytes, Entry]


def changes_of(batch: dict[int, tuple[Stamp, bytes] | None]) -> list[tuple[bytes, Entry | None]]:
    made = ((key(number), change) for number, change in sorted(batch.items()))
    return [(name, None if change is None else Entry(name, *change)) for name, change in made]


def applied(model: Model, changes: list[tuple[bytes, Entry | None]]) -> Model:
    after = dict(model)
    for name, change in changes:
        if change is None:
            after.pop(name, None)
        else:
            after[name] = change
    return after


def listed(model: Model) -> list[Entry]:
    return [model[name] for name in sorted(model)]


def run(history: list[dict[int, tuple[Stamp, bytes] | None]], shape: Shape) -> tuple[Memory, list[tuple[Cid, Model]]]:
    """Apply a history; return each state's root and model, the empty map first."""
    memory = Memory()
    model: Model = {}
    root = build(memory.nodes(), [], shape)
    states = [(root, model)]
    for batch in history:
        changes = changes_of(batch)
        model = applied(model, changes)
        root = update(memory.nodes(), root, changes, shape)
        states.append((root, model))
    return memory, states


@given(histories, shapes)
def test_a_history_of_updates_gives_the_root_of_a_build_from_scratch(
    history: list[dict[int, tuple[Stamp, bytes] | None]], shape: Shape
) -> None:
    _, states = run(history, shape)
    for root, model in states:
        assert built(listed(model), shape)[1] == root


@given(histories, shapes)
def test_an_update_puts_exactly_the_nodes_that_are_new(
    history: list[dict[int, tuple[Stamp, bytes] | None]], shape: Shape
) -> None:
    memory = Memory()
    root = build(memory.nodes(), [], shape)
    for batch in history:
        before = memory.reachable(root)
        memory.forget_counts()
        root = update(memory.nodes(), root, changes_of(batch), shape)
        after = memory.reachable(root)
        assert len(set(memory.puts)) == len(memory.puts)
        assert before.isdisjoint(memory.puts)
        assert set(memory.puts) <= after | {root}
        assert after - before <= set(memory.puts)


@given(histories, shapes, st.frozensets(numbers))
def test_a_value_that_is_there_keeps_its_stamp_unless_it_is_renewed(
    history: list[dict[int, tuple[Stamp, bytes] | None]], shape: Shape, numbers: frozenset[int]
) -> None:
    memory, renewed = Memory(), {key(number) for number in numbers}
    root = build(memory.nodes(), [], shape)
    model: Model = {}
    for batch in history:
        changes = changes_of(batch)
        root = update(memory.nodes(), root, changes, shape, renewed=renewed)
        for name, entry in changes:
            held = model.get(name)
            if entry is None:
                model.pop(name, None)
            elif held is None or held.value != entry.value or name in renewed:
                model[name] = entry
        assert built(listed(model), shape)[1] == root


@given(st.permutations(range(24)), st.permutations(range(24)), shapes)
def test_the_order_of_single_changes_does_not_show(one: list[int], other: list[int], shape: Shape) -> None:
    roots = []
    for order in (one, other):
        history: list[dict[int, tuple[Stamp, bytes] | None]] = [{n: (Stamp(1, 1), b"\x90")} for n in order]
        _, states = run(history, shape)
        roots.append(states[-1][0])
    assert roots[0] == roots[1]


@given(batches, shapes, st.one_of(st.none(), numbers), st.one_of(st.none(), numbers))
def test_a_scan_gives_what_the_model_has_in_the_range(
    batch: dict[int, tuple[Stamp, bytes] | None], shape: Shape, low: int | None, high: int | None
) -> None:
    memory, states = run([batch], shape)
    root, model = states[-1]
    start = None if low is None else key(low)
    stop = None if high is None else key(high)
    expected = [e for e in listed(model) if (start is None or e.key >= start) and (stop is None or e.key < stop)]
    assert list(scan(memory.nodes(), root, start=start, stop=stop)) == expected
    assert list(scan(memory.nodes(), root, start=start, stop=stop, reverse=True)) == expected[::-1]
    assert count(memory.nodes(), root, start=start, stop=stop) == len(expected)


@given(batches, shapes)
def test_reads_agree_with_the_model(batch: dict[int, tuple[Stamp, bytes] | None], shape: Shape) -> None:
    memory, states = run([batch], shape)
    root, model = states[-1]
    entries = listed(model)
    assert [get(memory.nodes(), root, key(n)) for n in range(61)] == [model.get(key(n)) for n in range(61)]
    assert first(memory.nodes(), root) == (entries[0] if entries else None)
    assert last(memory.nodes(), root) == (entries[-1] if entries else None)


@given(histories, shapes, shapes)
def test_a_diff_gives_what_the_models_differ_in(
    history: list[dict[int, tuple[Stamp, bytes] | None]], shape: Shape, another: Shape
) -> None:
    memory, states = run(history, shape)
    root, model = states[-1]
    for before_root, before in states:
        names = sorted(before.keys() | model.keys())
        expected = [Change(n, before.get(n), model.get(n)) for n in names if before.get(n) != model.get(n)]
        assert list(diff(memory.nodes(), before_root, root)) == expected
        foreign = build(memory.nodes(), listed(before), another)
        assert list(diff(memory.nodes(), foreign, root)) == expected


@given(batches, shapes, numbers)
def test_a_proof_shows_presence_and_absence(
    batch: dict[int, tuple[Stamp, bytes] | None], shape: Shape, number: int
) -> None:
    memory, states = run([batch], shape)
    root, model = states[-1]
    proof = prove(memory.nodes(), root, key(number))
    assert verify(root, key(number), proof) == model.get(key(number))


@given(histories, shapes)
def test_a_map_made_by_updates_passes_the_check_from_scratch_and_from_every_earlier_state(
    history: list[dict[int, tuple[Stamp, bytes] | None]], shape: Shape
) -> None:
    memory, states = run(history, shape)
    root = states[-1][0]
    memory.forget_counts()
    check(memory.nodes(), root, shape)
    for base, _ in states:
        check(memory.nodes(), root, shape, base=base)
    assert memory.puts == []


@given(st.sets(st.integers(0, 5000), min_size=200, max_size=400), st.sets(st.integers(0, 5000), max_size=60))
def test_the_format_s_own_sizes_obey_the_same_law(present: set[int], toggled: set[int]) -> None:
    shape = Shape(bytes(16))
    held = {key(n): Entry(key(n), Stamp(1, n), b"\x90" * 40) for n in present}
    memory, root = built(listed(held), shape)
    made = {key(n): None if n in present else Entry(key(n), Stamp(2, n), b"\x90") for n in toggled}
    changes = sorted(made.items())
    assert update(memory.nodes(), root, changes, shape) == built(listed(applied(held, changes)), shape)[1]


@given(histories, shapes)
def test_what_a_node_links_to_is_put_before_it(
    history: list[dict[int, tuple[Stamp, bytes] | None]], shape: Shape
) -> None:
    memory = Memory()

    def put(block: Block) -> None:
        assert all(child in memory.blocks for child in children(block.data))
        memory.put(block)

    nodes = Nodes(memory.read, put, NodeCache())
    root = EMPTY_MAP.cid
    for batch in history:
        root = update(nodes, root, changes_of(batch), shape)
