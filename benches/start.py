"""From the command to the first page served, and what the node weighs when it then does nothing."""

import http.client
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import urllib.request
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter, sleep

from benches.figure import Figure, in_turns
from benches.installed import environment, program
from benches.peers import kubo, kubo_environment, solid

SETTLE_S = 3
PORT = 4890
WEB = Path(__file__).parents[1] / "web"
HELIA = Path(__file__).parents[1] / "tests/conformance/helia_exchange.mjs"
Sample = tuple[float, float]
"""Seconds to serving, and megabytes when idle after that."""

KUBO, KUBO_ON = "Kubo daemon, offline", "Kubo daemon, no peers"
SOLID = "Community Solid Server, in memory"
HELIA_ON = "Helia, no peers"
ALONE = (
    *("unshare", "--map-root-user", "--net", "sh", "-c"),
    *('PATH=$PATH:/sbin:/usr/sbin; ip link set lo up; exec "$@"', "sh"),
)
"""Begins what runs a command in a network that has nothing but a loopback interface of its own."""


def figures(*, rounds: int = 5) -> list[Figure]:
    """Return the figures: first start, later starts, idle memory with the network off and on.

    Peers that are missing are left out, and so is the last where no network of one's own can be made.
    """
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name:
        folder = Path(name)
        leither, more = program(folder / "installed"), environment(folder)
        first = _leither(leither, more, folder / "first")[0]
        workers: dict[str, Callable[[], Sample]] = {"off": lambda: _leither(leither, more, folder / "home")}
        if kubo():
            workers[KUBO] = lambda: _kubo("--offline", home=folder / "kubo")
        if solid():
            workers[SOLID] = lambda: _solid(folder)
        if _is_alone():
            workers["on"] = lambda: _leither_alone(leither, more, folder / "on")
            if kubo():
                workers[KUBO_ON] = lambda: _kubo(home=folder / "kubo", within=ALONE)
            if (WEB / "node_modules/helia").exists():
                workers[HELIA_ON] = _helia
        samples: dict[str, list[Sample]] = {name: [] for name in workers}
        in_turns(rounds, **{name: partial(_keep, samples[name], work) for name, work in workers.items()})
    starts = {name: [start for start, _ in each] for name, each in samples.items()}
    weights = {name: [weight for _, weight in each] for name, each in samples.items()}
    found = [
        Figure("first start on an empty home, to the first page", "s", [first]),
        Figure("start to serving", "s", starts["off"], _of(starts, KUBO, SOLID), "<= 2 s"),
        Figure("idle memory, network off (RSS)", "MB", weights["off"], _of(weights, KUBO, SOLID), "<= 70 MB"),
    ]
    if "on" in weights:
        peers = _of(weights, KUBO_ON, HELIA_ON)
        found.append(Figure("idle memory, network on (RSS)", "MB", weights["on"], peers))
    return found


def _of(samples: dict[str, list[float]], *names: str) -> dict[str, Sequence[float]]:
    return {name: samples[name] for name in names if name in samples}


def _keep(samples: list[Sample], work: Callable[[], Sample]) -> float:
    samples.append(work())
    return samples[-1][0]


def _is_alone() -> bool:
    """Tell whether a network of one's own can be made, in which a node that is on speaks with nobody else."""
    if shutil.which("unshare") is None:
        return False
    return subprocess.run([*ALONE, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


def _leither(command: list[str], more: dict[str, str], home: Path) -> Sample:
    ports = {"LEITHER_PORT": str(PORT), "LEITHER_REDIS_PORT": "0", "LEITHER_NETWORK_PORT": "0"}
    return _served([*command, "up"], more | {"LEITHER_HOME": str(home)} | ports, "ready ", _first_page)


def _leither_alone(command: list[str], more: dict[str, str], home: Path) -> Sample:
    settings = {"LEITHER_HOME": str(home), "LEITHER_NETWORK": "peers"}
    return _served([*ALONE, *command, "up"], more | settings, "ready ")


def _kubo(*options: str, home: Path, within: Sequence[str] = ()) -> Sample:
    home.mkdir(exist_ok=True)
    return _served([*within, str(kubo()), "daemon", *options], kubo_environment(home), "Daemon is ready")


def _helia() -> Sample:
    command = ["node", "--input-type=module", "--eval", HELIA.read_text()]
    return _served([*ALONE, *command], dict(os.environ), "addresses", folder=WEB)


def _solid(folder: Path) -> Sample:
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
    connection = http.client.HTTPConnection("localhost", PORT)
    with socket.socket(socket.AF_UNIX) as connection.sock:
        # It says that it listens a moment before it does.
        until = perf_counter() + 5
        while connection.sock.connect_ex(str(listening)) and perf_counter() < until:
            sleep(0.001)
        connection.request("GET", "/")
        answer = connection.getresponse()
        answer.read()
        assert answer.status == 200


def _served(
    command: Sequence[str],
    environment: dict[str, str],
    ready: str,
    ask: Callable[[str], None] = lambda line: None,
    *,
    folder: Path | None = None,
) -> Sample:
    """Return seconds until the process says it is ready and answers, and its resident megabytes after a pause."""
    start = perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        cwd=folder,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
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
