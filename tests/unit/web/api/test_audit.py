"""The audit over the API: everybody's own, filtered and in pages."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from leither.people import Scope
from tests.unit.web.api.node import Client, Node
from tests.unit.web.api.test_apart import Household, household

__all__ = ["household"]


def items(client: Client, **query: object) -> list[dict[str, Any]]:
    answer = client.get("/audit", **query)
    assert answer.status == 200, answer.body
    found: list[dict[str, Any]] = answer.json["items"]
    return found


def test_an_entry_says_who_what_when_through_what_and_by_which_right(node: Node) -> None:
    mimei = node.fs("site")
    program = node.client(node.secret("ci", Scope.WRITE))
    for _ in range(2):
        assert program.put(f"/mimei/{mimei}/files/page", b"text").status == 200
    (entry,) = items(node.owner, mimei=mimei, kind="change")
    assert entry == {
        "kind": "change",
        "front": "api",
        "role": "owner",
        "who": None,
        "name": None,
        "yours": True,
        "device": None,
        "session": entry["session"],
        "label": "ci 0",
        "mimei": mimei,
        "right": "own, by a token to write",
        "count": 2,
        "first": entry["first"],
        "last": entry["last"],
    }
    assert entry["session"]
    assert entry["first"] < entry["last"]


def test_everybody_sees_what_is_theirs_and_nobody_else_does(household: Household) -> None:
    assert {entry["role"] for entry in items(household.ann)} == {"user"}
    assert household.hers in {entry["mimei"] for entry in items(household.ann)}
    for outsider in (household.ben, household.node.owner):
        assert household.hers not in {entry["mimei"] for entry in items(outsider)}
        assert items(outsider, mimei=household.hers) == []


def test_who_was_denied_is_told_to_whose_it_is(household: Household) -> None:
    assert household.ben.get(f"/mimei/{household.hers}").status == 404
    (entry,) = items(household.ann, kind="denied")
    assert (entry["role"], entry["mimei"], entry["yours"], entry["label"]) == ("user", household.hers, False, None)


def test_the_owner_finds_users_by_their_names(household: Household) -> None:
    node = household.node
    mimei = node.fs("site")
    assert household.ann.get(f"/mimei/{mimei}").status == 404
    (entry,) = items(node.owner, who="Ann")
    assert (entry["name"], entry["kind"]) == ("Ann", "denied")
    assert items(node.owner, who=entry["who"]) == [entry]
    assert items(node.owner, who="guest") == []


def test_a_user_is_not_told_the_names_of_others(household: Household) -> None:
    household.ben.get(f"/mimei/{household.hers}")
    (entry,) = items(household.ann, kind="denied")
    assert entry["name"] is None
    assert items(household.ann, who="Ben") == []


def test_times_narrow_what_is_shown(node: Node) -> None:
    mimei = node.fs("site")
    node.owner.get(f"/mimei/{mimei}")
    (entry,) = items(node.owner, mimei=mimei, kind="read")
    last = datetime.fromisoformat(entry["last"])
    second = timedelta(seconds=1)
    assert items(node.owner, mimei=mimei, kind="read", since=entry["last"], until=(last + second).isoformat()) == [
        entry
    ]
    assert items(node.owner, mimei=mimei, kind="read", since=(last + second).isoformat()) == []
    assert items(node.owner, mimei=mimei, kind="read", until=entry["first"]) == []
    assert items(node.owner, since=datetime(2100, 1, 1, tzinfo=UTC).isoformat()) == []


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_pages_hold_everything_once(node: Node, limit: int) -> None:
    for number in range(7):
        node.secret(f"m{number}", Scope.READ)
    owner = node.owner
    whole = items(owner, limit=1000)
    found: list[dict[str, Any]] = []
    cursor = None
    while True:
        page = owner.get("/audit", limit=limit, **({"cursor": cursor} if cursor else {})).json
        found += page["items"]
        cursor = page["next"]
        if cursor is None:
            break
    assert found == whole


def test_what_is_no_cursor_is_refused(node: Node) -> None:
    for given in ("x", "1", "1-x", "-", "1-" + "9" * 20):
        assert node.owner.get("/audit", cursor=given).code == "bad-audit-cursor"
