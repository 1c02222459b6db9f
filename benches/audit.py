"""What it costs that a node notes who did what: processor time of a request, beside the same node noting nothing."""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benches.figure import Figure, in_turns
from benches.redis_server import RedisServer, serve_leither

LEITHER = Path(sys.executable).parent / "leither"
NAMES = "noted", "nothing noted"
_WORKS = {
    "SET, 16 pipelined": (40_000, ("-t", "set", "-P", "16")),
    "GET, 16 pipelined": (100_000, ("-t", "get", "-P", "16")),
    "GET": (20_000, ("-t", "get")),
}
_HERTZ = os.sysconf("SC_CLK_TCK")


def figures(*, rounds: int = 5) -> Iterator[Figure]:
    """Measure. Takes two minutes."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name, ExitStack() as opened:
        folder = Path(name)
        servers = {
            NAMES[0]: opened.enter_context(serve_leither(folder / "noted")),
            NAMES[1]: opened.enter_context(serve_leither(folder / "not", before=("benches.unaudited",))),
        }
        for work, (count, options) in _WORKS.items():
            yield _figure(work, rounds, {each: _redis(server, count, options) for each, server in servers.items()})
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name, ExitStack() as opened:
        folder = Path(name)
        (folder / "site").mkdir()
        (folder / "site" / "file.bin").write_bytes(os.urandom(10 * 1024))
        nodes = {
            each: opened.enter_context(_node(folder / each, folder / "site", 4893 + number))
            for number, each in enumerate(NAMES)
        }
        for work, path in (("GET 10 KiB from an app's origin", "/file.bin"), ("the same at /mm", "/mm/{id}/file.bin")):
            yield _figure(work, rounds, {each: node.load(path) for each, node in nodes.items()})


def _figure(work: str, rounds: int, workers: dict[str, Callable[[], float]]) -> Figure:
    took = in_turns(rounds, **workers)
    return Figure(work, "µs/req", took[NAMES[0]], {NAMES[1]: took[NAMES[1]]}, ">= 0.97x")


def _processor_s(process: int) -> float:
    """Return the processor time that a process has used."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _HERTZ


def _redis(server: RedisServer, count: int, options: tuple[str, ...]) -> Callable[[], float]:
    command = ["redis-benchmark", *server.options, "-q", "-c", "32", "-n", str(count), "-r", "100000", *options]

    def took() -> float:
        began = _processor_s(server.process.pid)
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        if "requests per second" not in told:
            raise RuntimeError(told[-2000:])
        return (_processor_s(server.process.pid) - began) / count * 1e6

    return took


class _Node:
    """A node with a published folder."""

    def __init__(self, process: int, port: int, mimei: str) -> None:
        self._process = process
        self._port = port
        self._mimei = mimei

    def load(self, path: str) -> Callable[[], float]:
        """Return what asks for `path` for two seconds, and returns the processor time of one request (µs)."""
        host = f"localhost:{self._port}" if "{id}" in path else f"{self._mimei}.localhost:{self._port}"
        wanted = path.format(id=self._mimei)
        command = [sys.executable, "-m", "benches.load", str(self._port), wanted, host, "16", "2"]

        def took() -> float:
            began = _processor_s(self._process)
            rate = float(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
            return (_processor_s(self._process) - began) / (rate * 2) * 1e6

        return took


@contextmanager
def _node(home: Path, site: Path, port: int) -> Iterator[_Node]:
    environment = os.environ | {"LEITHER_HOME": str(home), "LEITHER_PORT": str(port), "LEITHER_REDIS_PORT": "0"}
    before = ["benches.unaudited"] if home.name == NAMES[1] else []
    command = [sys.executable, "-m", *before, "leither", "up", "--no-welcome"]
    node = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert node.stdout is not None
        next(line for line in node.stdout if line.startswith("ready "))
        published: list[str | Path] = [LEITHER, "app", "publish", "--json", site]
        told = json.loads(subprocess.run(published, env=environment, capture_output=True, check=True).stdout)
        yield _Node(node.pid, port, re.sub(r"\W", "", told["id"]))
    finally:
        node.terminate()
        node.wait(20)
