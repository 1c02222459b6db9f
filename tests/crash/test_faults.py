"""The simulated disk itself: it stops as a whole."""

import threading
from pathlib import Path

from leither.testing.faults import FaultyDisk


def test_nobody_else_operates_on_a_disk_that_is_stopping(tmp_path: Path) -> None:
    free: list[bool] = []

    def stop() -> None:
        other = threading.Thread(target=lambda: free.append(disk.turn.acquire(blocking=False)))
        other.start()
        other.join()

    disk = FaultyDisk(at=2, stop=stop)
    disk.create(tmp_path / "file")
    disk.sync_directory(tmp_path)
    assert disk.names == ["create", "sync_directory"]
    assert free == [False]
