"""The node as a whole: what a verification tells while it reads."""

from __future__ import annotations

import json

import pytest

from leither import limits
from leither.people import Scope
from tests.unit.web.api.node import Node


def test_a_verification_says_how_far_it_is(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "VERIFY_STEP_BYTES", 1000)
    path = f"/mimei/{node.fs()}/files/"
    for name in range(4):
        node.owner.put(f"{path}{name}", b"%d" % name * 600)
    lines = [json.loads(line) for line in node.owner.post("/verify").body.splitlines()]
    steps, last = lines[:-1], lines[-1]
    assert steps[0] == {"checked": 0, "bytes": 0}
    assert [step["bytes"] for step in steps] == sorted({step["bytes"] for step in steps})
    assert 1000 <= steps[-1]["bytes"] <= last["bytes"]
    assert last == {"done": True, "faults": 0, "blocks": 6, "bytes": last["bytes"]}


def test_a_session_is_closed_and_a_named_token_is_not(node: Node) -> None:
    session = node.client(node.tokens.redeem(node.tokens.one_time_code()[0])[0])
    assert session.delete("/session").status == 204
    assert session.get("/session").code == "bad-token"
    answer = node.owner.delete("/session")
    assert (answer.status, answer.code) == (409, "not-a-session")


def test_a_list_of_tokens_says_when_each_was_last_used(node: Node) -> None:
    node.secret("never", Scope.READ)
    shown = {item["name"]: item["last_used"] for item in node.owner.get("/tokens").json}
    assert shown["never 0"] is None
    assert shown["the owner 0"] >= "2023-11-14T22:13:20Z"
