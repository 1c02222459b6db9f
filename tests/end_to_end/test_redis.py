"""The Redis front door in a process of its own: killed under load, and raced for."""

from __future__ import annotations

import itertools
import random
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest
import redis

from tests.unit.resp.served import packed

PROJECT = Path(__file__).parents[2]
TIMEOUT_S = 60
CLIENTS = 8
pytestmark = pytest.mark.network


@dataclass
class Process:
    """A serving process and how to reach it."""

    process: subprocess.Popen[str]
    port: int
    user: str
    token: str

    def client(self) -> redis.Redis:
        return redis.Redis(port=self.port, username=self.user, password=self.token, decode_responses=True)


@contextmanager
def serving(home: Path) -> Iterator[Process]:
    command = [sys.executable, "-m", "tests.end_to_end.redis_server", str(home)]
    process = subprocess.Popen(command, cwd=PROJECT, stdout=subprocess.PIPE, text=True, start_new_session=True)
    try:
        assert process.stdout is not None
        port, user, token = process.stdout.readline().split()
        yield Process(process, int(port), user, token)
    finally:
        process.kill()
        process.communicate(timeout=TIMEOUT_S)


@dataclass(eq=False)
class Writer(threading.Thread):
    """Sets its own keys, four to a request, one value after the other, until the server is gone."""

    served: Process
    number: int
    enough: threading.Semaphore
    first: int = 1
    acknowledged: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        with suppress(OSError):
            self._work()

    def _work(self) -> None:
        address = "127.0.0.1", self.served.port
        with socket.create_connection(address, timeout=TIMEOUT_S) as connection, connection.makefile("rb") as replies:
            connection.sendall(packed("AUTH", self.served.user, self.served.token))
            if replies.readline() != b"+OK\r\n":
                return
            for value in itertools.count(self.first):
                keys = [f"{self.number}:{value % 50}:{each}" for each in range(4)]
                self.sent |= dict.fromkeys(keys, value)
                connection.sendall(b"".join(packed("SET", key, str(value)) for key in keys))
                for key in keys:
                    if replies.readline() != b"+OK\r\n":
                        return
                    self.acknowledged[key] = value
                self.enough.release()


def test_every_acknowledged_set_is_there_after_kill_9(tmp_path: Path) -> None:
    enough = threading.Semaphore(0)
    with serving(tmp_path) as served:
        writers = [Writer(served, number, enough) for number in range(CLIENTS)]
        for writer in writers:
            writer.start()
        for _ in range(400):
            assert enough.acquire(timeout=TIMEOUT_S)
        served.process.send_signal(signal.SIGKILL)
        for writer in writers:
            writer.join(TIMEOUT_S)
    with serving(tmp_path) as served, served.client() as client:
        for writer in writers:
            keys = sorted(writer.acknowledged)
            for key, found in zip(keys, client.mget(keys), strict=True):
                assert writer.acknowledged[key] <= int(found) <= writer.sent[key]


@contextmanager
def benchmarked(served: Process) -> Iterator[None]:
    """Have redis-benchmark set keys of its own, as fast as it can, while the context lasts or the server does."""
    program = shutil.which("redis-benchmark")
    assert program is not None, "redis-benchmark is not on this machine; tools/debian-packages.txt names its package"
    options = ["-t", "set", "-n", "100000000", "-r", "100000", "-c", "16", "-P", "4", "-q"]
    whom = ["-p", str(served.port), "--user", served.user, "-a", served.token]
    process = subprocess.Popen([program, *whom, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield
    finally:
        process.kill()
        process.wait(TIMEOUT_S)


def kill_again_and_again(home: Path, *, lives: int, seed: int) -> None:
    """End each life of one home by kill -9 under load. All that any life acknowledged must be there in the next."""
    chance = random.Random(seed)
    acknowledged: dict[str, int] = {}
    sent: dict[str, int] = {}
    loaded = 0
    for life in range(lives):
        enough = threading.Semaphore(0)
        with serving(home) as served:
            with served.client() as client:
                keep_what_is_acknowledged(client, acknowledged, sent, seed)
                loaded = max(loaded, client.dbsize() - len(sent))
            writers = [Writer(served, number, enough, first=1 + life * 1_000_000) for number in range(CLIENTS)]
            with benchmarked(served):
                for writer in writers:
                    writer.start()
                for _ in range(chance.randint(1, 150)):
                    assert enough.acquire(timeout=TIMEOUT_S)
                served.process.send_signal(signal.SIGKILL)
                for writer in writers:
                    writer.join(TIMEOUT_S)
        for writer in writers:
            acknowledged |= writer.acknowledged
            sent |= writer.sent
    with serving(home) as served, served.client() as client:
        keep_what_is_acknowledged(client, acknowledged, sent, seed)
    assert loaded > 0, "redis-benchmark set nothing"


def keep_what_is_acknowledged(
    client: redis.Redis, acknowledged: dict[str, int], sent: dict[str, int], seed: int
) -> None:
    """Compare each key: at least what was acknowledged last, at most what was sent last. Go on from what is there."""
    keys = sorted(sent)
    for key, found in zip(keys, client.mget(keys) if keys else (), strict=True):
        value = int(found or 0)
        assert acknowledged.get(key, 0) <= value <= sent[key], f"seed {seed}, key {key}"
        acknowledged[key] = value


def test_every_acknowledged_set_is_there_after_kills_in_a_row_under_redis_benchmark(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, lives=3, seed=1)


@pytest.mark.soak
@pytest.mark.timeout(3600)
def test_every_acknowledged_set_is_there_after_many_kills_under_redis_benchmark(tmp_path: Path) -> None:
    kill_again_and_again(tmp_path, lives=50, seed=random.randrange(1 << 30))


def test_transactions_of_racing_clients_lose_no_update(tmp_path: Path) -> None:
    """Each client moves one unit between two accounts, under WATCH, so often; nothing is made or lost."""
    moves = 25

    def move(client: redis.Redis, source: str, target: str) -> None:
        def exchange(pipe: redis.client.Pipeline) -> None:
            here, there = int(pipe.get(source)), int(pipe.get(target))  # type: ignore[arg-type]
            pipe.multi()
            pipe.set(source, here - 1)
            pipe.set(target, there + 1)
            pipe.rpush("log", f"{source} {here} {target} {there}")

        for _ in range(moves):
            client.transaction(exchange, source, target)

    with serving(tmp_path) as served, served.client() as client:
        client.mset({"a": 1000, "b": 1000, "c": 1000})
        pairs = [("a", "b"), ("b", "c"), ("c", "a"), ("b", "a")]
        threads = [threading.Thread(target=move, args=(served.client(), *pair)) for pair in pairs]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(TIMEOUT_S)
        log = client.lrange("log", 0, -1)
        found = {key: int(client.get(key)) for key in "abc"}
    # The log is in the order of the transactions, so the model takes each move as it happened, and must have seen
    # exactly what the client saw.
    model = {"a": 1000, "b": 1000, "c": 1000}
    for line in log:
        source, here, target, there = line.split()
        assert (model[source], model[target]) == (int(here), int(there))
        model[source] -= 1
        model[target] += 1
    assert len(log) == moves * len(pairs)
    assert found == model
