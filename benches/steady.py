"""Whether reads keep their pace while the node works: during a large backup, and while every sync is slow.

The slow disk is a library of a few lines, made here with `cc` and preloaded, in which each sync takes 10 ms more.
"""

import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from time import sleep

from benches.database import wire
from benches.figure import Figure
from benches.redis_server import RedisServer

LEITHER = Path(sys.executable).parent / "leither"
SLOW_SYNC = Path(__file__).parent / "slow_sync.c"
PORT, REDIS_PORT = 4895, 4897
CONNECTIONS = 16
FIELDS = 1000
WRITERS = 4
SECONDS = 4
PACES = {"as fast as it goes": 0, "1,000 a second": 16}
"""Milliseconds between two requests of one connection."""
_TARGET = ">= 0.5x: at most doubles"


class Node:
    """A node with an app."""

    def __init__(self, process: subprocess.Popen[str], environment: dict[str, str], site: Path) -> None:
        self._process = process
        self._environment = environment
        self._databases = count()
        self.port = int(environment["LEITHER_PORT"])
        self.host = f"{self._told('app', 'publish', str(site))}.localhost:{self.port}"
        self._token = (Path(environment["LEITHER_HOME"]) / "token").read_text().strip()

    def _told(self, *words: str) -> str:
        """Run a command that answers about one MiMei, and return that one's id."""
        done = subprocess.run([LEITHER, *words, "--json"], env=self._environment, capture_output=True, check=True)
        found: str = json.loads(done.stdout)["id"]
        return found

    def database(self, entries: int = 0) -> RedisServer:
        """Make a database with `entries` fields of hashes in it."""
        made = self._told("mm", "create", "--type", "db", "--mark", f"bench-{next(self._databases)}")
        server = RedisServer(self._process, int(self._environment["LEITHER_REDIS_PORT"]), made, self._token)
        dice = random.Random(7)
        with server.connect() as connection, connection.makefile("rb") as replies:
            for number in range(entries // FIELDS):
                pairs = (word for field in range(FIELDS) for word in (b"field:%d" % field, dice.randbytes(30)))
                connection.sendall(wire((b"HSET", b"bench:%03d" % number, *pairs)))
                if not replies.readline().startswith(b":"):
                    raise RuntimeError("the database takes no entries")
        return server

    def back_up(self, database: RedisServer) -> None:
        """Back a database up."""
        url = f"http://127.0.0.1:{self.port}/api/v1/mimei/{database.user}/backup"
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": "application/json"}
        asked = urllib.request.Request(url, b"{}", headers, method="POST")
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(asked) as answer:
            answer.read()

    def p99_ms(self, interval_ms: int, work: Callable[[], object]) -> float:
        """Return the 99th percentile of the time to read 10 KiB while `work` runs."""
        where = [str(self.port), "/10k.bin", self.host, str(CONNECTIONS), str(interval_ms)]
        command = [sys.executable, "-m", "benches.latency", *where]
        asking = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        work()
        told = json.loads(asking.communicate("\n")[0])
        return float(told["p99"])


def figures(*, entries: int = 1_000_000, rounds: int = 3) -> Iterator[Figure]:
    """Measure. Takes two or three minutes; without a C compiler there is no slow disk."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name, ExitStack() as opened:
        folder = Path(name)
        node = opened.enter_context(_node(folder / "plain", PORT, REDIS_PORT))
        yield from _beside_backup(node, entries, rounds)
        library = _slow_sync(folder)
        if library is not None:
            slow = opened.enter_context(_node(folder / "slow", PORT + 1, REDIS_PORT + 1, LD_PRELOAD=str(library)))
            yield from _slow_disk(node, slow, rounds)


def _beside_backup(node: Node, entries: int, rounds: int) -> Iterator[Figure]:
    for pace, interval_ms in PACES.items():
        alone, beside = [], []
        for _ in range(rounds):
            database = node.database(entries)
            alone.append(node.p99_ms(interval_ms, _wait))
            beside.append(node.p99_ms(interval_ms, partial(node.back_up, database)))
        work = f"p99 of 10 KiB, {pace}, beside a backup of {entries:,}"
        yield Figure(work, "ms", beside, {"nothing beside": alone}, _TARGET)


def _slow_disk(node: Node, slow: Node, rounds: int) -> Iterator[Figure]:
    for pace, interval_ms in PACES.items():
        alone, beside, slowly = [], [], []
        for _ in range(rounds):
            alone.append(node.p99_ms(interval_ms, _wait))
            with _writers(node):
                beside.append(node.p99_ms(interval_ms, _wait))
            with _writers(slow):
                slowly.append(slow.p99_ms(interval_ms, _wait))
        work = f"p99 of 10 KiB, {pace}, beside {WRITERS} writers, syncs 10 ms slower"
        peers = {"beside the same writers, syncs as they are": beside, "nothing beside": alone}
        yield Figure(work, "ms", slowly, peers, _TARGET)


def _wait() -> None:
    sleep(SECONDS)


@contextmanager
def _writers(node: Node) -> Iterator[None]:
    """Set strings, each durable before the next, while the context lasts."""
    options = node.database().options
    command = ["redis-benchmark", *options, "-q", "-l", "-c", str(WRITERS), "-r", "100000", "-t", "set"]
    writing = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        writing.terminate()
        writing.wait(20)


def _slow_sync(folder: Path) -> Path | None:
    compiler = shutil.which("cc")
    if compiler is None:
        return None
    library = folder / "slow_sync.so"
    subprocess.run([compiler, "-shared", "-fPIC", "-O2", "-o", library, SLOW_SYNC, "-ldl"], check=True)
    return library


@contextmanager
def _node(folder: Path, port: int, redis_port: int, **more: str) -> Iterator[Node]:
    home, site = folder / "home", folder / "site"
    site.mkdir(parents=True)
    (site / "10k.bin").write_bytes(os.urandom(10 * 1024))
    (site / "index.html").write_text("<h1>bench</h1>")
    settings = {"LEITHER_HOME": str(home), "LEITHER_PORT": str(port), "LEITHER_REDIS_PORT": str(redis_port)}
    environment = os.environ | settings | {"LEITHER_WELCOME": "false"}
    process = subprocess.Popen(
        [LEITHER, "up"], env=environment | more, stdout=subprocess.PIPE, text=True, start_new_session=True
    )
    try:
        assert process.stdout is not None
        next(line for line in process.stdout if line.startswith("ready "))
        yield Node(process, environment, site)
    finally:
        process.terminate()
        process.wait(20)
