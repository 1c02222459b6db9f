"""Conflicts as they are listed and settled over HTTP."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from leither.crypto import MimeiId, id_text
from leither.service.backup import backup
from leither.service.uploads import Upload
from leither.testing.node import memory_engines
from tests.unit.service.life import bring, made
from tests.unit.service.test_database_conflicts import ask
from tests.unit.web.api.node import Node, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from leither.service.engines import Engines


def written(engines: Engines, mimei: MimeiId, path: str, text: str) -> None:
    with Upload(engines, mimei, (path,)) as upload:
        upload.write(text.encode())
        upload.finish()


@contextmanager
def merged(kind: str, *changes: Any) -> Iterator[tuple[Node, str]]:  # noqa: ANN401
    """A node on which a MiMei has what two nodes made of it, each change by both."""
    desk, phone = memory_engines(node="desk"), memory_engines(node="phone")
    mimei = made(desk, kind)
    backup(desk, mimei)
    bring(desk, phone)
    for engines, name in ((desk, "desk"), (phone, "phone")):
        for change in changes:
            change(engines, mimei, name)
        backup(engines, mimei)
    bring(phone, desk)
    with running(desk) as node:
        yield node, f"/mimei/{id_text(mimei)}"


def set_to(line: str) -> Any:  # noqa: ANN401
    return lambda engines, mimei, name: ask(engines, mimei, line.format(name))


def test_a_database_lists_where_writers_disagreed_and_one_is_taken() -> None:
    with merged("db", set_to("SET word {}"), set_to("HSET hash field {}")) as (node, at):
        items = node.owner.get(f"{at}/conflicts").json["items"]
        assert {(one["database"]["part"], one["database"]["key"], one["database"]["place"]) for one in items} == {
            ("string", "word", None),
            ("field", "hash", "field"),
        }
        word = next(one for one in items if one["database"]["part"] == "string")
        (other,) = word["others"]
        assert {word["value"], other["value"]} == {"desk", "phone"}
        taken = node.owner.post(f"{at}/conflicts/take", name=word["name"], writer=other["writer"], seq=other["seq"])
        assert taken.json == {"entry": None, "value": other["value"]}
        assert node.owner.post(f"{at}/db", commands=[["GET", "word"]]).json["replies"] == [other["value"]]
        left = node.owner.get(f"{at}/conflicts").json["items"]
        assert [one["database"]["part"] for one in left] == ["field"]


@pytest.mark.parametrize("kind", ["fs", "db"])
def test_a_page_of_conflicts_goes_on_where_the_one_before_ended(kind: str) -> None:
    names = ["a", "bb", "c", "ddd", "e"]

    def write(engines: Engines, mimei: MimeiId, name: str) -> None:
        for each in names:
            if kind == "db":
                ask(engines, mimei, f"SET {each} {name}")
            else:
                written(engines, mimei, each, name)

    with merged(kind, write) as (node, at):
        found: list[str] = []
        after = None
        while True:
            page = node.owner.get(f"{at}/conflicts", limit=2, **({"after": after} if after else {})).json
            found += [one["path"] or one["database"]["key"] for one in page["items"]]
            after = page["next"]
            if after is None:
                break
        assert sorted(found) == names


def test_a_name_that_is_none_is_refused() -> None:
    with merged("db", set_to("SET word {}")) as (node, at):
        for name, code in (("no base64!", "not-bytes"), ("AAAA", "no-such-sibling")):
            assert node.owner.post(f"{at}/conflicts/take", name=name, writer=1, seq=1).code == code
