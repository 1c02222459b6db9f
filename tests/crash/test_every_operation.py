"""The process is killed at every single disk operation of a workload, and nothing acknowledged is lost."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from leither.store import Disk
from leither.testing.faults import FaultyDisk, PowerCutDisk, run_in_child
from tests.crash.workload import (
    check_blocks,
    check_state,
    check_state_with_large,
    work_on_blocks,
    work_on_state,
    work_on_state_in_tiny_layers,
)

Work = Callable[[Path, Disk, Callable[[str], None]], None]
Check = Callable[[Path, list[str]], None]


def operations(work: Work, home: Path) -> list[str]:
    """Run the workload to its end and return its operations."""

    def count(report: Callable[[str], None]) -> None:
        disk = FaultyDisk()
        work(home, disk, lambda _: None)
        for name in disk.names:
            report(name)

    names, status = run_in_child(count)
    assert status == 0, names
    return names


def every(name: str) -> bool:
    return True


def writes(name: str) -> bool:
    return name == "write"


@pytest.mark.parametrize(
    ("disk_at", "chosen"),
    [
        pytest.param(FaultyDisk, every, id="killed"),
        pytest.param(lambda at: FaultyDisk(at, torn=True), writes, id="torn"),
        pytest.param(PowerCutDisk, every, id="power-cut"),
        pytest.param(lambda at: PowerCutDisk(at, zeroed=True), every, id="power-cut-zeroed"),
    ],
)
@pytest.mark.parametrize(
    ("work", "check"),
    [
        pytest.param(work_on_blocks, check_blocks, id="blocks"),
        pytest.param(work_on_state, check_state, id="state"),
        pytest.param(work_on_state_in_tiny_layers, check_state_with_large, id="state-in-tiny-layers"),
    ],
)
def test_nothing_acknowledged_is_lost_wherever_the_process_dies(
    work: Work, check: Check, disk_at: Callable[[int], Disk], chosen: Callable[[str], bool], memory_folder: Path
) -> None:
    names = operations(work, memory_folder / "counted")
    wanted = [at for at, name in enumerate(names, 1) if chosen(name)]
    assert wanted
    for at in wanted:
        home = memory_folder / str(at)

        def die(report: Callable[[str], None], at: int = at, home: Path = home) -> None:
            work(home, disk_at(at), report)

        reported, status = run_in_child(die)
        # Threads may order the last operations differently, so a run may also come to its end.
        assert status in (-9, 0), (at, names[at - 1], reported)

        def look(report: Callable[[str], None], home: Path = home, reported: list[str] = reported) -> None:
            check(home, reported)

        complaints, status = run_in_child(look)
        assert (complaints, status) == ([], 0), (at, names[at - 1], reported)
