"""Keys chosen against the shape: by someone who knows the salt, and by someone who grinds digests too."""

from __future__ import annotations

from itertools import count, islice
from random import Random

from leither.merkle import Entry, Nodes, Shape, Stamp, build, update
from leither.merkle.node import decode
from tests.unit.merkle.memory import SALT, Memory, built, entry, key

SHAPE = Shape(SALT)


def unnatural() -> list[int]:
    """Numbers whose keys begin no node by themselves: 30,000 entries without a natural boundary."""
    return list(islice((n for n in count() if not SHAPE.is_natural(0, key(n))), 30_000))


def test_one_change_among_keys_without_boundaries_touches_few_nodes_and_keeps_the_root_of_a_fresh_build() -> None:
    numbers = unnatural()
    memory, root = built(map(entry, numbers), SHAPE)
    assert len(memory.blocks) > 60
    random = Random(7)
    reads, puts = [], []
    for number in random.sample(numbers, 60):
        change: Entry | None = None if random.random() < 0.5 else Entry(key(number), Stamp(2, 2), b"\x90" * 9)
        memory.forget_counts()
        update(memory.nodes(), root, [(key(number), change)], SHAPE)
        reads.append(len(set(memory.reads)))
        puts.append(len(memory.puts))
    assert max(reads) <= 12
    assert max(puts) <= 12
    assert sum(reads) / len(reads) < 6
    assert sum(puts) / len(puts) < 4


def test_inserts_that_take_the_lowest_rank_touch_few_nodes() -> None:
    numbers = unnatural()
    missing = sorted(set(range(numbers[-1])) - set(numbers))
    # Between the numbers, keys that rank lowest of all in a run without natural boundaries.
    between = [key(n) + bytes((m,)) for n in numbers[10_000:14_000] for m in range(2)]
    lowest = sorted((k for k in between if not SHAPE.is_natural(0, k)), key=lambda k: SHAPE.rank(0, k))[:20]
    assert missing
    assert lowest
    memory, root = built(map(entry, numbers), SHAPE)
    for name in lowest:
        added = Entry(name, Stamp(1, 1), b"\x90\x00")
        memory.forget_counts()
        after = update(memory.nodes(), root, [(name, added)], SHAPE)
        assert len(set(memory.reads)) <= 16
        assert len(memory.puts) <= 16
        entries = sorted([*map(entry, numbers), added])
        if name == lowest[0]:
            assert built(entries, SHAPE)[1] == after


def ground(shape: Shape, total: int) -> list[bytes]:
    """Keys whose ranks at level 0 ascend with them: each splits alone, the worst order there is."""
    found = []
    for number in range(total):
        low, high = ((total + place) * (1 << 15) // total // 2 for place in (number, number + 1))
        candidates = (b"\x80" + number.to_bytes(2) + n.to_bytes(3) for n in count())
        found.append(next(k for k in candidates if low <= int.from_bytes(shape.rank(0, k)[:2]) >> 1 < high))
    return found


def test_keys_ground_to_the_worst_order_make_small_leaves_but_no_tall_tree() -> None:
    shape = Shape(SALT, bits=9, entries_max=8)
    entries = [Entry(k, Stamp(1, 1), b"\x90") for k in ground(shape, 160)]
    memory, root = built(entries, shape)
    top = decode(memory.blocks[root])
    leaves = [data for data in memory.blocks.values() if decode(data).level == 0]
    assert len(leaves) == 160 - 8 + 1
    assert top.level <= 5


def test_a_change_at_either_end_of_the_worst_order_reads_no_more_than_a_node_s_worth() -> None:
    shape = Shape(SALT, bits=9, entries_max=8)
    entries = [Entry(k, Stamp(1, 1), b"\x90") for k in ground(shape, 160)]
    memory, root = built(entries, shape)
    for place in (0, 1, 80, 150, 158, 159):
        memory.forget_counts()
        after = update(memory.nodes(), root, [(entries[place].key, None)], shape)
        assert after == built(entries[:place] + entries[place + 1 :], shape)[1]
        assert len(set(memory.reads)) <= 30


def test_a_build_of_keys_without_boundaries_holds_no_more_than_a_node_of_entries() -> None:
    numbers = unnatural()
    taken: list[int] = []
    lags: list[int] = []
    written = 0
    memory = Memory()

    def put_counting(block: object) -> None:
        nonlocal written
        memory.put(block)  # type: ignore[arg-type]
        node = decode(memory.blocks[memory.puts[-1]])
        if node.level == 0:
            written += node.total
            lags.append(len(taken) - written)

    def source() -> object:
        for number in numbers:
            taken.append(number)
            yield entry(number)

    build(Nodes(memory.read, put_counting), source(), SHAPE)  # type: ignore[arg-type]
    assert written == len(numbers)
    assert max(lags) <= 4096 + SHAPE.entries_max
