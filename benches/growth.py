"""What one backup costs as a MiMei grows: the same number of changes in 10,000, 100,000 and 1,000,000 entries."""

import random
import tempfile
from pathlib import Path
from time import perf_counter

from benches.figure import Figure
from leither.codec import RAW, Block, Cid
from leither.mimei.entry import EntryType, PathEntry
from leither.mimei.path import path_key
from leither.runtime import SystemClock, SystemRandom
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.cur import Edit
from leither.service.editing import edit
from leither.service.engines import Engines, Identity
from leither.store import LmdbState, PackBlocks

CHANGES = 20
PER_DIRECTORY = 100


def figures(*, sizes: tuple[int, ...] = (10_000, 100_000, 1_000_000), rounds: int = 5) -> list[Figure]:
    """Return the figures. The largest size takes a minute or two to fill."""
    found = []
    for size in sizes:
        with tempfile.TemporaryDirectory(prefix="leither-bench-") as name:
            engines = open_engines(Path(name))
            try:
                first, later = _life(engines, size, rounds)
            finally:
                engines.state.close()
                engines.blocks.close()
        found.append(Figure(f"first backup of {size:,} files' entries", "s", [first]))
        found.append(
            Figure(f"backup of {CHANGES} scattered changes in {size:,}", "ms", later, target="flat but for log n")
        )
    return found


def open_engines(folder: Path, *, node: bytes = bytes(32)) -> Engines:
    """Return engines with the real stores, in `folder`, of one person's node with the key seed `node`.

    Whoever opens them closes `state` and `blocks`.
    """
    return Engines(
        blocks=PackBlocks(folder / "blocks"),
        state=LmdbState(folder / "state"),
        clock=SystemClock(),
        random=SystemRandom(),
        identity=Identity.of(bytes(32), node),
    )


def _life(engines: Engines, size: int, rounds: int) -> tuple[float, list[float]]:
    chance = random.Random(7)
    mimei = Catalog(engines).create(kind="fs", mark=f"growth-{size}")[0].id
    with engines.blocks.lease() as lease:
        lease.put(Block.of(RAW, b"x"))
    cid = Cid.of(RAW, b"x")

    def fill(editing: Edit) -> None:
        for number in range(size):
            editing.put(_key(number), PathEntry(EntryType.FILE, 0, 1, cid, 1).encode())

    edit(engines, mimei, fill)
    start = perf_counter()
    backup(engines, mimei)
    first = perf_counter() - start
    later = []
    for stamp in range(2, 2 + rounds):
        chosen = chance.sample(range(size), CHANGES)

        def change(editing: Edit, chosen: list[int] = chosen, stamp: int = stamp) -> None:
            for number in chosen:
                editing.put(_key(number), PathEntry(EntryType.FILE, 0, stamp, cid, 1).encode())

        edit(engines, mimei, change)
        start = perf_counter()
        backup(engines, mimei)
        later.append((perf_counter() - start) * 1000)
    return first, later


def _key(number: int) -> bytes:
    directory = number // PER_DIRECTORY
    return path_key((f"{directory // 1000:03d}", f"{directory % 1000:03d}", f"{number % PER_DIRECTORY:02d}.txt"))
