"""The Redis front door beside redis-server, with 32 clients, each side at both of its promises.

`always`, which is how ours comes, and which redis-server calls `appendfsync always`: a reply to a change says that it
is on the disk. `everysec`: it will be within a second, which is how redis-server is usually run.
"""

import re
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

from benches.figure import Figure, in_turns
from benches.redis_server import RedisServer, serve_leither, serve_redis
from benches.transactions import transactions
from leither.config import SETTINGS

CLIENTS = 32
KEYS = 100_000


@dataclass(frozen=True, slots=True)
class Work:
    """What is asked for, as redis-benchmark is told, or as `rate` does it. `both`: at either promise of ours."""

    requests: int
    options: tuple[str, ...] = ()
    target: str = ""
    both: bool = False
    unit: str = "req/s"


_WORKS = {
    "SET": Work(8_000, ("-t", "set"), ">= 0.8x always", both=True),
    "GET": Work(30_000, ("-t", "get"), ">= 0.8x always", both=True),
    "SET, 16 pipelined": Work(40_000, ("-t", "set", "-P", "16"), ">= 0.5x always", both=True),
    "GET, 16 pipelined": Work(100_000, ("-t", "get", "-P", "16"), ">= 0.4x", both=True),
    "MULTI, ten SET, EXEC": Work(3_000, both=True, unit="tx/s"),
    "HSET": Work(8_000, ("-t", "hset")),
    "ZADD": Work(8_000, ("-t", "zadd")),
    "LPUSH": Work(8_000, ("-t", "lpush")),
    "ZRANGE of 100": Work(8_000, ("ZRANGE", "bench:hundred", "0", "99")),
}


def figures(*, rounds: int = 3) -> Iterator[Figure]:
    """Measure requests a second of the commands people send most, and the memory of idle connections."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name, ExitStack() as opened:
        folder = Path(name)
        servers = {
            "ours": opened.enter_context(serve_leither(folder / "home")),
            "redis-server, always": opened.enter_context(serve_redis(folder / "always", *_syncing("always"))),
            "redis-server, everysec": opened.enter_context(serve_redis(folder / "everysec", *_syncing("everysec"))),
        }
        if "durability" in SETTINGS:
            servers["ours, everysec"] = opened.enter_context(serve_leither(folder / "lazy", durability="everysec"))
        for server in servers.values():
            _fill(server)
        for work in _WORKS:
            yield from _figures(work, rounds, servers)
        yield _idle(servers["ours"], servers["redis-server, always"])


def _figures(work: str, rounds: int, servers: dict[str, RedisServer]) -> Iterator[Figure]:
    asked = _WORKS[work]
    measured = {name: server for name, server in servers.items() if asked.both or name != "ours, everysec"}
    rates = in_turns(rounds, **{name: _rate(server, asked) for name, server in measured.items()})
    peers = {name: found for name, found in rates.items() if name.startswith("redis-server")}
    yield Figure(work, asked.unit, rates["ours"], peers, asked.target, more_is_better=True)
    if "ours, everysec" in rates:
        like = {name: found for name, found in peers.items() if name.endswith("everysec")}
        yield Figure(f"{work}, ours in everysec too", asked.unit, rates["ours, everysec"], like, more_is_better=True)


def _rate(server: RedisServer, work: Work) -> Callable[[], float]:
    if not work.options:
        return lambda: transactions(server, clients=CLIENTS, count=work.requests, keys=KEYS)
    keys = ["-r", str(KEYS)] if work.options[0] == "-t" else []
    command = ["redis-benchmark", *server.options, "-q", "-c", str(CLIENTS), "-n", str(work.requests)]

    def rate() -> float:
        told = subprocess.run([*command, *keys, *work.options], capture_output=True, text=True, check=True).stdout
        rates = re.findall(r"([\d.]+) requests per second", told)
        if len(rates) != 1:
            raise RuntimeError(told[-2000:])
        return float(rates[0])

    return rate


def _syncing(when: str) -> tuple[str, ...]:
    return "--appendonly", "yes", "--appendfsync", when


def _idle(ours: RedisServer, peer: RedisServer, *, connections: int = 200) -> Figure:
    def each(server: RedisServer) -> float:
        before = server.memory_bytes()
        held = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(connections)]
        for one in held:
            one.sendall(b"PING\r\n")
            one.recv(100)
        grown = server.memory_bytes() - before
        for one in held:
            one.close()
        return grown / connections / 1024

    samples = in_turns(1, ours=lambda: each(ours), peer=lambda: each(peer))
    return Figure("memory of an idle connection", "KiB", samples["ours"], {"redis-server": samples["peer"]})


def _fill(server: RedisServer) -> None:
    scored = [str(word) for number in range(100) for word in (number, f"member:{number}")]
    command = ["redis-cli", *server.options, "--no-auth-warning", "ZADD", "bench:hundred", *scored]
    subprocess.run(command, check=True, capture_output=True)
