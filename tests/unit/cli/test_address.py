"""From what people type to an id."""

from typing import Any

import pytest

from leither.cli.address import AmbiguousName, NoSuchMimei, VersionNotWanted, resolve, resolve_whole
from tests.unit.cli.fake_node import FakeNode

ONE = "abcd" + "a" * 28
TWO = "abce" + "b" * 28
THREE = "zzzz" + "c" * 28


def node(*marks: tuple[str, str]) -> FakeNode:
    items = [{"id": mimei, "mark": mark, "app": "app", "type": "fs"} for mimei, mark in marks]
    return FakeNode({"GET /mimei": {"items": items, "next": None}})


def named(fake: FakeNode, text: str) -> tuple[str, str | None]:
    with fake.connect() as api:
        found = resolve(api, text)
    return found.id, found.selector


def test_a_whole_id_needs_no_listing() -> None:
    fake = node()
    assert named(fake, f"{ONE}@3") == (ONE, "3")
    assert fake.asked == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("site", (ONE, None)),
        ("site@release", (ONE, "release")),
        ("abcd", (ONE, None)),
        ("abce@last", (TWO, "last")),
        ("me@home", (THREE, None)),
        ("me@home@2", (THREE, "2")),
    ],
)
def test_marks_and_beginnings_are_found(text: str, expected: tuple[str, str | None]) -> None:
    assert named(node((ONE, "site"), (TWO, "blog"), (THREE, "me@home")), text) == expected


@pytest.mark.parametrize("text", ["nobody", "abc", "", "@3", "site@"])
def test_what_nothing_is_called_is_not_found(text: str) -> None:
    with pytest.raises(NoSuchMimei, match="mm list"):
        named(node((ONE, "site")), text)


@pytest.mark.parametrize("marks", [("site", "site"), ("abcdaa", "site")])
def test_a_name_of_several_is_refused_with_their_ids(marks: tuple[str, str]) -> None:
    text = "site" if marks[0] == "site" else "abcdaa"
    with pytest.raises(AmbiguousName, match="2 MiMei are called") as caught:
        named(node((TWO, marks[0]), (ONE, marks[1])), text)
    assert set(caught.value.ids) == {ONE, TWO}


def test_a_listing_of_several_pages_is_read_to_its_end() -> None:
    first: dict[str, Any] = {"items": [{"id": ONE, "mark": "a", "app": "", "type": "fs"}], "next": ONE}
    second: dict[str, Any] = {"items": [{"id": TWO, "mark": "blog", "app": "", "type": "fs"}], "next": None}
    fake = FakeNode({"GET /mimei?limit=1000": first, f"GET /mimei?limit=1000&cursor={ONE}": second})
    assert named(fake, "blog") == (TWO, None)


def test_a_version_is_refused_where_the_whole_is_meant() -> None:
    with node((ONE, "site")).connect() as api, pytest.raises(VersionNotWanted):
        resolve_whole(api, "site@3")
