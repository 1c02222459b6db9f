"""Blocks: put durably in one batch, and get, beside plain LMDB and one file a block.

Blocks are random bytes, hashed before the clock starts. Every store begins empty in a folder of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from time import perf_counter

import lmdb

from benches.figure import Figure, in_turns
from leither.codec import RAW, Block
from leither.store import Disk, PackBlocks

SIZES = ((200, 20_000, 300), (4_080, 10_000, 300), (1 << 20, 200, 100))
ROUNDS = 3


def pack(folder: Path, wanted: Sequence[Block]) -> tuple[float, float, int]:
    """Return seconds to put, seconds to get each once from a store newly opened, and bytes on disk."""
    blocks = PackBlocks(folder)
    start = perf_counter()
    with blocks.lease() as lease:
        lease.put_many(wanted)
    put_s = perf_counter() - start
    blocks.close()
    blocks = PackBlocks(folder)
    start = perf_counter()
    for block in wanted:
        blocks.get(block.cid)
    get_s = perf_counter() - start
    size = blocks.stats().bytes_on_disk + (folder / "index" / "data.mdb").stat().st_size
    blocks.close()
    return put_s, get_s, size


def plain_lmdb(folder: Path, wanted: Sequence[Block]) -> tuple[float, float, int]:
    """The same in one LMDB table, one transaction; it is told that keys are random and hashes nothing."""
    with lmdb.open(str(folder), map_size=1 << 33) as environment:
        start = perf_counter()
        with environment.begin(write=True) as transaction:
            for block in wanted:
                transaction.put(block.cid, block.data)
        put_s = perf_counter() - start
        start = perf_counter()
        for block in wanted:
            with environment.begin() as transaction:
                transaction.get(block.cid)
        get_s = perf_counter() - start
    return put_s, get_s, (folder / "data.mdb").stat().st_size


def sharded_files(folder: Path, wanted: Sequence[Block]) -> tuple[float, float, int]:
    """One file a block in 1,024 folders, each file and each folder synced."""
    disk = Disk()
    start = perf_counter()
    folders = set()
    for block in wanted:
        path = folder / block.cid.text[-2:] / block.cid.text
        if path.parent not in folders:
            path.parent.mkdir(exist_ok=True)
            folders.add(path.parent)
        fd = disk.create(path)
        disk.write(fd, [block.data], 0)
        disk.sync(fd)
        os.close(fd)
    for shard in folders:
        disk.sync_directory(shard)
    put_s = perf_counter() - start
    start = perf_counter()
    for block in wanted:
        (folder / block.cid.text[-2:] / block.cid.text).read_bytes()
    get_s = perf_counter() - start
    size = sum(-(-path.stat().st_size // 4096) * 4096 for path in folder.rglob("*") if path.is_file())
    return put_s, get_s, size


def figures() -> Iterator[Figure]:
    """Measure."""
    for size_bytes, count, count_files in SIZES:
        wanted = [Block.of(RAW, os.urandom(size_bytes)) for _ in range(count)]
        found: dict[str, list[tuple[float, float, float]]] = {"pack": [], "lmdb": [], "files": []}
        in_turns(
            ROUNDS,
            pack=sample(pack, wanted, found["pack"]),
            lmdb=sample(plain_lmdb, wanted, found["lmdb"]),
            files=sample(sharded_files, wanted[:count_files], found["files"]),
        )
        label = f"{size_bytes:,} B"
        for column, work in enumerate(("put, one flush", "get, the first time")):
            yield Figure(
                f"{label} blocks: {work}",
                "/s",
                [one[column] for one in found["pack"]],
                {
                    "plain LMDB": [one[column] for one in found["lmdb"]],
                    "sharded files": [one[column] for one in found["files"]],
                },
                target="≥ 1.5x LMDB" if column == 0 else "",
                more_is_better=True,
            )
        yield Figure(
            f"{label} blocks: bytes on disk for each byte stored",
            "",
            [one[2] for one in found["pack"]],
            {"plain LMDB": [one[2] for one in found["lmdb"]], "sharded files": [one[2] for one in found["files"]]},
        )


def sample(
    store: Callable[[Path, Sequence[Block]], tuple[float, float, int]],
    wanted: Sequence[Block],
    found: list[tuple[float, float, float]],
) -> Callable[[], float]:
    """Return a worker that adds puts a second, gets a second and overhead to `found`."""
    stored = sum(len(block.data) for block in wanted)

    def work() -> float:
        with TemporaryDirectory() as folder:
            put_s, get_s, size = store(Path(folder), wanted)
        found.append((len(wanted) / put_s, len(wanted) / get_s, size / stored))
        return put_s

    return work
