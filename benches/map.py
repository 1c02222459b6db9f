"""The ordered Merkle map: build, scattered changes, diff, reads, on a map of a million entries in memory.

Keys take 20 bytes and values 30, from a seeded generator.
"""

import gc
import tracemalloc
from collections.abc import Callable, Iterator
from random import Random
from time import perf_counter

from benches.figure import Figure
from leither.codec import Block, Cid
from leither.merkle import Entry, NodeCache, Nodes, Shape, Stamp, build, diff, get, scan, update


class Memory:
    """Blocks in a dict, and how many were put."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, bytes] = {}
        self.puts = 0

    def put(self, block: Block) -> None:
        self.blocks[block.cid] = block.data
        self.puts += 1

    def nodes(self) -> Nodes:
        """Return an access with a cold cache."""
        return Nodes(self.blocks.__getitem__, self.put, NodeCache())


def entries(count: int, random: Random) -> list[Entry]:
    """Return `count` entries of 20-byte keys and 30-byte values in key order."""
    # The keys are copied once sorted, to lie in memory in their order as those read from a store do.
    keys = [bytes(bytearray(key)) for key in sorted({b"\x80" + random.randbytes(19) for _ in range(count)})]
    stamps = (Stamp(random.randrange(4), random.randrange(10_000)) for _ in keys)
    return [Entry(key, stamp, b"\x81" + random.randbytes(29)) for key, stamp in zip(keys, stamps, strict=True)]


def _times_ms(work: Callable[[], object], repeats: int) -> list[float]:
    times = []
    for _ in range(repeats):
        gc.collect()
        start = perf_counter()
        work()
        times.append((perf_counter() - start) * 1000)
    return times


def _per_get_us(memory: Memory, root: Cid, probes: list[bytes], repeats: int) -> list[float]:
    """Return what a get takes once the cache has seen the same keys."""
    nodes = memory.nodes()
    for key in probes:
        get(nodes, root, key)
    times = _times_ms(lambda: [get(nodes, root, key) for key in probes], repeats)
    return [time * 1000 / len(probes) for time in times]


def figures(*, entries_count: int = 1_000_000, changes_count: int = 1000, repeats: int = 5) -> Iterator[Figure]:
    """Measure. Takes about half a minute at the default sizes."""
    random = Random(1)
    shape = Shape(random.randbytes(16))
    data = entries(entries_count, random)
    memory = Memory()
    root = build(memory.nodes(), data, shape)
    changed = [
        (entry.key, Entry(entry.key, Stamp(1, 20_000), b"\x81" + random.randbytes(29)))
        for entry in sorted(random.sample(data, changes_count))
    ]
    built_puts = memory.puts
    after = update(memory.nodes(), root, changed, shape)
    written = memory.puts - built_puts
    probes = [entry.key for entry in random.sample(data, min(10_000, entries_count))]
    of = f"{entries_count:,} entries"
    changes = f"{changes_count:,} scattered changes"
    yield Figure(f"build {of}", "ms", _times_ms(lambda: build(memory.nodes(), data, shape), repeats))
    yield Figure(f"update, {changes}", "ms", _times_ms(lambda: update(memory.nodes(), root, changed, shape), repeats))
    yield Figure(
        f"diff across {changes}", "ms", _times_ms(lambda: sum(1 for _ in diff(memory.nodes(), root, after)), repeats)
    )
    yield Figure("scan all", "ms", _times_ms(lambda: sum(1 for _ in scan(memory.nodes(), root)), repeats))
    yield Figure("get, anywhere", "µs", _per_get_us(memory, root, probes, repeats))
    yield Figure("get, among a hundred keys", "µs", _per_get_us(memory, root, probes[:100], repeats))
    yield Figure("nodes of both versions", "blocks", [len(memory.blocks)])
    yield Figure("nodes written by the update", "blocks", [written])
    yield Figure("size of both versions, for each entry", "B", [sum(map(len, memory.blocks.values())) / entries_count])
    yield from _memory(data, memory, root, changed, shape)


def _memory(
    data: list[Entry], memory: Memory, root: Cid, changed: list[tuple[bytes, Entry]], shape: Shape
) -> Iterator[Figure]:
    """Measure peaks of Python memory beside the entries and the blocks, which are the caller's."""
    sink = Nodes(memory.blocks.__getitem__, lambda block: None, NodeCache())
    tracemalloc.start()
    build(sink, data, shape)
    built = tracemalloc.get_traced_memory()[1]
    tracemalloc.reset_peak()
    update(sink, root, changed, shape)
    updated = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    yield Figure("build, peak of memory", "MiB", [built / 2**20])
    yield Figure("update, peak of memory", "MiB", [updated / 2**20])
