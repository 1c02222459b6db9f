"""The MM commands, and what COMMAND tells of everything."""

from __future__ import annotations

from leither.people import Scope
from tests.unit.resp.served import Client, Served


def test_a_backup_is_a_version_that_can_be_restored(client: Client) -> None:
    client.ask("SET", "a", "1")
    assert client.ask("MM.BACKUP", "first") == b":0\r\n"
    client.ask("SET", "a", "2")
    assert client.ask("MM.RESTORE", "0").startswith(b"-ERR ")
    assert client.ask("MM.RESTORE", "0", "DISCARD").startswith(b"$")
    assert client.ask("GET", "a") == b"$1\r\n1\r\n"


def test_log_and_diff_tell_versions_and_keys(client: Client) -> None:
    client.ask("SET", "a", "1")
    client.ask("MM.BACKUP", "first")
    client.ask("SET", "b", "2")
    assert b"$5\r\nfirst\r\n" in client.ask("MM.LOG")
    assert client.ask("MM.DIFF", "0") == b"*2\r\n$1\r\nb\r\n:1\r\n"


def test_release_and_fork_name_what_they_made(door: Served, client: Client) -> None:
    client.ask("SET", "a", "1")
    client.ask("MM.BACKUP")
    assert client.ask("MM.RELEASE").startswith(b"$")
    forked = client.ask("MM.FORK", "copy").split(b"\r\n")[1].decode()
    with door.client(user=forked) as other:
        assert other.ask("GET", "a") == b"$1\r\n1\r\n"


def test_a_reader_makes_no_backup(door: Served) -> None:
    with door.client(token=door.made_token("reader", Scope.READ)) as client:
        assert b"needs the owner" in client.ask("MM.BACKUP")


def test_own_commands_are_documented(client: Client) -> None:
    told = client.ask("COMMAND", "DOCS", "MM.BACKUP")
    assert b"mm.backup" in told
    assert b"Append a version" in told


def test_every_command_is_counted_listed_and_described(client: Client) -> None:
    count = int(client.ask("COMMAND", "COUNT").strip(b":\r\n"))
    assert client.ask("COMMAND", "LIST").startswith(b"*%d\r\n" % count)
    assert client.ask("COMMAND").startswith(b"*%d\r\n" % count)
    assert client.ask("COMMAND", "INFO", "get").startswith(b"*1\r\n*10\r\n$3\r\nget\r\n:2\r\n")


def test_keys_of_a_command_are_told(client: Client) -> None:
    assert client.ask("COMMAND", "GETKEYS", "MSET", "a", "1", "b", "2") == b"*2\r\n$1\r\na\r\n$1\r\nb\r\n"


def test_a_group_that_is_not_kept_is_refused_by_name(client: Client) -> None:
    assert b"streams are not kept" in client.ask("XADD", "s", "*", "a", "1")
