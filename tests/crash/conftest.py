from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest


@pytest.fixture
def memory_folder(tmp_path: Path) -> Iterator[Path]:
    """A folder in memory where the system has one: syncing costs nothing there, and what dies is simulated anyway."""
    memory = Path("/dev/shm")
    with TemporaryDirectory(dir=memory if memory.is_dir() else tmp_path) as folder:
        yield Path(folder)


@pytest.fixture
def ends(request: pytest.FixtureRequest) -> Callable[[int], range]:
    """At which of so many operations of a long life it is ended: at each in a soak, else at every third.

    From which one on differs from a kill to a power cut, so that between them two of three are met.
    """
    step = 1 if request.config.getoption("--hypothesis-profile") == "soak" else 3
    first = 2 if "power-cut" in request.node.name and step > 1 else 1
    return lambda count: range(first, count + 1, step)
