"""What a client meets: who it is, order, transactions, waiting, channels, and bounds."""

from __future__ import annotations

import socket
from dataclasses import replace

import pytest

from leither import limits
from leither.db import execute
from leither.people import Act, Scope
from leither.people.right import pack
from leither.resp.command import Command
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.testing.node import clock_of, engines_over
from tests.unit.resp.served import Client, Served, packed

OK = b"+OK\r\n"


def test_nothing_is_answered_before_a_client_says_who_it_is(door: Served) -> None:
    with Client(door.port) as client:
        assert client.ask("GET", "a") == b"-NOAUTH Authentication required.\r\n"


def test_a_wrong_token_is_refused(door: Served) -> None:
    with Client(door.port) as client:
        assert client.ask("AUTH", door.id, "wrong").startswith(b"-WRONGPASS ")


def test_a_token_alone_opens_the_one_mimei_it_is_for(door: Served) -> None:
    token = door.made_token("one", Scope.WRITE, door.mimei)
    with Client(door.port) as client:
        assert client.ask("AUTH", token) == OK
        assert client.ask("SET", "a", "1") == OK


def test_a_token_for_everything_needs_a_mimei(door: Served) -> None:
    with Client(door.port) as client:
        assert client.ask("AUTH", door.token).startswith(b"-WRONGPASS ")


def test_a_token_for_reading_can_not_write(door: Served) -> None:
    with door.client(token=door.made_token("reader", Scope.READ)) as client:
        assert client.ask("SET", "a", "1").startswith(b"-NOPERM ")
        assert client.ask("GET", "a") == b"$-1\r\n"


def test_another_kind_of_mimei_is_refused(door: Served) -> None:
    other, _ = Catalog(door.engines).create(kind="fs", mark="files")
    with Client(door.port) as client:
        assert b"type fs" in client.ask("AUTH", other.genesis.id_text, door.token)


def test_a_guest_reads_the_release_where_everyone_may(door: Served, client: Client) -> None:
    client.ask("SET", "a", "old")
    backup(door.engines, door.mimei)
    history.release(door.engines, door.mimei)
    client.ask("SET", "a", "new")
    Catalog(door.engines).change_control(door.mimei, right=pack(everyone=Act.READ_RELEASE))
    with door.client(token="") as guest:
        assert guest.ask("GET", "a") == b"$3\r\nold\r\n"
        assert guest.ask("SET", "a", "x").startswith(b"-READONLY ")


def test_a_version_is_read_only_and_its_keys_do_not_expire(door: Served, client: Client) -> None:
    client.ask("SET", "a", "1", "PX", "50")
    backup(door.engines, door.mimei)
    clock_of(door.engines).advance(100)
    assert client.ask("GET", "a") == b"$-1\r\n"
    with door.client(user=f"{door.id}.0") as version:
        assert version.ask("GET", "a") == b"$1\r\n1\r\n"
        assert version.ask("SET", "a", "2") == b"-READONLY You can't write against a read only replica.\r\n"


def test_hello_speaks_resp3(door: Served) -> None:
    with Client(door.port) as client:
        assert client.ask("HELLO", "3", "AUTH", door.id, door.token).startswith(b"%")
        client.ask("HSET", "h", "f", "v")
        assert client.ask("HGETALL", "h") == b"%1\r\n$1\r\nf\r\n$1\r\nv\r\n"
        assert client.ask("GET", "missing") == b"_\r\n"


def test_replies_come_in_the_order_of_the_commands(client: Client) -> None:
    sent = b"".join(packed(*words) for words in (["SET", "a", "1"], ["GET", "a"], ["PING"], ["INCR", "a"], ["NOPE"]))
    client.socket.sendall(sent)
    assert [client.reply() for _ in range(4)] == [OK, b"$1\r\n1\r\n", b"+PONG\r\n", b":2\r\n"]
    assert client.reply().startswith(b"-ERR unknown command 'NOPE'")


def test_inline_commands_are_answered(client: Client) -> None:
    client.socket.sendall(b"SET a 'b c'\r\nGET a\r\n")
    assert [client.reply(), client.reply()] == [OK, b"$3\r\nb c\r\n"]


def test_a_stream_that_is_no_protocol_ends_with_the_reason(client: Client) -> None:
    client.socket.sendall(packed("PING") + b"*1\r\n:1\r\n")
    assert client.rest() == b"+PONG\r\n-ERR Protocol error: expected '$', got ':'\r\n"


def test_a_transaction_runs_at_once_and_answers_together(client: Client) -> None:
    assert client.ask("MULTI") == OK
    assert [client.ask("INCR", "n"), client.ask("PING"), client.ask("LPUSH", "n", "x")] == [b"+QUEUED\r\n"] * 3
    assert client.ask("EXEC").startswith(b"*3\r\n:1\r\n+PONG\r\n-WRONGTYPE ")


def test_a_transaction_with_a_wrong_command_is_discarded(client: Client) -> None:
    client.ask("MULTI")
    client.ask("SET", "a", "1")
    assert client.ask("SET", "a").startswith(b"-ERR wrong number")
    assert client.ask("EXEC").startswith(b"-EXECABORT ")
    assert client.ask("EXISTS", "a") == b":0\r\n"


def test_a_watched_key_that_changed_stops_the_transaction(door: Served, client: Client) -> None:
    client.ask("WATCH", "a")
    with door.client() as other:
        other.ask("SET", "a", "theirs")
    client.ask("MULTI")
    client.ask("SET", "a", "mine")
    assert client.ask("EXEC") == b"*-1\r\n"
    assert client.ask("GET", "a") == b"$6\r\ntheirs\r\n"


def test_a_key_watched_after_one_s_own_change_does_not_stop_it(client: Client) -> None:
    commands = (["SET", "a", "1"], ["WATCH", "a"], ["MULTI"], ["INCR", "a"], ["EXEC"])
    client.socket.sendall(b"".join(packed(*words) for words in commands))
    assert [client.reply() for _ in range(5)][-1] == b"*1\r\n:2\r\n"


def change_elsewhere(door: Served, *words: str) -> None:
    """Run a command as another door of the node does, and tell nobody."""
    other = engines_over(door.engines.blocks, door.engines.state)
    raw = [word.encode() for word in words]
    Database.open(other, door.mimei).write(lambda space: execute(space, raw)).result()


def test_what_another_door_changed_stops_a_transaction_although_nobody_told(door: Served, client: Client) -> None:
    client.ask("WATCH", "n")
    change_elsewhere(door, "INCR", "n")
    client.ask("MULTI")
    client.ask("SET", "n", "1")
    assert client.ask("EXEC") == b"*-1\r\n"
    assert client.ask("INCR", "n") == b":2\r\n"


def test_what_another_door_changed_stops_all_who_watched_before(door: Served, client: Client) -> None:
    with door.client() as later:
        client.ask("WATCH", "n")
        change_elsewhere(door, "INCR", "n")
        for each, reply in ((later, b"*1\r\n:2\r\n"), (client, b"*-1\r\n")):
            if each is later:
                each.ask("WATCH", "n")
            each.ask("MULTI")
            each.ask("INCR", "n")
            assert each.ask("EXEC") == reply


def test_a_key_watched_after_another_door_s_change_does_not_stop_a_transaction(door: Served, client: Client) -> None:
    for number in range(2):
        change_elsewhere(door, "INCR", "n")
        client.ask("WATCH", "n")
        client.ask("MULTI")
        client.ask("INCR", "n")
        assert client.ask("EXEC") == b"*1\r\n:%d\r\n" % (2 * number + 2)


def test_a_restore_touches_every_watched_key(door: Served, client: Client) -> None:
    client.ask("SET", "a", "1")
    backup(door.engines, door.mimei)
    client.ask("WATCH", "a")
    with door.client() as other:
        assert other.ask("MM.RESTORE", "0", "DISCARD").startswith(b"$")
    client.ask("MULTI")
    assert client.ask("EXEC") == b"*-1\r\n"


def test_a_pop_that_waits_gets_what_another_client_pushes(door: Served, client: Client) -> None:
    client.send("BLPOP", "list", "0")
    with door.client() as other:
        while b"blocked_clients:1" not in other.ask("INFO", "clients"):
            pass
        assert other.ask("RPUSH", "list", "x", "y") == b":2\r\n"
    assert client.reply() == b"*2\r\n$4\r\nlist\r\n$1\r\nx\r\n"
    assert client.ask("LLEN", "list") == b":1\r\n"


def test_a_pop_waits_no_longer_than_it_said(client: Client) -> None:
    assert client.ask("BLPOP", "list", "0.01") == b"*-1\r\n"
    assert client.ask("PING") == b"+PONG\r\n"


def test_a_pop_inside_a_transaction_does_not_wait(client: Client) -> None:
    client.ask("MULTI")
    client.ask("BLPOP", "list", "0")
    assert client.ask("EXEC") == b"*1\r\n*-1\r\n"


def test_a_message_reaches_who_subscribes_to_its_channel_or_pattern(door: Served, client: Client) -> None:
    assert client.ask("SUBSCRIBE", "news") == b"*3\r\n$9\r\nsubscribe\r\n$4\r\nnews\r\n:1\r\n"
    client.ask("PSUBSCRIBE", "n*")
    with door.client() as other:
        assert other.ask("PUBLISH", "news", "hi") == b":2\r\n"
        assert other.ask("PUBSUB", "CHANNELS") == b"*1\r\n$4\r\nnews\r\n"
    assert client.reply() == b"*3\r\n$7\r\nmessage\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
    assert client.reply() == b"*4\r\n$8\r\npmessage\r\n$2\r\nn*\r\n$4\r\nnews\r\n$2\r\nhi\r\n"
    assert client.ask("GET", "a").startswith(b"-ERR Can't execute 'get'")


def test_channels_of_two_databases_are_apart(door: Served, client: Client) -> None:
    other, _ = Catalog(door.engines).create(kind="db", mark="other")
    client.ask("SUBSCRIBE", "news")
    with door.client(user=other.genesis.id_text) as stranger:
        assert stranger.ask("PUBLISH", "news", "hi") == b":0\r\n"


def test_keyspace_events_are_told_once_they_are_asked_for(door: Served, client: Client) -> None:
    with door.client() as other:
        assert other.ask("CONFIG", "SET", "notify-keyspace-events", "KEA") == OK
        client.ask("SUBSCRIBE", "__keyevent@0__:set")
        other.ask("SET", "a", "1")
    assert client.reply() == b"*3\r\n$7\r\nmessage\r\n$18\r\n__keyevent@0__:set\r\n$1\r\na\r\n"


def test_replies_can_be_switched_off(client: Client) -> None:
    client.send("CLIENT", "REPLY", "SKIP")
    client.send("SET", "a", "1")
    assert client.ask("GET", "a") == b"$1\r\n1\r\n"
    client.send("CLIENT", "REPLY", "OFF")
    client.send("SET", "a", "2")
    assert client.ask("CLIENT", "REPLY", "ON") == OK
    assert client.ask("GET", "a") == b"$1\r\n2\r\n"


def test_a_connection_can_be_killed_by_another(door: Served, client: Client) -> None:
    number = client.ask("CLIENT", "ID").strip(b":\r\n").decode()
    with door.client() as other:
        assert other.ask("CLIENT", "KILL", "ID", number) == b":1\r\n"
    assert client.rest() == b""


def test_what_a_quota_leaves_no_room_for_is_refused_alone(door: Served, client: Client) -> None:
    Catalog(door.engines).change_control(door.mimei, quota=2000)
    commands = (["SET", "a", "1"], ["SET", "big", "x" * 3000], ["SET", "b", "2"])
    client.socket.sendall(b"".join(packed(*words) for words in commands))
    replies = [client.reply() for _ in range(3)]
    assert [reply[:4] for reply in replies] == [b"+OK\r", b"-OOM", b"+OK\r"]


def test_a_subscriber_that_does_not_read_is_dropped_and_others_are_not(
    door: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REDIS_OUTPUT_BYTES_MAX", 1 << 20)
    client.ask("SUBSCRIBE", "news")
    with door.client() as other:
        while other.ask("PUBLISH", "news", "x" * 100_000) == b":1\r\n":
            pass
        assert b"dropped_connections:1" in other.ask("INFO", "stats")


def test_a_client_too_many_is_told_so(door: Served, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REDIS_CONNECTIONS_MAX", 1)
    with Client(door.port) as other:
        assert other.rest() == b"-ERR max number of clients reached\r\n"
    assert client.ask("PING") == b"+PONG\r\n"


def test_a_user_with_too_much_waiting_is_dropped(door: Served, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "REDIS_USER_BYTES_MAX", 1000)
    client.send("SET", "a", "x" * 2000)
    assert client.rest() == b""


def test_reset_makes_a_connection_new(client: Client) -> None:
    client.ask("MULTI")
    assert client.ask("RESET") == b"+RESET\r\n"
    assert client.ask("GET", "a") == b"-NOAUTH Authentication required.\r\n"


def test_quit_answers_and_closes(client: Client) -> None:
    client.socket.sendall(packed("SET", "a", "1") + packed("QUIT"))
    assert client.rest() == OK + OK


def test_expired_keys_are_removed_and_told_by_themselves(door: Served, client: Client) -> None:
    with door.client() as other:
        other.ask("CONFIG", "SET", "notify-keyspace-events", "Ex")
        client.ask("SUBSCRIBE", "__keyevent@0__:expired")
        other.ask("SET", "a", "1", "PX", "10")
        clock_of(door.engines).advance(100)
    assert client.reply().endswith(b"$1\r\na\r\n")


def test_the_memory_of_a_key_is_told(client: Client) -> None:
    client.ask("SET", "a", "1")
    assert int(client.ask("MEMORY", "USAGE", "a").strip(b":\r\n")) > 0
    assert client.ask("MEMORY", "USAGE", "missing") == b"$-1\r\n"


def test_a_client_that_sends_no_more_gets_its_replies_and_no_other(client: Client) -> None:
    client.socket.sendall(packed("SET", "a", "1"))
    client.socket.shutdown(socket.SHUT_WR)
    assert client.rest() == OK


def test_a_client_that_went_away_while_waiting_takes_nothing(door: Served, client: Client) -> None:
    with door.client() as gone:
        gone.send("BLPOP", "list", "0")
        while b"blocked_clients:1" not in client.ask("INFO", "clients"):
            pass
    while b"blocked_clients:1" in client.ask("INFO", "clients"):
        pass
    client.ask("RPUSH", "list", "x")
    assert client.ask("LLEN", "list") == b":1\r\n"


def test_a_revoked_token_ends_its_connections(door: Served) -> None:
    with door.client(token=door.made_token("lost", Scope.WRITE)) as client:
        door.tokens.revoke("lost")
        assert client.rest() == b""


def test_a_client_that_never_waits_for_replies_keeps_nothing_counted(
    door: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REDIS_USER_BYTES_MAX", 300_000)
    for _ in range(40):
        client.socket.sendall(packed("SET", "a", "x" * 1000) * 50)
        for _ in range(49):
            assert client.reply() == OK
    assert client.ask("PING") == OK


def test_a_fault_of_ours_ends_one_connection_only(
    door: Served, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object, __: list[bytes]) -> object:
        raise RuntimeError("broken on purpose")

    found = door.server.commands.find([b"PING"])
    assert isinstance(found, Command)
    monkeypatch.setitem(door.server.commands.by_name, b"BROKEN", replace(found, local=fail))
    with door.client() as other:
        other.send("BROKEN")
        assert other.rest() == b""
    assert client.ask("PING") == b"+PONG\r\n"


@pytest.fixture
def short_loop(monkeypatch: pytest.MonkeyPatch) -> None:
    """A loop in which commands visit five entries at the most, so that many run beside it."""
    monkeypatch.setattr(limits, "REDIS_LOOP_ENTRIES_MAX", 5)


def test_what_reads_much_is_answered_in_its_place(client: Client, short_loop: None) -> None:
    members = [str(number) for number in range(20)]
    client.ask("RPUSH", "l", *members)
    client.send("SET", "a", "1")
    client.send("GET", "a")
    client.send("LRANGE", "l", "0", "-1")
    client.send("LRANGE", "l", "0", "1")
    client.send("GET", "a")
    whole = b"*20\r\n" + b"".join(b"$%d\r\n%b\r\n" % (len(one), one.encode()) for one in members)
    expected = OK + b"$1\r\n1\r\n" + whole + b"*2\r\n$1\r\n0\r\n$1\r\n1\r\n" + b"$1\r\n1\r\n"
    assert b"".join(client.reply() for _ in range(5)) == expected


def test_what_changes_much_is_done_once(client: Client, short_loop: None) -> None:
    client.ask("RPUSH", "l", *map(str, range(20)))
    client.send("INCR", "n")
    client.send("DEL", "l")
    client.send("INCR", "n")
    assert [client.reply() for _ in range(3)] == [b":1\r\n", b":1\r\n", b":2\r\n"]
    assert client.ask("EXISTS", "l") == b":0\r\n"


def test_a_long_transaction_keeps_what_it_watched(door: Served, client: Client, short_loop: None) -> None:
    client.ask("RPUSH", "l", *map(str, range(20)))
    client.ask("WATCH", "l")
    client.ask("MULTI")
    for _ in range(3):
        client.ask("LRANGE", "l", "0", "-1")
    with door.client() as other:
        other.ask("RPUSH", "l", "more")
    assert client.ask("EXEC") == b"*-1\r\n"
    client.ask("MULTI")
    client.ask("DEL", "l")
    assert client.ask("EXEC") == b"*1\r\n:1\r\n"
