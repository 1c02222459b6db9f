"""Servers that speak Redis' protocol: redis-server, and ours."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class RedisServer:
    """A running server. Ours wants `user`, which is the database, and `token`; both are empty for redis-server."""

    process: subprocess.Popen[str]
    port: int
    user: str = ""
    token: str = ""

    @property
    def options(self) -> list[str]:
        """How redis-benchmark and redis-cli reach it."""
        return [
            "-h",
            "127.0.0.1",
            "-p",
            str(self.port),
            *(("--user", self.user, "-a", self.token) if self.user else ()),
        ]

    def connect(self) -> socket.socket:
        """Return a connection, signed in."""
        connection = socket.create_connection(("127.0.0.1", self.port))
        if self.user:
            connection.sendall(f"AUTH {self.user} {self.token}\r\n".encode())
            if connection.recv(100) != b"+OK\r\n":
                raise RuntimeError("the server takes no token")
        return connection

    def memory_bytes(self) -> int:
        """Return what it holds of the machine's memory; what it shares counts in proportion."""
        status = Path(f"/proc/{self.process.pid}/smaps_rollup").read_text()
        found = re.search(r"^Pss:\s+(\d+)", status, re.MULTILINE)
        assert found is not None
        return int(found[1]) * 1024


@contextmanager
def serve_leither(home: Path, *, before: tuple[str, ...] = (), **settings: str) -> Iterator[RedisServer]:
    """Run a node of ours with a database. `before`: a module that runs it, and what that is given first."""
    command = [sys.executable, "-m", *before, "tests.end_to_end.redis_server", str(home)]
    environment = os.environ | {f"LEITHER_{name.upper()}": value for name, value in settings.items()}
    process = subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        port, user, token = process.stdout.readline().split()
        yield RedisServer(process, int(port), user, token)
    finally:
        process.kill()
        process.wait(20)


@contextmanager
def serve_redis(folder: Path, *options: str) -> Iterator[RedisServer]:
    """Run a redis-server that keeps what it has in `folder`, and saves no snapshot by itself."""
    folder.mkdir()
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    program = shutil.which("redis-server") or "/usr/bin/redis-server"
    here = ["--bind", "127.0.0.1", "--port", str(port), "--dir", str(folder), "--save", ""]
    process = subprocess.Popen([program, *here, *options], stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        next(line for line in process.stdout if "Ready to accept connections" in line)
        yield RedisServer(process, port)
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)
