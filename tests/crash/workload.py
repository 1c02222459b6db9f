"""What the crash tests do to a store, and what must be left of it."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from leither import limits
from leither.codec import RAW, Block
from leither.ports import Transaction
from leither.store import Disk, LmdbState, PackBlocks
from leither.testing.suites.blocks import some_blocks, store
from leither.testing.suites.expect import damage
from leither.testing.suites.state import set_all

PACK_BYTES = 3000


def batch(label: str) -> list[Block]:
    return [*some_blocks(6, size_bytes=200, label=label), Block.of(RAW, label.encode() * 150)]


def kept_by_sweep() -> list[Block]:
    return [*batch("first")[::2], *batch("second")]


def work_on_blocks(home: Path, disk: Disk, report: Callable[[str], None]) -> None:
    """Fill several packs, sweep, go on, reopen; report each step once its result is acknowledged."""
    with closing(PackBlocks(home / "blocks", disk=disk, pack_bytes_max=PACK_BYTES)) as blocks:
        for label in ("first", "second", "third"):
            store(blocks, batch(label))
            report(label)
    with closing(PackBlocks(home / "blocks", disk=disk, pack_bytes_max=PACK_BYTES)) as blocks:
        report("sweeping")
        blocks.sweep(lambda: [block.cid for block in kept_by_sweep()])
        report("swept")
        store(blocks, batch("fourth"))
        report("fourth")
    with closing(PackBlocks(home / "blocks", disk=disk, pack_bytes_max=PACK_BYTES)) as blocks:
        store(blocks, batch("fifth"))
        report("fifth")


def work_on_state(home: Path, disk: Disk, report: Callable[[str], None]) -> None:
    """Make changes of two keys each, one of them long; report each once it is acknowledged."""
    for opening in range(2):
        with closing(LmdbState(home / "state", disk=disk)) as state:
            for step in range(4):
                name = b"%d-%d" % (opening, step)

                def change(transaction: Transaction, name: bytes = name) -> None:
                    transaction.put(b"short" + name, name)
                    transaction.put(b"long" * 200 + name, name)

                state.write(change)
                report(name.decode())


def work_on_state_in_tiny_layers(home: Path, disk: Disk, report: Callable[[str], None]) -> None:
    """The same with tables that go to LMDB's file after each change or two, in a process of its own."""
    limits.STATE_TABLE_BYTES_MAX, limits.STATE_CHANGE_BYTES_MAX = 3000, 20_000
    work_on_state(home, disk, report)
    with closing(LmdbState(home / "state", disk=disk)) as state:
        set_all(state, [(b"large%d" % number, bytes(3000)) for number in range(20)])
        report("large")


def check_state_with_large(home: Path, reported: list[str]) -> None:
    """Check what the other workload checks, and a change that was larger than memory should hold."""
    with closing(LmdbState(home / "state")) as state, state.read() as view:
        large = len(list(view.scan(b"large", b"largf")))
    assert large == 20 if "large" in reported else large in (0, 20), f"large {large} {reported}"
    check_state(home, [line for line in reported if line != "large"])


def check_blocks(home: Path, reported: list[str]) -> None:
    """Open what is left, and look for everything acknowledged; then see that it works on."""
    with closing(PackBlocks(home / "blocks", pack_bytes_max=PACK_BYTES)) as blocks:
        for label in ("first", "second", "third", "fourth", "fifth"):
            if label not in reported:
                continue
            for block in batch(label):
                spared = label in ("fourth", "fifth") or "sweeping" not in reported or block in kept_by_sweep()
                if spared:
                    assert blocks.get(block.cid) == block.data, label
        assert damage(blocks.verify()) == []
        for cid in list(blocks.cids()):
            assert cid.matches(blocks.get(cid))
        store(blocks, batch("afterwards"))
        blocks.sweep(lambda: [block.cid for block in batch("afterwards")])
        assert blocks.stats().blocks == len(batch("afterwards"))
        # No crash leaves more than the garbage of one pack behind.
        assert blocks.stats().bytes_on_disk <= 2 * PACK_BYTES
    with closing(PackBlocks(home / "blocks", pack_bytes_max=PACK_BYTES)) as blocks:
        assert blocks.damage == ()
        assert all(blocks.get(block.cid) == block.data for block in batch("afterwards"))


def check_state(home: Path, reported: list[str]) -> None:
    """Open what is left: every acknowledged change is there, and each change whole or not at all."""
    with closing(LmdbState(home / "state")) as state:
        with state.read() as view:
            short = {value for _, value in view.scan(b"short")}
            long = {value for _, value in view.scan(b"long", b"m")}
        assert short == long, f"{short ^ long}"
        assert {line.encode() for line in reported} <= short, f"lost {reported} {short}"
        state.write(lambda transaction: transaction.put(b"afterwards", b""))
