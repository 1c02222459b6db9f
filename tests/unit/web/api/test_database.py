"""Databases over HTTP: commands, their replies, versions, and what differs between two states."""

from __future__ import annotations

from functools import partial
from typing import Any

import pytest

from leither import limits
from leither.crypto import KeyPair, MimeiId, parse_id
from leither.db import execute
from leither.mimei.entry import encode_record_value, grant_key
from leither.people import Grant
from leither.service.database import Database
from leither.service.editing import edit
from tests.unit.web.api.node import Node


@pytest.fixture
def notes(node: Node) -> str:
    """Return the id of a database."""
    made = node.owner.post("/mimei", type="db", mark="notes")
    assert made.status == 201
    found: str = made.json["id"]
    return found


def run(node: Node, ref: str, *commands: list[Any]) -> Any:  # noqa: ANN401
    answer = node.owner.post(f"/mimei/{ref}/db", commands=list(commands))
    assert answer.status == 200, answer.body
    return answer.json["replies"]


def test_commands_are_carried_out_in_order(node: Node, notes: str) -> None:
    assert run(node, notes, ["SET", "a", "1"], ["INCR", "a"], ["GET", "a"], ["GET", "none"]) == ["OK", 2, "2", None]


def test_a_refused_command_says_so_and_leaves_the_others_standing(node: Node, notes: str) -> None:
    replies = run(node, notes, ["SET", "a", "x"], ["HSET", "a", "f", "v"], ["NONSENSE"], ["GET", "a"])
    assert replies[0] == "OK"
    assert replies[1] == {"error": "WRONGTYPE Operation against a key holding the wrong kind of value"}
    assert replies[2]["error"].startswith("ERR unknown command")
    assert replies[3] == "x"


def test_bytes_that_are_no_text_travel_in_base64(node: Node, notes: str) -> None:
    assert run(node, notes, ["SET", "a", {"base64": "/wA="}], ["GET", "a"]) == ["OK", {"base64": "/wA="}]


def test_a_word_that_is_no_base64_is_refused(node: Node, notes: str) -> None:
    answer = node.owner.post(f"/mimei/{notes}/db", commands=[["SET", "a", {"base64": "?"}]])
    assert (answer.status, answer.code) == (400, "bad-word")


def test_a_version_answers_as_it_was_and_takes_no_writes(node: Node, notes: str) -> None:
    run(node, notes, ["SET", "a", "old"])
    node.owner.post(f"/mimei/{notes}/backup")
    run(node, notes, ["SET", "a", "new"])
    assert run(node, f"{notes}@0", ["GET", "a"], ["SET", "a", "no"])[0] == "old"
    assert run(node, f"{notes}@0", ["SET", "a", "no"])[0]["error"].startswith("READONLY")
    assert run(node, notes, ["GET", "a"]) == ["new"]


def test_a_difference_names_key_part_place_and_values(node: Node, notes: str) -> None:
    run(node, notes, ["HSET", "h", "f", "1", "g", "2"], ["SET", "s", "x"])
    node.owner.post(f"/mimei/{notes}/backup")
    run(node, notes, ["HSET", "h", "f", "9"], ["DEL", "s"])
    items = node.owner.get(f"/mimei/{notes}/diff").json["items"]
    assert items == [
        {"kind": "entry", "change": "removed", "key": "s", "part": "string", "value_before": "x"}
        | {"before": None, "after": None},
        {"kind": "entry", "change": "modified", "key": "h", "part": "field", "place": "f"}
        | {"value_before": "1", "value_after": "9", "before": None, "after": None},
    ]


def test_setting_what_is_there_makes_no_version(node: Node, notes: str) -> None:
    run(node, notes, ["SET", "a", "1"])
    first = node.owner.post(f"/mimei/{notes}/backup").json
    run(node, notes, ["SET", "a", "1"])
    again = node.owner.post(f"/mimei/{notes}/backup").json
    assert again["changed"] == 0
    assert again["version"]["cid"] == first["version"]["cid"]


def test_a_fork_goes_on_from_the_version_and_leaves_its_origin_alone(node: Node, notes: str) -> None:
    run(node, notes, ["RPUSH", "l", "1", "2"])
    node.owner.post(f"/mimei/{notes}/backup")
    fork = node.owner.post(f"/mimei/{notes}@last/fork", mark="fork").json["id"]
    run(node, fork, ["RPUSH", "l", "3"])
    assert run(node, fork, ["LRANGE", "l", "0", "-1"]) == [["1", "2", "3"]]
    assert run(node, notes, ["LRANGE", "l", "0", "-1"]) == [["1", "2"]]


def test_a_restored_database_holds_what_the_version_held(node: Node, notes: str) -> None:
    run(node, notes, ["SADD", "s", "a", "b"])
    node.owner.post(f"/mimei/{notes}/backup")
    run(node, notes, ["SREM", "s", "a"], ["SADD", "s", "c"])
    assert node.owner.post(f"/mimei/{notes}/restore", version="0", discard=True).status == 200
    assert run(node, notes, ["SMEMBERS", "s"], ["SCARD", "s"]) == [["a", "b"], 2]


def test_a_list_goes_on_after_a_restore_with_numbers_never_used_before(node: Node, notes: str) -> None:
    run(node, notes, ["RPUSH", "l", "a"])
    node.owner.post(f"/mimei/{notes}/backup")
    run(node, notes, ["RPUSH", "l", "b"])
    node.owner.post(f"/mimei/{notes}/backup")
    node.owner.post(f"/mimei/{notes}/restore", version="0")
    run(node, notes, ["RPUSH", "l", "c"])
    node.owner.post(f"/mimei/{notes}/backup")
    assert run(node, notes, ["LRANGE", "l", "0", "-1"]) == [["a", "c"]]
    items = node.owner.get(f"/mimei/{notes}/diff", **{"from": "1", "to": "2"}).json["items"]
    assert [(item["change"], item["key"]) for item in items] == [("removed", "l"), ("added", "l")]


def test_a_value_of_the_largest_size_is_backed_up_and_read_back(node: Node, notes: str) -> None:
    largest = b"x" * limits.DB_VALUE_BYTES_MAX
    database = Database.open(node.engines, MimeiId(parse_id(notes)))
    for name in (b"a", b"b"):
        database.write(partial(execute, arguments=[b"SET", name, largest])).result()
    assert node.owner.post(f"/mimei/{notes}/backup").status == 200
    assert run(node, f"{notes}@0", ["GET", "b"]) == [largest.decode()]


def test_a_difference_names_a_grant_by_its_hash_and_not_its_holder(node: Node, notes: str) -> None:
    node.owner.post(f"/mimei/{notes}/backup")
    holder, mimei = KeyPair(b"\7" * 32), MimeiId(parse_id(notes))
    person = node.engines.identity.person
    grant = Grant(mimei=mimei, to=holder.public, rights=1, start_ms=0, until_ms=1, by=person.public).signed(person)
    key = grant_key(holder.id, grant.cid.digest)
    edit(node.engines, mimei, lambda editing: editing.put(key, encode_record_value(grant.encode())))
    assert node.owner.get(f"/mimei/{notes}/diff").json["items"] == [
        {"kind": "grant", "change": "added", "key": grant.cid.digest.hex(), "before": None, "after": None}
    ]
