"""Versions of a database of a million entries: its first backup, a backup of a thousand scattered changes, their diff.

The services are called in this process, set up as a node's, with the real stores on the disk. Every side is durable
when it is done.
"""

import json
import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from time import perf_counter

import lmdb

from benches.figure import Figure, in_turns
from benches.growth import open_engines
from benches.peers import HERE, doltlite
from benches.redis_server import serve_redis
from leither.db import execute
from leither.node.pace import take_turns
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.service.diff import diff
from leither.service.engines import Engines
from leither.service.holding import load

BATCH = 20_000
Words = tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class Round:
    """Milliseconds to change some entries, to make a version of that, and to read what differs."""

    change: float
    version: float
    diff: float


def figures(*, entries: int = 1_000_000, changes: int = 1000, rounds: int = 5) -> Iterator[Figure]:
    """Measure. Takes two minutes at the default sizes, most of it to fill."""
    take_turns()
    with tempfile.TemporaryDirectory(prefix="leither-bench-") as name, ExitStack() as opened:
        folder = Path(name)
        ours = opened.enter_context(_ours(folder / "fields", hash_field, entries, changes))
        peer = opened.enter_context(_doltlite(folder, entries, changes))
        snapshots = {
            "all of it, redis-server SAVE": opened.enter_context(_redis(folder, entries)),
            "all of it, a copy of plain LMDB": opened.enter_context(_lmdb(folder, entries)),
        }
        of = f"{entries:,} entries"
        yield Figure(f"first backup of {of}", "ms", [ours.first_ms], target="<= 2,000 ms")
        whole = {"doltlite, INSERT and dolt_commit": [peer.first_ms + peer.filled_ms]} if peer else {}
        yield Figure(f"{of} put in, and their first backup", "ms", [ours.filled_ms + ours.first_ms], whole)
        yield from _in_rounds(ours, peer, snapshots, f"{changes:,} scattered changes in {of}", rounds)
        strings = opened.enter_context(_ours(folder / "strings", string, entries, changes))
        of = f"{entries:,} strings, two entries each"
        yield Figure(f"first backup of {of}", "ms", [strings.first_ms])
        later = in_turns(rounds, ours=lambda: strings.round().version)
        yield Figure(f"backup of {changes:,} changed ones of them", "ms", later["ours"])


def _in_rounds(
    ours: "_Ours", peer: "_Doltlite | None", snapshots: dict[str, Callable[[], float]], what: str, rounds: int
) -> Iterator[Figure]:
    mine: list[Round] = []
    theirs: list[Round] = []
    whole: dict[str, list[float]] = {name: [] for name in snapshots}
    for _ in range(rounds):
        mine.append(ours.round())
        theirs += [peer.round()] if peer else []
        for name, take in snapshots.items():
            whole[name].append(take())

    def beside(name: str, part: Callable[[Round], float]) -> dict[str, list[float]]:
        return {f"doltlite, {name}": [part(each) for each in theirs]} if theirs else {}

    alone = beside("dolt_commit alone", lambda each: each.version)
    target = "<= 100 ms, >= 5x all of it"
    yield Figure(f"backup of {what}", "ms", [each.version for each in mine], {**whole, **alone}, target)
    both = beside("UPDATE and dolt_commit", lambda each: each.change + each.version)
    yield Figure("those changes and their backup", "ms", [each.change + each.version for each in mine], both)
    found = beside("dolt_diff", lambda each: each.diff)
    yield Figure("diff of those two versions", "ms", [each.diff for each in mine], found, "<= 150 ms")


def hash_field(number: int, value: bytes) -> Words:
    """Return the command that sets one of the fields of a thousand hashes, which is one entry each."""
    return b"HSET", b"bench:%03d" % (number % 1000), b"field:%d" % (number // 1000), value


def string(number: int, value: bytes) -> Words:
    """Return the command that sets a string, which is two entries: itself, and that its key exists."""
    return b"SET", b"key:%d" % number, value


class _Ours:
    """A database of this node, filled and backed up once."""

    def __init__(self, engines: Engines, command: Callable[[int, bytes], Words], entries: int, changes: int) -> None:
        self._engines = engines
        self._command = command
        self._entries, self._changes = entries, changes
        self._dice = random.Random(7)
        self._mimei = Catalog(engines).create(kind="db", mark="bench")[0].id
        self._database = Database.open(engines, self._mimei)
        start = perf_counter()
        for first in range(0, entries, BATCH):
            self._run(range(first, min(first + BATCH, entries)))
        filled = perf_counter()
        self.filled_ms = (filled - start) * 1000
        self._last = backup(engines, self._mimei).cid
        self.first_ms = (perf_counter() - filled) * 1000

    def _run(self, numbers: range | list[int]) -> None:
        commands = [self._command(number, self._dice.randbytes(30)) for number in numbers]
        self._database.write(lambda space: [execute(space, words) for words in commands]).result()

    def round(self) -> Round:
        """Change, back up, and compare with the version before."""
        engines, mimei = self._engines, self._mimei
        chosen = self._dice.sample(range(self._entries), self._changes)
        start = perf_counter()
        self._run(chosen)
        changed = perf_counter()
        made = backup(engines, mimei).cid
        saved = perf_counter()
        with engines.state.read() as view:
            found = sum(1 for _ in diff(engines, view, load(engines, view, mimei), self._last, made))
        compared = perf_counter()
        if found != self._changes:
            raise RuntimeError(f"{found} entries differ")
        self._last = made
        return Round((changed - start) * 1000, (saved - changed) * 1000, (compared - saved) * 1000)


@contextmanager
def _ours(folder: Path, command: Callable[[int, bytes], Words], entries: int, changes: int) -> Iterator[_Ours]:
    engines = open_engines(folder)
    try:
        yield _Ours(engines, command, entries, changes)
    finally:
        engines.state.close()
        engines.blocks.close()


class _Doltlite:
    """The same work in a process that has doltlite in SQLite's place."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process
        filled = self._answer()
        self.filled_ms, self.first_ms = filled["fill"], filled["commit"]

    def _answer(self) -> dict[str, float]:
        assert self._process.stdout is not None
        found: dict[str, float] = json.loads(self._process.stdout.readline())
        return found

    def _ask(self, what: str) -> dict[str, float]:
        assert self._process.stdin is not None
        self._process.stdin.write(what + "\n")
        self._process.stdin.flush()
        return self._answer()

    def round(self) -> Round:
        """Change, commit, and compare with the commit before."""
        changed = self._ask("change")
        return Round(changed["change"], changed["commit"], self._ask("diff")["diff"])


@contextmanager
def _doltlite(folder: Path, entries: int, changes: int) -> Iterator[_Doltlite | None]:
    python = doltlite()
    if python is None:
        yield None
        return
    command: list[str | Path] = [python, HERE / "doltlite" / "measure.py", folder, str(entries), str(changes)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        yield _Doltlite(process)
    finally:
        process.communicate()


@contextmanager
def _redis(folder: Path, entries: int) -> Iterator[Callable[[], float]]:
    """Yield what times SAVE, which writes everything anew and syncs it, of a server that holds the same."""
    with (
        serve_redis(folder / "redis", "--appendonly", "no") as server,
        socket.create_connection(("127.0.0.1", server.port)) as connection,
    ):
        replies = connection.makefile("rb")
        dice = random.Random(7)
        for first in range(0, entries, BATCH):
            numbers = range(first, min(first + BATCH, entries))
            connection.sendall(b"".join(wire(hash_field(number, dice.randbytes(30))) for number in numbers))
            if any(replies.readline() != b":1\r\n" for _ in numbers):
                raise RuntimeError("redis-server refused an entry")

        def save() -> float:
            start = perf_counter()
            connection.sendall(b"SAVE\r\n")
            if replies.readline() != b"+OK\r\n":
                raise RuntimeError("redis-server did not save")
            return (perf_counter() - start) * 1000

        yield save


def wire(words: Words) -> bytes:
    """Return a command as the Redis protocol sends it."""
    return b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(word), word) for word in words)


@contextmanager
def _lmdb(folder: Path, entries: int) -> Iterator[Callable[[], float]]:
    """Yield what times a copy of an environment that holds the same, synced."""
    dice = random.Random(7)
    with lmdb.open(str(folder / "lmdb"), map_size=1 << 32) as environment:
        rows = sorted((b"".join(hash_field(number, b"")), dice.randbytes(30)) for number in range(entries))
        with environment.begin(write=True) as transaction, transaction.cursor() as cursor:
            cursor.putmulti(rows, append=True)
        yield partial(_copy, environment, folder / "copy")


def _copy(environment: lmdb.Environment, target: Path) -> float:
    target.mkdir()
    start = perf_counter()
    environment.copy(str(target))
    descriptor = os.open(target / "data.mdb", os.O_RDWR)
    os.fsync(descriptor)
    os.close(descriptor)
    elapsed = (perf_counter() - start) * 1000
    shutil.rmtree(target)
    return elapsed
