"""From the command to the first page served, and what the node weighs when it then does nothing."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import urllib.request
from pathlib import Path
from time import perf_counter, sleep

from benches.figure import Figure, in_turns
from benches.peers import kubo, kubo_environment

LEITHER = Path(sys.executable).parent / "leither"
SETTLE_S = 3
PORT = 4890


def figures(*, rounds: int = 5) -> list[Figure]:
    """Return the figures: first start, later starts, idle memory; Kubo's daemon runs offline on loopback."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name:
        folder = Path(name)
        ours: list[tuple[float, float]] = []
        first = _leither(folder / "first")[0]
        workers = {"leither": lambda: _keep(ours, _leither(folder / "home"))}
        theirs: list[tuple[float, float]] = []
        peer = "Kubo daemon, offline"
        if kubo():
            workers[peer] = lambda: _keep(theirs, _kubo(folder / "kubo"))
        in_turns(rounds, **workers)
        shutil.rmtree(folder / "home")
    starts = {peer: [start for start, _ in theirs]} if theirs else {}
    weights = {peer: [weight for _, weight in theirs]} if theirs else {}
    return [
        Figure("first start on an empty home, to the first page", "s", [first]),
        Figure("start to serving", "s", [start for start, _ in ours], starts, "<= 2 s"),
        Figure("idle memory, network absent (RSS)", "MB", [weight for _, weight in ours], weights, "<= 70 MB"),
    ]


def _keep(samples: list[tuple[float, float]], sample: tuple[float, float]) -> float:
    samples.append(sample)
    return sample[0]


def _leither(home: Path) -> tuple[float, float]:
    environment = os.environ | {"LEITHER_HOME": str(home), "LEITHER_PORT": str(PORT)}
    return _served([str(LEITHER), "up"], environment, "ready ")


def _kubo(home: Path) -> tuple[float, float]:
    home.mkdir(exist_ok=True)
    environment = kubo_environment(home)
    return _served([str(kubo()), "daemon", "--offline"], environment, "Daemon is ready")


def _served(command: list[str], environment: dict[str, str], ready: str) -> tuple[float, float]:
    """Return seconds until the process says it is ready (and serves), and its resident megabytes after a pause."""
    start = perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    assert process.stdout is not None
    try:
        line = next(line for line in process.stdout if line.startswith(ready))
        if line.startswith("ready "):
            with urllib.request.urlopen(line.split()[1]) as answer:
                answer.read()
        taken = perf_counter() - start
        sleep(SETTLE_S)
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident_kb = int(next(row.split()[1] for row in status.splitlines() if row.startswith("VmRSS")))
        return taken, resident_kb / 1000
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
