"""What leaves one node as a CAR arrives whole at another."""

from __future__ import annotations

import pytest

from leither.service.engines import Engines, Identity
from leither.store import MemoryBlocks, MemoryState
from tests.unit.web.api.node import CountingRandom, Node, StepClock, running


def other_device() -> Engines:
    """The same person's other node."""
    return Engines(
        blocks=MemoryBlocks(),
        state=MemoryState(),
        clock=StepClock(),
        random=CountingRandom(),
        identity=Identity.of(bytes(range(32)), bytes([1]) * 32),
    )


def exported(node: Node) -> tuple[str, bytes]:
    mimei = node.fs()
    node.owner.put(f"/mimei/{mimei}/files/page", b"text" * 1000)
    node.owner.post(f"/mimei/{mimei}/backup", note="first")
    node.owner.post(f"/mimei/{mimei}/release")
    return mimei, node.owner.send("GET", "/export", query={"id": mimei}).body


def test_an_export_taken_in_elsewhere_shows_the_same(node: Node) -> None:
    mimei, car = exported(node)
    before = node.owner.get(f"/mimei/{mimei}/log").json
    with running(other_device()) as other:
        done = other.owner.send("POST", "/import", body=[car[:100], car[100:]]).json
        assert done["mimei"] == [{"id": mimei, "state": "added", "versions": 1}]
        assert other.owner.get(f"/mimei/{mimei}@release/files/page").body == b"text" * 1000
        assert other.owner.get(f"/mimei/{mimei}/log").json == before


@pytest.mark.parametrize("gone", [False, True])
def test_an_archive_that_breaks_off_is_refused_and_shows_nothing(node: Node, gone: bool) -> None:
    _, car = exported(node)
    with running(other_device()) as other:
        answer = other.owner.send("POST", "/import", body=[car[: len(car) // 2]], gone=gone)
        assert answer.status == 400
        assert other.owner.get("/mimei").json["items"] == []


def test_the_identity_leaves_with_a_passphrase_only(node: Node) -> None:
    answer = node.owner.get("/export", with_identity="true")
    assert (answer.status, answer.code) == (400, "passphrase-needed")
