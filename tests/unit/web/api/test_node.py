"""The node as a whole: what a verification tells while it reads."""

from __future__ import annotations

import json

import pytest

from leither import limits
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
