"""Sealed beside plain: building, reading and backing up a map of a million entries and a file, with the real stores.

Then what a change, a rotation of the key, a merge and a sweep by somebody without a key come to, counted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager
from functools import partial
from itertools import permutations
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from time import perf_counter
from typing import Any

import msgspec

from benches.figure import Figure, in_turns
from benches.map import entries
from leither.codec import Block, Cid
from leither.codec.sealed import read, walk
from leither.crypto import EpochKey, KeyPair, MimeiId, epoch_secret
from leither.merkle import Entry, NodeCache, Nodes, Shape, Stamp, Tip, build, join, scan, update
from leither.mimei.sealing import EpochKeys, Pair
from leither.mimei.version import Version
from leither.service.sealed_blocks import SealedBlocks
from leither.store import LmdbState, MemoryBlocks, MemoryState, PackBlocks
from leither.unixfs import FileBuilder
from leither.unixfs import read as read_file

SEED, MIMEI, SALT = bytes(32), MimeiId(bytes(20)), bytes(range(16))
SHAPE = Shape(SALT)
WRITER = KeyPair(bytes(32))


def keys(last_epoch: int) -> EpochKeys:
    return EpochKeys(EpochKey(epoch_secret(SEED, MIMEI, epoch), epoch) for epoch in range(last_epoch + 1))


def version(root: Cid, *, parents: Iterable[Cid] = (), epoch: int = 0, n: int = 0) -> Version:
    """Return a version: a writer's, or the merge of several parents, which is nobody's."""
    above = tuple(parents)
    made = Version(mimei=MIMEI, n=n, content=root, side=root, salt=SALT, size_bytes=1, parents=above, key_epoch=epoch)
    return made if len(above) > 1 else msgspec.structs.replace(made, time=1).signed(WRITER)


class Store:
    """Stores on the disk, and the blocks in them as they are or sealed."""

    def __init__(self, folder: Path, *, sealed: bool) -> None:
        self.blocks = PackBlocks(folder / "blocks")
        self.state = LmdbState(folder / "state")
        self.sealed = SealedBlocks(self.blocks, self.state, MIMEI, keys(0)) if sealed else None
        self.version: Pair | None = None

    def close(self) -> None:
        self.state.close()
        self.blocks.close()

    def rotate(self, epoch: int) -> None:
        """Seal what is written from now on under the key of `epoch`."""
        self.sealed = SealedBlocks(self.blocks, self.state, MIMEI, keys(epoch))

    def lease(self) -> AbstractContextManager[Any]:
        if self.sealed is None:
            return self.blocks.lease()
        return self.sealed.lease(over=(self.version,) if self.version else ())

    def nodes(self, lease: Any = None) -> Nodes:  # noqa: ANN401 - either kind of lease
        return Nodes(self.get, lease.put if lease else _refuse, NodeCache())

    @property
    def get(self) -> Callable[[Cid], bytes]:
        return self.blocks.get if self.sealed is None else self.sealed.get

    def save(self, lease: Any, root: Cid) -> None:  # noqa: ANN401
        """Append a version as a backup does: its block made durable, then its row."""
        made = version(root, parents=(self.version[0],) if self.version else (), n=1 if self.version else 0)
        if self.sealed is None:
            lease.put(made.block)
            lease.flush()
            self.state.write(lambda transaction: transaction.put(b"v" + MIMEI, made.cid))
            self.version = (made.cid, made.cid)
        else:
            form = lease.put_version(made)
            lease.flush_into(lambda transaction: transaction.put(b"v" + MIMEI, form))
            self.version = (made.cid, form)


def _refuse(block: Block) -> None:
    raise AssertionError("nothing is written here")


def _read_all(store: Store, root: Cid) -> int:
    return sum(map(len, read_file(store.get, root)))


def _timed(work: Callable[[], object]) -> float:
    start = perf_counter()
    work()
    return perf_counter() - start


class Maps:
    """A map of the entries in a plain and in a sealed store, and what is timed on both."""

    def __init__(self, folder: Path, data: list[Entry]) -> None:
        self._folder = folder
        self._data = data
        self._made = 0
        self._changed = 0
        self.stores: dict[bool, Store] = {}
        self.roots: dict[bool, Cid] = {}

    def build(self, *, sealed: bool) -> float:
        if sealed in self.stores:
            self.stores.pop(sealed).close()
        self._made += 1
        folder = self._folder / str(self._made)
        folder.mkdir()
        store = self.stores[sealed] = Store(folder, sealed=sealed)

        def work() -> None:
            with store.lease() as lease:
                self.roots[sealed] = build(store.nodes(lease), self._data, SHAPE)
                store.save(lease, self.roots[sealed])

        return _timed(work)

    def scan(self, *, sealed: bool) -> float:
        nodes, root = self.stores[sealed].nodes(), self.roots[sealed]
        return _timed(lambda: sum(1 for _ in scan(nodes, root)))

    def back_up_one(self, *, sealed: bool) -> float:
        store = self.stores[sealed]
        self._changed += 1
        key = self._data[self._changed * 7919 % len(self._data)].key
        changes = [(key, Entry(key, Stamp(1, 20_000 + self._changed), b"\x81one change"))]

        def work() -> None:
            with store.lease() as lease:
                self.roots[sealed] = update(store.nodes(lease), self.roots[sealed], changes, SHAPE)
                store.save(lease, self.roots[sealed])

        return _timed(work) * 1000


def _turns(work: str, unit: str, rounds: int, target: str, run: Callable[..., float]) -> Figure:
    samples = in_turns(rounds, sealed=lambda: run(sealed=True), plain=lambda: run(sealed=False))
    return Figure(work, unit, samples["sealed"], {"plain": samples["plain"]}, target)


def figures(*, entries_count: int = 1_000_000, file_bytes: int = 1 << 28, rounds: int = 3) -> Iterator[Figure]:
    """Measure. Takes two minutes at the default sizes."""
    data = entries(entries_count, Random(1))
    of = f"{entries_count:,} entries"
    with TemporaryDirectory(prefix="leither-bench-") as name:
        maps = Maps(Path(name), data)
        yield _turns(f"write {of}, durable", "s", rounds, "0.5", maps.build)
        yield _turns(f"read {of}", "s", rounds, "0.5", maps.scan)
        yield _turns(f"back up one change in {of}", "ms", 5 * rounds, "0.5", maps.back_up_one)
        maps.stores[True].rotate(1)
        yield _turns(f"back up one change in {of}, under the next key", "ms", 5 * rounds, "0.5", maps.back_up_one)
        for store in maps.stores.values():
            store.close()
    yield from _file(file_bytes, rounds)
    yield from _counts(data)


def _file(size_bytes: int, rounds: int) -> Iterator[Figure]:
    random = Random(2)
    pieces = [random.randbytes(1 << 20) for _ in range(size_bytes >> 20)]
    wrote: dict[bool, list[float]] = {True: [], False: []}
    took: dict[bool, list[float]] = {True: [], False: []}
    for _ in range(rounds):
        for sealed in (True, False):
            with TemporaryDirectory(prefix="leither-bench-") as name:
                store = Store(Path(name), sealed=sealed)
                start = perf_counter()
                with store.lease() as lease:
                    builder = FileBuilder(lease.put)
                    for piece in pieces:
                        builder.write(piece)
                    root = builder.finish().cid
                wrote[sealed].append((size_bytes >> 20) / (perf_counter() - start))
                seconds = _timed(partial(_read_all, store, root))
                took[sealed].append((size_bytes >> 20) / seconds)
                store.close()
    of = f"a file of {size_bytes >> 20} MiB"
    for work, samples in ((f"write {of}, durable", wrote), (f"read {of}", took)):
        yield Figure(work, "MiB/s", samples[True], {"plain": samples[False]}, "0.5", more_is_better=True)


class Device:
    """One of a person's devices, in memory, with a block store of its own."""

    def __init__(self, epoch: int = 0) -> None:
        self.blocks = MemoryBlocks()
        self.state = MemoryState()
        self.open(epoch)

    def open(self, epoch: int) -> None:
        self.sealed = SealedBlocks(self.blocks, self.state, MIMEI, keys(epoch))

    def add(self, base: Pair | None, make: Callable[[Nodes], Cid]) -> Pair:
        """Make a version over `base`."""
        with self.sealed.lease(over=(base,) if base else ()) as lease:
            root = make(Nodes(self.sealed.get, lease.put, NodeCache()))
            made = version(root, parents=(base[0],) if base else (), n=1 if base else 0)
            return made.cid, lease.put_version(made)

    def fetch(self, other: Device, tip: Pair) -> None:
        """Take in another device's version."""
        with self.blocks.lease() as lease:
            for cid in walk(other.blocks.get, [tip[1]]):
                if not self.blocks.has(cid):
                    lease.put(Block(cid, other.blocks.get(cid)))
        self.sealed.adopt([tip])

    def root(self, tip: Pair) -> Cid:
        return Version.decode(self.sealed.get(tip[0])).side


def _counts(data: list[Entry]) -> Iterator[Figure]:
    """Count what changes, a rotation, a merge and a sweep come to."""
    first = Device()
    base = first.add(None, lambda nodes: build(nodes, data, SHAPE))
    forms = list(walk(first.blocks.get, [base[1]]))
    overheads, held = [], 0
    for cid, form in first.sealed.pairs([base]):
        sealed, size = read(first.blocks.get(form)), first.blocks.size_bytes(form)
        overheads.append(size - first.sealed.size_bytes(cid) - 41 * (len(sealed.links) + len(sealed.before)))
        held += size - overheads[-1] - 41 * len(sealed.links)
    total = sum(map(first.blocks.size_bytes, forms))
    yield Figure("bytes that sealing adds to a block, besides its links", "B", overheads, target="64")
    yield Figure("bytes sealed, for each plain byte", "", [total / held])

    def one(number: int, seq: int) -> Callable[[Nodes], Cid]:
        entry = Entry(data[number].key, Stamp(number + 1, seq), b"\x81" + seq.to_bytes(4))
        return lambda nodes: update(nodes, first.root(base), [(entry.key, entry)], SHAPE)

    before = first.blocks.stats().blocks
    changed = first.add(base, one(len(data) // 2, 1))
    yield Figure("blocks sealed by a backup of one change", "blocks", [first.blocks.stats().blocks - before])
    before = first.blocks.stats().blocks
    first.open(epoch=1)
    yield Figure("blocks sealed by a new epoch of the key", "blocks", [first.blocks.stats().blocks - before])
    rotated = first.add(base, one(len(data) // 3, 2))
    yield Figure("blocks sealed by the next backup of one change", "blocks", [first.blocks.stats().blocks - before])
    yield from _sweep(first, (base, changed, rotated))
    yield from _merge(first, base, data)


def _sweep(device: Device, versions: tuple[Pair, ...]) -> Iterator[Figure]:
    """Let go of all versions but the newest, as somebody does who has no key."""
    start = perf_counter()
    kept = device.blocks.sweep(lambda: walk(device.blocks.get, [versions[-1][1]]))
    yield Figure("a sweep without a key", "ms", [(perf_counter() - start) * 1000])
    yield Figure("blocks it dropped", "blocks", [kept.blocks_dropped])
    device.sealed.table.prune(device.blocks.has)


def _changed(nodes: Nodes, *, root: Cid, changes: list[tuple[bytes, Entry]]) -> Cid:
    return update(nodes, root, changes, SHAPE)


def _merge(first: Device, base: Pair, data: list[Entry]) -> Iterator[Figure]:
    """Let three devices change entries apart, in two epochs, and merge in every order."""
    random = Random(3)
    devices = [Device(epoch=number % 2) for number in range(3)]
    tips: list[tuple[Pair, Tip]] = []
    for device, number in zip(devices, (1, 2, 3), strict=True):
        origin = Device()
        device.blocks, device.state = origin.blocks, origin.state
        device.open(0)
        start = device.add(None, lambda nodes: build(nodes, data, SHAPE))
        device.open(number % 2)
        chosen = sorted(random.sample(data, 20))
        changes = [(e.key, Entry(e.key, Stamp(number, 1), b"\x82" + bytes((number,)))) for e in chosen]
        tip = device.add(start, partial(_changed, root=device.root(start), changes=changes))
        tips.append((tip, Tip(device.root(tip), None, {number: 1})))
    made: set[tuple[Cid, frozenset[Cid]]] = set()
    times: list[float] = []
    for device in devices:
        device.open(epoch=1)
        for other, (tip, _) in zip(devices, tips, strict=True):
            if other is not device:
                device.fetch(other, tip)
    for device, order in zip(devices * 2, permutations(tips), strict=True):
        device.open(epoch=1)
        start_s = perf_counter()
        over = [tip for tip, _ in tips]
        with device.sealed.lease(over=over, epoch=1) as lease:
            nodes = Nodes(device.sealed.get, lease.put, NodeCache())
            root = join(nodes, [tip for _, tip in order], SHAPE).root
            form = lease.put_version(version(root, parents=sorted(cid for cid, _ in over), epoch=1, n=2))
        times.append((perf_counter() - start_s) * 1000)
        made.add((root, frozenset(walk(device.blocks.get, [form]))))
    yield Figure("merge of three tips across two epochs", "ms", times)
    yield Figure("plaintext roots that six orders of merging gave", "roots", [len({root for root, _ in made})])
    yield Figure("sets of sealed blocks they gave", "sets", [len(made)])
