"""The Redis front door beside redis-server, with redis-benchmark at 32 clients; every reply to a change is durable.

Against `appendfsync everysec`, Redis' usual setting, which answers before anything is on the disk, ours still waits.
"""

import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benches.figure import Figure, in_turns

CLIENTS = 32
ROUNDS_KEYS = 100_000
_WORKS = {
    "SET": (("-t", "set"), 8_000, ">= 0.8x"),
    "GET": (("-t", "get"), 30_000, ">= 0.8x"),
    "SET, 16 pipelined": (("-t", "set", "-P", "16"), 40_000, ">= 0.5x"),
    "GET, 16 pipelined": (("-t", "get", "-P", "16"), 100_000, ">= 0.4x"),
    "HSET": (("-t", "hset"), 8_000, ""),
    "ZADD": (("-t", "zadd"), 8_000, ""),
    "LPUSH": (("-t", "lpush"), 8_000, ""),
    "ZRANGE of 100": (("ZRANGE", "bench:hundred", "0", "99"), 8_000, ""),
}


def figures(*, rounds: int = 3) -> list[Figure]:
    """Return requests a second of the commands people send most, and the memory of idle connections."""
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name:
        folder = Path(name)
        with _leither(folder) as ours, _redis(folder, "always") as always, _redis(folder, "everysec") as everysec:
            for target in (ours, always, everysec):
                _fill(target)
            found = [_figure(work, rounds, ours, always, everysec) for work in _WORKS]
            return [*found, _idle(ours, always)]


class _Target:
    """A server: how redis-benchmark and redis-cli reach it."""

    def __init__(self, process: subprocess.Popen[str], port: int, user: str = "", token: str = "") -> None:
        self.process = process
        self.options = ["-h", "127.0.0.1", "-p", str(port), *(("--user", user, "-a", token) if user else ())]
        self.port = port

    def rate(self, work: str) -> float:
        arguments, requests, _ = _WORKS[work]
        keys = [] if arguments[0] == "ZRANGE" else ["-r", str(ROUNDS_KEYS)]
        command = ["redis-benchmark", *self.options, "-q", "-c", str(CLIENTS), "-n", str(requests), *keys, *arguments]
        told = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        rates = re.findall(r"([\d.]+) requests per second", told)
        if len(rates) != 1:
            raise RuntimeError(told[-2000:])
        return float(rates[0])

    def memory_bytes(self) -> int:
        status = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+)", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024


def _figure(work: str, rounds: int, ours: _Target, always: _Target, everysec: _Target) -> Figure:
    rates = in_turns(
        rounds,
        ours=lambda: ours.rate(work),
        always=lambda: always.rate(work),
        everysec=lambda: everysec.rate(work),
    )
    peers = {"redis-server, appendfsync always": rates["always"], "redis-server, everysec": rates["everysec"]}
    return Figure(work, "req/s", rates["ours"], peers, _WORKS[work][2], more_is_better=True)


def _idle(ours: _Target, peer: _Target, *, connections: int = 200) -> Figure:
    def each(target: _Target) -> float:
        before = target.memory_bytes()
        held = [socket.create_connection(("127.0.0.1", target.port)) for _ in range(connections)]
        for one in held:
            one.sendall(b"PING\r\n")
            one.recv(100)
        grown = target.memory_bytes() - before
        for one in held:
            one.close()
        return grown / connections / 1024

    samples = in_turns(1, ours=lambda: each(ours), peer=lambda: each(peer))
    return Figure("memory of an idle connection", "KiB", samples["ours"], {"redis-server": samples["peer"]})


def _fill(target: _Target) -> None:
    scored = [str(word) for number in range(100) for word in (number, f"member:{number}")]
    command = ["redis-cli", *target.options, "--no-auth-warning", "ZADD", "bench:hundred", *scored]
    subprocess.run(command, check=True, capture_output=True)


@contextmanager
def _leither(folder: Path) -> Iterator[_Target]:
    command = [sys.executable, "-m", "tests.end_to_end.redis_server", str(folder / "home")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        port, user, token = process.stdout.readline().split()
        yield _Target(process, int(port), user, token)
    finally:
        process.send_signal(signal.SIGKILL)
        process.wait(20)


@contextmanager
def _redis(folder: Path, fsync: str) -> Iterator[_Target]:
    data = folder / fsync
    data.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = shutil.which("redis-server") or "/usr/bin/redis-server"
    options = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(data), "--save", "", "--appendonly", "yes"]
    command = [program, *options, "--appendfsync", fsync]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        next(line for line in process.stdout if "Ready to accept connections" in line)
        yield _Target(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
