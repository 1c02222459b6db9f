"""Files and trees on their way in."""

from __future__ import annotations

import pytest

from leither import limits
from leither.codec import RAW, Cid
from leither.crypto import MimeiId
from leither.mimei.entry import PathEntry
from leither.mimei.path import parse_path
from leither.people import OWNER
from leither.service import pages, paths
from leither.service.backup import backup
from leither.service.engines import Engines
from leither.service.tree import open_tree
from leither.service.uploads import TooManyEntries, TreeResult, TreeUpload, Upload
from tests.unit.service.life import Shown, content_from_scratch, counters, made, put, recounted, shown, version


@pytest.fixture
def site(desk: Engines) -> MimeiId:
    return made(desk)


def put_tree(engines: Engines, mimei: MimeiId, files: Shown, *, below: str = "", replace: bool = True) -> TreeResult:
    with TreeUpload(engines, mimei, parse_path(below), replace=replace) as tree:
        for path, data in files.items():
            if isinstance(data, bytes):
                one = tree.file(parse_path(path))
                one.write(data)
                one.finish()
            elif data == "directory":
                tree.directory(parse_path(path))
            else:
                tree.symlink(parse_path(path), data.removeprefix("-> "))
        return tree.finish()


SITE: Shown = {"d": "directory", "d/f": b"1", "empty": "directory", "l": "-> d/f", "zero": b""}


def test_a_tree_is_there_as_a_whole(desk: Engines, site: MimeiId) -> None:
    assert put_tree(desk, site, SITE) == TreeResult(2, 2, 1, 1, 5)
    assert shown(desk, site) == SITE
    assert version(desk, backup(desk, site).cid).content == content_from_scratch(SITE)


def test_an_unchanged_tree_changes_nothing(desk: Engines, site: MimeiId) -> None:
    put_tree(desk, site, SITE)
    backup(desk, site)
    assert put_tree(desk, site, SITE).changed == 0
    assert put_tree(desk, site, {"d/f": b"1"}, replace=False).changed == 0
    assert backup(desk, site).changed == 0


def test_what_a_replacing_tree_lacks_goes_and_without_replacing_stays(desk: Engines, site: MimeiId) -> None:
    put_tree(desk, site, SITE)
    put_tree(desk, site, {"new": b"2"}, replace=False)
    assert shown(desk, site) == {**SITE, "new": b"2"}
    assert put_tree(desk, site, {"new": b"2"}).changed == 5
    assert shown(desk, site) == {"new": b"2"}


def test_a_tree_below_a_path_leaves_what_is_beside_it(desk: Engines, site: MimeiId) -> None:
    put_tree(desk, site, {"keep": b"1", "d/old": b"2", "d/e/f": b"3"})
    put_tree(desk, site, {"new": b"4"}, below="d")
    assert shown(desk, site) == {"keep": b"1", "d": "directory", "d/new": b"4"}


KINDS: list[Shown] = [
    {"x": b"file"},
    {"x": "directory"},
    {"x": "directory", "x/in": b"2"},
    {"x": "-> y"},
    {"x/in/deep": b"3"},
]


@pytest.mark.parametrize("before", KINDS)
@pytest.mark.parametrize("after", KINDS)
def test_a_path_may_become_anything_else(desk: Engines, site: MimeiId, before: Shown, after: Shown) -> None:
    put_tree(desk, site, before)
    backup(desk, site)
    put_tree(desk, site, after)
    found = shown(desk, site)
    assert {path: data for path, data in found.items() if path in after} == after
    assert set(found) - set(after) <= {"x", "x/in"}
    assert counters(desk, site) == recounted(desk, site)
    assert version(desk, backup(desk, site).cid).content == content_from_scratch(found)


def test_without_replacing_a_file_is_no_directory(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "x", b"1")
    with pytest.raises(paths.NotADirectory):
        put_tree(desk, site, {"x/in": b"2"}, replace=False)
    put(desk, site, "d/in", b"1")
    with pytest.raises(paths.DirectoryThere):
        put_tree(desk, site, {"d": b"2"}, replace=False)
    assert shown(desk, site) == {"x": b"1", "d": "directory", "d/in": b"1"}


def test_a_tree_below_a_file_is_refused(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "x", b"1")
    with pytest.raises(paths.NotADirectory):
        put_tree(desk, site, {"in": b"2"}, below="x/y")


def test_a_hard_link_has_the_content_of_the_file_before_it(desk: Engines, site: MimeiId) -> None:
    with TreeUpload(desk, site) as tree:
        one = tree.file(("f",))
        one.write(b"1")
        one.finish()
        tree.link(("g",), ("f",))
        with pytest.raises(paths.WrongPlace):
            tree.link(("h",), ("no",))
        tree.finish()
    assert shown(desk, site) == {"f": b"1", "g": b"1"}


def test_the_last_of_two_entries_counts(desk: Engines, site: MimeiId) -> None:
    with TreeUpload(desk, site) as tree:
        for data in (b"1", b"22"):
            one = tree.file(("f",))
            one.write(data)
            one.finish()
        assert tree.finish().bytes == 2


def test_the_root_of_a_tree_is_no_entry(desk: Engines, site: MimeiId) -> None:
    with TreeUpload(desk, site) as tree:
        tree.directory(())
        with pytest.raises(paths.WrongPlace):
            tree.symlink((), "x")
        assert tree.finish().changed == 0


def test_the_place_of_a_tree_gets_the_attributes_of_its_root(desk: Engines, site: MimeiId) -> None:
    with TreeUpload(desk, site, ("d",)) as tree:
        tree.directory((), mode=0o700)
        tree.finish()
    with open_tree(desk, site, "cur", OWNER) as found:
        assert found.entry(("d",)).mode == 0o700


def test_a_tree_of_too_many_entries_is_refused(desk: Engines, site: MimeiId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "UPLOAD_ENTRIES_MAX", 2)
    with pytest.raises(TooManyEntries):
        put_tree(desk, site, {"a": b"1", "b": b"2", "c": b"3"})
    assert shown(desk, site) == {}


def test_an_upload_given_up_leaves_nothing(desk: Engines, site: MimeiId) -> None:
    with Upload(desk, site, ("f",)) as upload:
        upload.write(b"1" * 3_000_000)
    with TreeUpload(desk, site) as tree:
        tree.directory(("d",))
        tree.abort()
        tree.abort()
    assert shown(desk, site) == {}
    assert desk.blocks.sweep(lambda: []).blocks_kept == 0


def test_a_large_file_reads_back(desk: Engines, site: MimeiId) -> None:
    data = bytes(range(256)) * 9001
    with Upload(desk, site, ("f",)) as upload:
        for start in range(0, len(data), 77_777):
            upload.write(memoryview(data)[start : start + 77_777])
        assert upload.finish().size_bytes == len(data)
    assert shown(desk, site) == {"f": data}


def test_an_upload_that_must_not_replace_leaves_what_is_there(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "f", b"1")
    with Upload(desk, site, ("f",), replace=False) as upload:
        upload.write(b"2")
        with pytest.raises(paths.AlreadyThere):
            upload.finish()
    assert shown(desk, site) == {"f": b"1"}


def test_what_an_upload_expects_is_asked_of_the_state_it_replaces(desk: Engines, site: MimeiId) -> None:
    asked: list[PathEntry | None] = []
    with Upload(desk, site, ("f",), expect=asked.append) as upload:
        raced = put(desk, site, "f", b"faster")
        upload.write(b"slower")
        upload.finish()
    assert asked == [raced]
    assert shown(desk, site) == {"f": b"slower"}


def test_an_upload_that_expects_something_else_leaves_what_is_there(desk: Engines, site: MimeiId) -> None:
    def refuse(present: PathEntry | None) -> None:
        raise paths.AlreadyThere(("f",))

    put(desk, site, "f", b"1")
    with Upload(desk, site, ("f",), expect=refuse) as upload:
        upload.write(b"2")
        with pytest.raises(paths.AlreadyThere):
            upload.finish()
    assert shown(desk, site) == {"f": b"1"}


def test_what_stands_is_told_with_its_writes_at_an_offset(desk: Engines) -> None:
    mimei = made(desk, "file")
    pages.write_at(desk, mimei, 0, b"paged")
    asked: list[PathEntry | None] = []
    pages.write_at(desk, mimei, 5, b" more", expect=asked.append)
    with Upload(desk, mimei, (), expect=asked.append) as upload:
        upload.finish()
    assert [one.cid for one in asked if one] == [Cid.of(RAW, b"paged"), Cid.of(RAW, b"paged more")]


def test_a_file_without_a_time_gets_the_clocks(desk: Engines, site: MimeiId) -> None:
    with Upload(desk, site, ("f",)) as upload:
        assert upload.finish().mtime_ms == desk.clock.now_ms()
