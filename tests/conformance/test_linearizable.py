"""Whatever clients do at once, what they hear is as if all had happened one by one: judged by porcupine."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.histories import Call, Recorder, build, judged
from tests.conformance.history_clients import (
    LIST,
    NUMBER,
    STRINGS,
    AsyncClients,
    Chance,
    Door,
    PipeliningClient,
    Plan,
    SyncClient,
    WebClient,
)
from tests.end_to_end.program import Up, ok, up
from tests.end_to_end.test_redis import serving
from tests.unit.resp.served import Served, served

TIMEOUT_S = 60
CLIENTS = 8
pytestmark = pytest.mark.network


@pytest.fixture(scope="module")
def checker(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(tmp_path_factory.mktemp("checker"))


@pytest.fixture
def door() -> Iterator[Served]:
    with served() as found:
        yield found


def work(door: Door, recorder: Recorder, seed: int, steps: int, *, first: int = 0) -> list[threading.Thread]:
    """Start clients of all kinds, numbered from `first` on."""
    plans = [Chance(seed, first + number).plans(steps) for number in range(CLIENTS)]
    clients = [
        *(SyncClient(door, first + number, plans[number], recorder) for number in range(3)),
        AsyncClients(door, {first + number: plans[number] for number in range(3, 7)}, recorder),
        PipeliningClient(door, first + 7, plans[7], recorder),
    ]
    for client in clients:
        client.start()
    return clients


@pytest.mark.parametrize("seed", range(3))
def test_histories_of_several_clients_are_linearizable(door: Served, checker: Path, tmp_path: Path, seed: int) -> None:
    recorder = Recorder()
    for client in work(Door(door.port, door.id, door.token), recorder, seed, 40):
        client.join(TIMEOUT_S)
    assert all(call.known for call in recorder.calls)
    assert any(call.kind == "exec" and call.replies is None for call in recorder.calls)
    assert any(call.kind == "exec" and call.replies for call in recorder.calls)
    accept(checker, recorder, tmp_path)


def accept(checker: Path, recorder: Recorder, folder: Path, *options: str) -> None:
    """Judge a history; one that can't be is kept."""
    said = judged(checker, recorder.calls, *options)
    kept = folder / "history.jsonl"
    kept.write_text("".join(call.line() + "\n" for call in recorder.calls))
    assert said == "linearizable\n", f"{said}the history is in {kept}"


def test_a_history_over_several_kills_is_linearizable_and_has_all_that_was_answered(
    checker: Path, tmp_path: Path
) -> None:
    """What was answered before a kill -9 is there after it; what was not is there whole or not at all."""
    kill_and_judge(checker, tmp_path, seed=1, lives=3)


@pytest.mark.soak
@pytest.mark.timeout(3600)
@pytest.mark.parametrize("round_", range(20))
def test_many_histories_over_several_kills_are_linearizable(checker: Path, tmp_path: Path, round_: int) -> None:
    kill_and_judge(checker, tmp_path, seed=random.randrange(1 << 30), lives=3)


def kill_and_judge(checker: Path, folder: Path, *, seed: int, lives: int) -> None:
    chance = random.Random(seed)
    recorder = Recorder()
    for life in range(lives):
        with serving(folder / "home") as node:
            clients = work(Door(node.port, node.user, node.token), recorder, seed, 10_000, first=life * CLIENTS)
            recorder.await_answers(chance.randint(100, 250))
            node.process.kill()
            node.process.wait(TIMEOUT_S)
            for client in clients:
                client.join(TIMEOUT_S)
            recorder.killed()
    with serving(folder / "home") as node:
        read_all(Door(node.port, node.user, node.token), recorder, lives * CLIENTS)
    assert any(not call.known for call in recorder.calls), f"seed {seed}: nothing was under way at any kill"
    accept(checker, recorder, folder)


@pytest.mark.parametrize("seed", range(2))
def test_histories_through_two_doors_are_linearizable(checker: Path, tmp_path: Path, seed: int) -> None:
    """What the API changes stops a transaction that watches it, or any other key of the database."""
    home = tmp_path / "home"
    recorder = Recorder()
    with up(home) as node:
        door = opened(home, node)
        clients = work(door, recorder, seed, 40)
        for number in range(CLIENTS, CLIENTS + 3):
            plans = Chance(seed, number).plans(60)
            clients.append(WebClient(f"localhost:{node.port}", door, number, plans, recorder))
            clients[-1].start()
        for client in clients:
            client.join(TIMEOUT_S)
    assert all(call.known for call in recorder.calls)
    accept(checker, recorder, tmp_path, "-spurious")


def opened(home: Path, node: Up) -> Door:
    """Make a database on a node, and return how to reach it."""
    mimei = ok(home, "mm", "create", "--type", "db", "--mark", "tried")["id"]
    token = ok(home, "token", "create", "clients", "--scope", "write")["token"]
    ports = {int(address.rpartition(":")[2]) for address in ok(home, "status")["listening"]} - {node.port}
    return Door(ports.pop(), mimei, token)


def read_all(door: Door, recorder: Recorder, number: int) -> None:
    """Read every key, as a client of its own."""
    plans = [Plan([["MGET", *STRINGS, NUMBER]]), Plan([["LRANGE", LIST, "0", "-1"]])]
    client = SyncClient(door, number, plans, recorder)
    client.start()
    client.join(TIMEOUT_S)


def history(*lines: tuple[int, int, int, str, str, object]) -> list[Call]:
    """Calls as (client, made, answered, kind, commands apart by ;, replies)."""
    return [
        Call(client, kind, [words.split() for words in commands.split(";")], call, end, known=True, replies=replies)  # type: ignore[arg-type]
        for client, call, end, kind, commands, replies in lines
    ]


SOUND: dict[str, list[Call]] = {
    "a read beside a write sees it": history((0, 0, 9, "run", "SET s 1", ["OK"]), (1, 1, 2, "run", "GET s", ["1"])),
    "a read beside a write does not see it": history(
        (0, 0, 9, "run", "SET s 1", ["OK"]), (1, 1, 2, "run", "GET s", [None])
    ),
    "a transaction that was stopped": history(
        (0, 0, 1, "watch", "WATCH s", ["OK"]),
        (1, 2, 3, "run", "SET s 1", ["OK"]),
        (0, 4, 5, "exec", "SET s 2", None),
        (1, 6, 7, "run", "GET s", ["1"]),
    ),
}
DOCTORED: dict[str, list[Call]] = {
    "a stale read": history(
        (0, 0, 1, "run", "SET s 1", ["OK"]),
        (0, 2, 3, "run", "SET s 2", ["OK"]),
        (1, 4, 5, "run", "GET s", ["1"]),
    ),
    "a read that goes back": history(
        (0, 0, 9, "run", "SET s 1", ["OK"]),
        (1, 1, 2, "run", "GET s", ["1"]),
        (2, 3, 4, "run", "GET s", [None]),
    ),
    "a lost update": history(
        (0, 0, 9, "run", "INCR n", [1]),
        (1, 0, 9, "run", "INCR n", [1]),
        (0, 10, 11, "run", "GET n", ["1"]),
    ),
    "an update lost by a transaction that should have been stopped": history(
        (0, 0, 1, "watch", "WATCH n", ["OK"]),
        (0, 2, 3, "run", "GET n", [None]),
        (1, 4, 5, "run", "INCR n", [1]),
        (0, 6, 7, "exec", "SET n 1", ["OK"]),
    ),
    "a transaction stopped by nothing": history(
        (0, 0, 1, "watch", "WATCH s", ["OK"]),
        (1, 2, 3, "run", "SET t 1", ["OK"]),
        (0, 4, 5, "exec", "SET s 2", None),
    ),
    "a stopped transaction that did something": history(
        (0, 0, 1, "watch", "WATCH s", ["OK"]),
        (1, 2, 3, "run", "SET s 1", ["OK"]),
        (0, 4, 5, "exec", "SET s 2", None),
        (1, 6, 7, "run", "GET s", ["2"]),
    ),
    "a transaction seen by halves": history(
        (0, 0, 9, "exec", "SET s 1;SET t 1", ["OK", "OK"]), (1, 1, 2, "run", "MGET s t", [["1", None]])
    ),
    "an element popped twice": history(
        (0, 0, 1, "run", "RPUSH l a", [1]), (1, 2, 9, "run", "LPOP l", ["a"]), (2, 2, 9, "run", "LPOP l", ["a"])
    ),
    "a push that is gone": history((0, 0, 1, "run", "RPUSH l a", [1]), (1, 2, 3, "run", "LRANGE l 0 -1", [[]])),
}


@pytest.mark.parametrize("name", SOUND)
def test_the_checker_takes_what_can_be(checker: Path, name: str) -> None:
    assert judged(checker, SOUND[name]) == "linearizable\n"


@pytest.mark.parametrize("name", DOCTORED)
def test_the_checker_refuses_what_can_not_be(checker: Path, name: str) -> None:
    assert judged(checker, DOCTORED[name]).startswith("not linearizable: Illegal")


def pending(*, seen: str | None, later: str | None) -> list[Call]:
    """A SET that the server never answered because it was killed, and what was read after it, twice."""
    call = Call(0, "run", [["SET", "s", "1"]], call=0, end=6)
    kill = Call(0, "kill", [], call=4, end=5, known=True)
    return [call, kill, *history((1, 7, 8, "run", "GET s", [seen]), (1, 9, 10, "run", "GET s", [later]))]


@pytest.mark.parametrize("seen", ["1", None])
def test_what_was_under_way_at_a_kill_happened_or_did_not(checker: Path, seen: str | None) -> None:
    assert judged(checker, pending(seen=seen, later=seen)) == "linearizable\n"


def test_what_was_under_way_at_a_kill_does_not_happen_later(checker: Path) -> None:
    assert judged(checker, pending(seen=None, later="1")).startswith("not linearizable")


@pytest.mark.parametrize(
    ("command", "added", "fits"),
    [
        pytest.param("GET n", 1, True, id="a read of now"),
        pytest.param("GET n", 0, False, id="a stale read"),
        pytest.param("INCR n", 2, True, id="an update"),
        pytest.param("INCR n", 1, False, id="a lost update"),
    ],
)
def test_a_real_history_is_refused_once_an_answer_is_doctored(
    door: Served, checker: Path, command: str, added: int, *, fits: bool
) -> None:
    recorder = Recorder()
    for client in work(Door(door.port, door.id, door.token), recorder, 7, 20):
        client.join(TIMEOUT_S)
    with door.client() as reader:
        number = int(reader.ask("INCRBY", "n", "0")[1:])
    last = max(call.end for call in recorder.calls)
    answer = number + added
    end = history(
        (20, last + 1, last + 2, "run", "INCR n", [number + 1]),
        (21, last + 3, last + 4, "run", command, [str(answer) if command == "GET n" else answer]),
    )
    assert (judged(checker, [*recorder.calls, *end]) == "linearizable\n") == fits
