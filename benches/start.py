"""From the command to the first page served, and what the node weighs when it then does nothing."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from pathlib import Path
from time import perf_counter, sleep

from benches.figure import Figure, in_turns
from benches.peers import kubo, kubo_environment, solid

LEITHER = Path(sys.executable).parent / "leither"
SETTLE_S = 3
PORT = 4890


def figures(*, rounds: int = 5) -> list[Figure]:
    """Return the figures: first start, later starts, idle memory; the peers run offline."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name:
        folder = Path(name)
        ours: list[tuple[float, float]] = []
        kubos: list[tuple[float, float]]
        solids: list[tuple[float, float]]
        first = _leither(folder / "first")[0]
        workers = {"leither": lambda: _keep(ours, _leither(folder / "home"))}
        theirs: dict[str, list[tuple[float, float]]] = {}
        if kubo():
            theirs["Kubo daemon, offline"] = kubos = []
            workers["kubo"] = lambda: _keep(kubos, _kubo(folder / "kubo"))
        if solid():
            theirs["Community Solid Server, in memory"] = solids = []
            workers["solid"] = lambda: _keep(solids, _solid(folder))
        in_turns(rounds, **workers)
        shutil.rmtree(folder / "home")
    starts: dict[str, Sequence[float]] = {peer: [start for start, _ in samples] for peer, samples in theirs.items()}
    weights: dict[str, Sequence[float]] = {peer: [weight for _, weight in samples] for peer, samples in theirs.items()}
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
    return _served([str(LEITHER), "up"], environment, "ready ", _first_page)


def _kubo(home: Path) -> tuple[float, float]:
    home.mkdir(exist_ok=True)
    return _served([str(kubo()), "daemon", "--offline"], kubo_environment(home), "Daemon is ready")


def _solid(folder: Path) -> tuple[float, float]:
    """Its TCP listener would bind every address, so it listens on a Unix socket."""
    package, listening = solid(), folder / "solid"
    listening.unlink(missing_ok=True)
    command = ["node", f"{package}/bin/server.js", "--config", f"{package}/config/default.json"]
    command += ["--baseUrl", f"http://localhost:{PORT}/", "--socket", str(listening)]
    return _served(command, dict(os.environ), "Listening to server", lambda line: _first_page_on(listening))


def _first_page(line: str) -> None:
    with urllib.request.urlopen(line.split()[1]) as answer:
        answer.read()


def _first_page_on(listening: Path) -> None:
    # It says that it listens a moment before it does.
    until = perf_counter() + 5
    while not listening.exists() and perf_counter() < until:
        sleep(0.001)
    connection = http.client.HTTPConnection("localhost", PORT)
    with socket.socket(socket.AF_UNIX) as connection.sock:
        connection.sock.connect(str(listening))
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200


def _served(
    command: list[str], environment: dict[str, str], ready: str, ask: Callable[[str], None] = lambda line: None
) -> tuple[float, float]:
    """Return seconds until the process says it is ready and answers, and its resident megabytes after a pause."""
    start = perf_counter()
    process = subprocess.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, start_new_session=True
    )
    assert process.stdout is not None
    try:
        ask(next(line for line in process.stdout if ready in line))
        taken = perf_counter() - start
        sleep(SETTLE_S)
        status = Path(f"/proc/{process.pid}/status").read_text()
        resident_kb = int(next(row.split()[1] for row in status.splitlines() if row.startswith("VmRSS")))
        return taken, resident_kb / 1000
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
