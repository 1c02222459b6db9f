"""A database through every door of one node: Redis clients, HTTP, the command line."""

from pathlib import Path

import redis

from tests.end_to_end.program import Up, ok, up


def _redis_port(home: Path, node: Up) -> int:
    addresses = ok(home, "status")["listening"]
    ports = {int(address.rpartition(":")[2]) for address in addresses} - {node.port}
    assert len(ports) == 1
    return ports.pop()


def test_what_a_redis_client_sets_every_door_shows_and_a_restart_keeps(home: Path) -> None:
    with up(home) as node:
        mimei = ok(home, "mm", "create", "--type", "db", "--mark", "notes")["id"]
        token = ok(home, "token", "create", "app", "--scope", "write")["token"]
        port = _redis_port(home, node)
        with redis.Redis(port=port, username=mimei, password=token, decode_responses=True) as client:
            assert client.hset("user:1", mapping={"name": "Ada", "born": "1815"}) == 2
            client.execute_command("MM.BACKUP")
            client.hset("user:1", "born", "10 December 1815")
        assert ok(home, "db", "notes", "HGET", "user:1", "name")["reply"] == "Ada"
        with redis.Redis(port=port, username=f"{mimei}.0", password=token, decode_responses=True) as old:
            assert old.hget("user:1", "born") == "1815"
        assert [item["key"] for item in ok(home, "diff", "notes")["items"]] == ["user:1"]
        node.stop()
    assert ok(home, "db", "notes", "HGET", "user:1", "born")["reply"] == "10 December 1815"
    assert ok(home, "db", "notes@0", "HGET", "user:1", "born")["reply"] == "1815"
