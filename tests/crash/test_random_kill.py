"""Killed at random while several threads write, the store opens by itself and has all that was acknowledged."""

from __future__ import annotations

import os
import random
import signal
import threading
from collections.abc import Callable
from contextlib import closing
from functools import partial
from itertools import count
from pathlib import Path

import pytest

from leither.codec import RAW, Block, Cid
from leither.store import LmdbState, PackBlocks
from leither.testing.faults import run_in_child
from leither.testing.suites.expect import damage

THREADS = 3


def block(life: int, thread: int, number: int) -> Block:
    name = f"{life}-{thread}-{number} "
    return Block.of(RAW, name.encode() * (1 + number * 37 % 400))


def write_until_killed(home: Path, life: int, reports_max: int, report: Callable[[str], None]) -> None:
    """Write in threads and sweep; die behind a number of reports drawn by the parent, wherever the threads are."""
    reported = count(1)

    def tell(line: str) -> None:
        report(line)
        if next(reported) >= reports_max:
            os.kill(os.getpid(), signal.SIGKILL)

    with (
        closing(PackBlocks(home / "blocks", pack_bytes_max=100_000)) as blocks,
        closing(LmdbState(home / "state")) as state,
    ):

        def write(thread: int) -> None:
            for number in count():
                one = block(life, thread, number)
                with blocks.lease() as lease:
                    lease.put(one)
                    lease.flush()
                    key = f"{life}-{thread}-{number}".encode()
                    state.write(lambda transaction, key=key, cid=one.cid: transaction.put(key, cid))  # type: ignore[misc]
                tell(key.decode())

        for thread in range(THREADS):
            threading.Thread(target=write, args=(thread,), daemon=True).start()

        def mark() -> list[Cid]:
            with state.read() as view:
                return [read_name(key).cid for key, _ in view.scan(b"")]

        while True:
            blocks.sweep(mark)


def read_name(key: bytes) -> Block:
    life, thread, number = map(int, key.split(b"-"))
    return block(life, thread, number)


def look(home: Path, acknowledged: list[str], report: Callable[[str], None]) -> None:
    with closing(PackBlocks(home / "blocks")) as blocks, closing(LmdbState(home / "state")) as state:
        with state.read() as view:
            stored = [key for key, _ in view.scan(b"")]
        for key in {line.encode() for line in acknowledged} - set(stored):
            report(f"{key!r} was acknowledged and is not in the state")
        for key in stored:
            if blocks.get(read_name(key).cid) != read_name(key).data:
                report(f"{key!r} reads back wrong")
        for fault in damage(blocks.verify()):
            report(str(fault))


def kill_at_random(home: Path, lives: int, seed: int) -> None:
    chance = random.Random(seed)
    acknowledged: list[str] = []
    for life in range(lives):
        reports_max = chance.randrange(1, 60)
        reported, status = run_in_child(partial(write_until_killed, home, life, reports_max))
        assert status == -9, reported[-1:]
        acknowledged += reported
        complaints, status = run_in_child(partial(look, home, list(acknowledged)))
        assert (complaints, status) == ([], 0), f"seed {seed}, life {life}"


def test_acknowledged_writes_survive_being_killed_at_random(memory_folder: Path) -> None:
    kill_at_random(memory_folder, 8, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_acknowledged_writes_survive_being_killed_at_random_for_minutes(tmp_path: Path) -> None:
    seed = random.randrange(1 << 30)
    kill_at_random(tmp_path, 300, seed=seed)
