"""What the command line asks about who did what, and how it shows it."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from leither.cli.program import run
from tests.unit.cli.fake_node import FakeNode

ID = "a" * 32
ENTRY: dict[str, Any] = {
    "kind": "read",
    "front": "dav",
    "role": "visitor",
    "who": "b" * 32,
    "name": None,
    "yours": False,
    "device": "b" * 32,
    "session": None,
    "label": None,
    "mimei": ID,
    "right": "everyone",
    "count": 3,
    "first": "2026-01-31T10:00:00Z",
    "last": "2026-01-31T10:30:00Z",
}


def asked(*words: str, items: list[dict[str, Any]] | None = None) -> dict[str, list[str]]:
    node = FakeNode({"GET /audit": {"items": items or [], "next": None}})
    assert run(["audit", *words], session=node.session()) == 0
    return parse_qs(urlsplit(node.asked[0].partition(" ")[2]).query)


def test_what_is_given_is_asked_for() -> None:
    found = asked(ID, "--who", "Ann", "--kind", "change", "--since", "2026-01-31")
    assert (found["mimei"], found["who"], found["kind"]) == ([ID], ["Ann"], ["change"])
    assert found["since"][0].startswith("2026-01-3")


@pytest.mark.parametrize("since", ["30m", "12h", "7d", "1w"])
def test_a_time_can_be_so_long_ago(since: str) -> None:
    assert "T" in asked("--since", since)["since"][0]


@pytest.mark.parametrize("since", ["soon", "h", "-1d", "1.5h"])
def test_what_is_no_time_is_refused(since: str) -> None:
    assert run(["audit", "--since", since], session=FakeNode({}).session()) == 2


def test_people_are_named_as_far_as_they_are_known(capsys: pytest.CaptureFixture[str]) -> None:
    items = [
        ENTRY,
        ENTRY | {"role": "user", "name": "Ann"},
        ENTRY | {"role": "owner", "who": None, "yours": True, "label": "laptop"},
        ENTRY | {"role": "guest", "who": None},
    ]
    asked(items=items)
    who = [line.split("\t")[1] for line in capsys.readouterr().out.splitlines()]
    assert who == [f"visitor {'b' * 32}", "Ann", "you (laptop)", "guest"]


def test_no_more_lines_are_shown_than_wanted(capsys: pytest.CaptureFixture[str]) -> None:
    asked("--limit", "2", items=[ENTRY] * 5)
    assert len(capsys.readouterr().out.splitlines()) == 2
