"""A tree of small files over WebDAV by rclone, and one large collection, beside WsgiDAV on a plain folder.

A put to a node is durable when it is answered; WsgiDAV leaves that to the system. rclone spaces its calls by 10 ms, so
one alone would measure that; several, each with a part of the tree, measure the server.
"""

import http.client
import json
import os
import random
import shutil
import subprocess
import sys
import tempfile
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from time import perf_counter

from benches.figure import Figure, in_turns
from benches.peers import HERE, wsgidav

LEITHER = Path(sys.executable).parent / "leither"
PORT, PEER_PORT = 4893, 4894
RCLONES = 8


@dataclass(frozen=True)
class Server:
    """Where a server is reached. `rounds` numbers the folders made on it."""

    port: int
    path: str
    password: str
    rounds: Iterator[int]


def figures(*, files: int = 5000, rounds: int = 3) -> list[Figure]:
    """Return files a second up and down, and the time of one listing. Needs rclone."""
    if shutil.which("rclone") is None:
        return []
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name:
        folder = Path(name)
        parts = _parts(folder / "source", files)
        with _node(folder) as ours, _peer(folder) as peer:
            servers = {"leither": ours} | ({"WsgiDAV, plain folder, no fsync": peer} if peer else {})
            up = in_turns(
                rounds, **{name: lambda at=at: _sync(folder, at, parts, files) for name, at in servers.items()}
            )
            down = in_turns(
                rounds, **{name: lambda at=at: _back(folder, at, parts, files) for name, at in servers.items()}
            )
            for at in servers.values():
                _fill(at, files)
            listed = in_turns(rounds * 3, **{name: lambda at=at: _list(at, files) for name, at in servers.items()})
    by = f"by {RCLONES} rclones at once"
    return [
        Figure(
            f"{files:,} small files up, durable, {by}", "file/s", up.pop("leither"), up, ">= 1x", more_is_better=True
        ),
        Figure(f"the same tree down, {by}", "file/s", down.pop("leither"), down, ">= 1x", more_is_better=True),
        Figure(f"PROPFIND of a collection of {files:,}", "ms", listed.pop("leither"), listed, "<= 1000 ms"),
    ]


def _parts(source: Path, files: int) -> list[Path]:
    """Make the tree, in as many parts as rclones carry it."""
    dice = random.Random(7)
    parts = [source / f"part-{number}" for number in range(RCLONES)]
    for number in range(files):
        place = parts[number % RCLONES] / f"folder-{number // RCLONES % 12}"
        place.mkdir(parents=True, exist_ok=True)
        (place / f"file-{number}.txt").write_bytes(dice.randbytes(dice.randrange(200, 4000)))
    return parts


def _rclones(at: Server, commands: list[list[str]]) -> None:
    obscured = subprocess.run(["rclone", "obscure", at.password], capture_output=True, text=True, check=True).stdout
    environment = os.environ | {
        "RCLONE_CONFIG": "/dev/null",
        "RCLONE_CONFIG_AT_TYPE": "webdav",
        "RCLONE_CONFIG_AT_URL": f"http://127.0.0.1:{at.port}{at.path}",
        "RCLONE_CONFIG_AT_VENDOR": "other",
        "RCLONE_CONFIG_AT_USER": "x",
        "RCLONE_CONFIG_AT_PASS": obscured.strip(),
    }
    running = [subprocess.Popen(["rclone", *command, "--transfers", "4"], env=environment) for command in commands]
    if any([each.wait() for each in running]):
        raise RuntimeError("an rclone failed")


def _sync(folder: Path, at: Server, parts: list[Path], files: int) -> float:
    number = next(at.rounds)
    start = perf_counter()
    _rclones(at, [["copy", str(part), f"at:tree-{number}/{part.name}"] for part in parts])
    return files / (perf_counter() - start)


def _back(folder: Path, at: Server, parts: list[Path], files: int) -> float:
    target = folder / "back"
    start = perf_counter()
    _rclones(at, [["copy", f"at:tree-0/{part.name}", str(target / part.name)] for part in parts])
    rate = files / (perf_counter() - start)
    if sum(path.is_file() for path in target.rglob("*")) != files:
        raise RuntimeError("files are missing")
    shutil.rmtree(target)
    return rate


def _call(connection: http.client.HTTPConnection, at: Server, method: str, path: str, body: bytes = b"") -> bytes:
    secret = b64encode(f"x:{at.password}".encode()).decode()
    headers = {"Authorization": f"Basic {secret}"} | ({"Depth": "1"} if method == "PROPFIND" else {})
    connection.request(method, at.path + path, body=body, headers=headers)
    reply = connection.getresponse()
    data = reply.read()
    if reply.status >= 300:
        raise RuntimeError(f"{method} {path}: {reply.status}")
    return data


def _fill(at: Server, files: int) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", at.port)
    _call(connection, at, "MKCOL", "/large")
    for number in range(files):
        _call(connection, at, "PUT", f"/large/file-{number}.txt", b"x")


def _list(at: Server, files: int) -> float:
    connection = http.client.HTTPConnection("127.0.0.1", at.port)
    start = perf_counter()
    found = _call(connection, at, "PROPFIND", "/large")
    elapsed = perf_counter() - start
    if found.count(b"response>") != 2 * (files + 1):
        raise RuntimeError("members are missing")
    return elapsed * 1000


@contextmanager
def _node(folder: Path) -> Iterator[Server]:
    home = folder / "home"
    environment = os.environ | {"LEITHER_HOME": str(home), "LEITHER_PORT": str(PORT), "LEITHER_WELCOME": "false"}
    node = subprocess.Popen([LEITHER, "up"], env=environment, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert node.stdout is not None
        next(line for line in node.stdout if line.startswith("ready "))
        command: list[str | Path] = [LEITHER, "mm", "create", "--type", "fs", "--mark", "bench", "--json"]
        made = json.loads(subprocess.run(command, env=environment, capture_output=True, check=True).stdout)
        yield Server(PORT, f"/dav/{made['id']}", (home / "token").read_text().strip(), count())
    finally:
        node.terminate()
        node.wait(20)


@contextmanager
def _peer(folder: Path) -> Iterator[Server | None]:
    python = wsgidav()
    if python is None:
        yield None
        return
    (folder / "peer").mkdir()
    command: list[str | Path] = [python, HERE / "wsgidav" / "serve.py", str(PEER_PORT), folder / "peer"]
    peer = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
    at = Server(PEER_PORT, "", "peer", count())
    try:
        while True:
            try:
                _call(http.client.HTTPConnection("127.0.0.1", PEER_PORT), at, "PROPFIND", "/")
                break
            except ConnectionError:
                continue
        yield at
    finally:
        peer.terminate()
        peer.wait(20)
