"""Who waits for a key is served when others than Redis clients write it."""

from __future__ import annotations

import pytest

from leither.db import execute
from leither.service.backup import backup
from leither.service.database import Database
from leither.service.history import restore
from tests.unit.resp.served import Client, Served


def pushed(door: Served, line: str) -> None:
    """Change the database as another front door does."""
    words = line.encode().split()
    Database.open(door.engines, door.mimei).write(lambda space: execute(space, words)).result()


def begun(door: Served, client: Client, *words: str, waiting: int = 1) -> None:
    """Let a client wait, and see that so many do."""
    client.send(*words)
    with door.client() as other:
        while b"blocked_clients:%d" % waiting not in other.ask("INFO", "clients"):
            pass


@pytest.mark.parametrize(
    ("wait", "push", "reply"),
    [
        (("BLPOP", "list", "0"), "RPUSH list value", b"*2\r\n$4\r\nlist\r\n$5\r\nvalue\r\n"),
        (("BLMOVE", "list", "other", "LEFT", "LEFT", "0"), "RPUSH list value", b"$5\r\nvalue\r\n"),
        (("BZPOPMIN", "ranks", "0"), "ZADD ranks 1 value", b"*3\r\n$5\r\nranks\r\n$5\r\nvalue\r\n$1\r\n1\r\n"),
    ],
)
def test_a_waiting_client_gets_what_another_door_pushes(
    door: Served, client: Client, wait: tuple[str, ...], push: str, reply: bytes
) -> None:
    begun(door, client, *wait)
    pushed(door, "SET unrelated 1")
    pushed(door, push)
    assert client.reply() == reply
    with door.client() as other:
        assert other.ask("EXISTS", wait[1]) == b":0\r\n"


def test_who_waited_first_is_served_first(door: Served, client: Client) -> None:
    begun(door, client, "BLPOP", "list", "0")
    with door.client() as second:
        begun(door, second, "BLPOP", "list", "other", "0", waiting=2)
        pushed(door, "RPUSH list first")
        assert client.reply().endswith(b"first\r\n")
        pushed(door, "RPUSH other second")
        assert second.reply().endswith(b"second\r\n")


def test_what_comes_back_with_a_version_is_served_too(door: Served, client: Client) -> None:
    pushed(door, "RPUSH list value")
    cid = backup(door.engines, door.mimei).cid
    assert cid is not None
    pushed(door, "DEL list")
    begun(door, client, "BLPOP", "list", "0")
    restore(door.engines, door.mimei, cid, discard=True)
    assert client.reply().endswith(b"value\r\n")
