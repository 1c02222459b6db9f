"""Paths and their keys, of which foreign ones may be hostile."""

import pytest

from leither.mimei.entry import BadEntry
from leither.mimei.path import ROOT, Path, after_subtree, below, key_path, parse_path, path_key, path_text
from leither.unixfs import BadName, PathTooLong


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("", ROOT),
        ("/", ROOT),
        ("a", ("a",)),
        ("/a/b/", ("a", "b")),
        ("a b/c\x01/…", ("a b", "c\x01", "…")),
        ("...", ("...",)),
    ],
)
def test_a_path_is_written_with_slashes(text: str, path: Path) -> None:
    assert parse_path(text) == path


def test_a_path_is_shown_without_slashes_around_it() -> None:
    assert (path_text(("a", "b")), path_text(ROOT)) == ("a/b", "")


@pytest.mark.parametrize("text", ["a//b", "///", "..", "a/../b", "./a", "a\0b", "a/" + "x" * 256, "\ud800"])
def test_a_hostile_path_is_refused(text: str) -> None:
    with pytest.raises(BadName):
        parse_path(text)


@pytest.mark.parametrize("text", ["a/" * 129, "/".join(["x" * 255] * 17)])
def test_a_path_past_its_bounds_is_refused(text: str) -> None:
    with pytest.raises(PathTooLong):
        parse_path(text)


@pytest.mark.parametrize(
    ("path", "key"),
    [(ROOT, b"\x80"), (("a",), b"\x80a"), (("a", "é", "..."), b"\x80a\0\xc3\xa9\0..."), (("x" * 255,) * 15, None)],
)
def test_path_and_key_lead_to_each_other(path: Path, key: bytes | None) -> None:
    assert key is None or path_key(path) == key
    assert key_path(path_key(path)) == path


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"a",
        b"\x82a",
        b"\x80\0",
        b"\x80a\0",
        b"\x80\0a",
        b"\x80a\0\0b",
        b"\x80.",
        b"\x80..",
        b"\x80a\0..\0b",
        b"\x80/etc",
        b"\x80a/b",
        b"\x80\xff",
        b"\x80\xed\xa0\x80",
        b"\x80\xc0\xaf",
        b"\x80" + b"x" * 256,
        b"\x80" + b"a\0" * 128 + b"a",
        b"\x80" + b"\0".join([b"x" * 255] * 17),
    ],
)
def test_a_hostile_key_is_refused(key: bytes) -> None:
    with pytest.raises(BadEntry):
        key_path(key)


def test_the_keys_below_a_directory_are_one_range() -> None:
    outside = [path_key(path) for path in (ROOT, ("a",), ("a\x01",), ("a.b",), ("ab",), ("b", "a"), ("A",))]
    inside = [path_key(path) for path in (("a", "\x01"), ("a", "b"), ("a", "b", "c"), ("a", "\U0010ffff"))]
    start, stop = below(("a",))
    assert all(start <= key < stop for key in inside)
    assert not any(start <= key < stop for key in outside)


def test_the_keys_below_the_root_are_all_but_its_own() -> None:
    start, stop = below(ROOT)
    keys = [path_key(path) for path in (("\x01",), ("a", "b"), ("\U0010ffff", "\U0010ffff"))]
    assert all(start <= key < stop for key in keys)
    assert not start <= path_key(ROOT) < stop
    assert not start <= b"\x82" < stop


def test_what_follows_a_subtree_stands_above_all_of_it() -> None:
    end = after_subtree(("a",))
    assert path_key(("a", "\U0010ffff")) < end <= path_key(("a\x01",)) < path_key(("ab",))


def test_what_follows_the_whole_tree_stands_above_every_path() -> None:
    assert path_key(("\U0010ffff", "a")) < after_subtree(ROOT) <= b"\x82"
