"""The Redis front door in a process of its own: killed under load, and raced for."""

from __future__ import annotations

import itertools
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
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
    acknowledged: dict[str, int] = field(default_factory=dict)
    sent: dict[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__init__(daemon=True)

    def run(self) -> None:
        with socket.create_connection(("127.0.0.1", self.served.port), timeout=TIMEOUT_S) as connection:
            replies = connection.makefile("rb")
            connection.sendall(packed("AUTH", self.served.user, self.served.token))
            replies.readline()
            try:
                for value in itertools.count(1):
                    keys = [f"{self.number}:{value % 50}:{each}" for each in range(4)]
                    self.sent |= dict.fromkeys(keys, value)
                    connection.sendall(b"".join(packed("SET", key, str(value)) for key in keys))
                    for key in keys:
                        if replies.readline() != b"+OK\r\n":
                            return
                        self.acknowledged[key] = value
                    self.enough.release()
            except OSError:
                return


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
