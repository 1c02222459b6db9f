"""Changing trees: whatever the way there, the root is that of the same tree added at once."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from leither import limits
from leither.codec import RAW, Cid
from leither.unixfs import (
    EMPTY_DIRECTORY,
    BadName,
    BadSymlink,
    Change,
    EmptyDirectory,
    Kind,
    Link,
    Path,
    PathConflict,
    PathNotFound,
    PathTooLong,
    SymlinkTarget,
    WrongKind,
    decode,
    entries,
    lookup,
    resolve,
)
from tests.unit.unixfs.shelf import Shelf

SMALL_DIRECTORY_BYTES = 300
NAMES = st.sampled_from([f"{letter}{number}" for letter in "abcä" for number in range(5)])


@pytest.fixture(autouse=True, scope="module")
def _small_directories() -> Iterator[None]:
    """Let five or six entries make a sharded directory, so that small trees cross the threshold both ways."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "DIRECTORY_BLOCK_BYTES_MAX", SMALL_DIRECTORY_BYTES)
        yield


def file(number: int) -> Link:
    """A file's link; its size decides how many bytes its directory entry takes."""
    return Link(Cid.of(RAW, str(number).encode()), number, number)


class TreeHistory(RuleBasedStateMachine):
    """Changes one tree step by step, and keeps what it should hold as plain paths."""

    def __init__(self) -> None:
        super().__init__()
        self.shelf = Shelf()
        self.root: Cid | None = None
        self.files: dict[Path, Change] = {}

    @rule(data=st.data())
    def place_files(self, data: st.DataObject) -> None:
        paths = data.draw(st.lists(st.lists(NAMES, min_size=1, max_size=3).map(tuple), max_size=12))
        changes: dict[Path, Change] = {}
        for path in paths:
            taken = {**self.files, **changes}
            above = any(path[:size] in taken for size in range(1, len(path)))
            below = any(other[: len(path)] == path and other != path for other in taken)
            if not above and not below:
                changes[path] = file(data.draw(st.sampled_from([0, 5, 200, 1 << 20, 1 << 40])))
        self.change(changes)

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def remove_files(self, data: st.DataObject) -> None:
        paths = data.draw(st.sets(st.sampled_from(sorted(self.files)), max_size=20))
        self.change(dict.fromkeys(paths))

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def remove_directory(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.files)))[:1]
        self.change({path: None})

    @precondition(lambda self: self.files)
    @rule(data=st.data())
    def turn_file_into_directory(self, data: st.DataObject) -> None:
        path = data.draw(st.sampled_from(sorted(self.files)))
        if len(path) < 4:
            self.change({path: None, (*path, "within"): file(7)})

    def change(self, changes: dict[Path, Change]) -> None:
        for path, change in changes.items():
            if change is None:
                self.files = {other: kept for other, kept in self.files.items() if other[: len(path)] != path}
        self.files |= {path: change for path, change in changes.items() if change is not None}
        if self.root is None:
            self.root = self.shelf.tree(changes).cid
        else:
            self.root = self.shelf.update(self.root, changes).cid

    @invariant()
    def equals_the_tree_added_at_once(self) -> None:
        if self.root is not None:
            assert self.root == Shelf().tree(self.files).cid


TreeHistory.TestCase.settings = settings(max_examples=60, stateful_step_count=12)
test_any_history_ends_in_the_tree_added_at_once = TreeHistory.TestCase


def many(count: int) -> dict[Path, Change]:
    return {(f"name-{number}",): file(number) for number in range(count)}


def test_a_directory_at_the_limit_is_basic_and_one_byte_over_is_sharded(shelf: Shelf) -> None:
    # An entry takes 44 bytes and its name; the directory itself 4.
    changes: dict[Path, Change] = {("a" * 56 + str(number),): file(1) for number in range(2)}
    at_limit = shelf.tree(changes | {("a" * (SMALL_DIRECTORY_BYTES - 4 - 2 * 101 - 44),): file(1)}).cid
    over = shelf.tree(changes | {("a" * (SMALL_DIRECTORY_BYTES - 4 - 2 * 101 - 43),): file(1)}).cid
    assert len(shelf.blocks[at_limit]) == SMALL_DIRECTORY_BYTES
    assert (shelf.kind(at_limit), shelf.kind(over)) == (Kind.DIRECTORY, Kind.SHARD)


def test_a_directory_that_grew_and_shrank_is_as_before(shelf: Shelf) -> None:
    small = shelf.tree(many(4))
    large = shelf.update(small.cid, many(500))
    assert large == shelf.tree(many(500))
    removals: dict[Path, Change] = dict.fromkeys(path for path in many(500) if path not in many(4))
    assert shelf.update(large.cid, removals) == small


def test_one_change_in_a_large_directory_reads_few_shards(shelf: Shelf) -> None:
    root = shelf.tree(many(5000)).cid
    shelf.reads.clear()
    before = len(shelf.blocks)
    shelf.update(root, {("name-77",): file(9)})
    assert len(shelf.reads) < 8
    assert len(shelf.blocks) - before <= 4


def test_only_changed_directories_are_read(shelf: Shelf) -> None:
    root = shelf.tree({(f"d{number}", "sub", "file"): file(1) for number in range(5)}).cid
    shelf.reads.clear()
    shelf.update(root, {("d3", "sub", "file"): file(2)})
    assert len(shelf.reads) == 3


def test_the_size_of_a_tree_is_that_of_all_its_blocks(shelf: Shelf) -> None:
    link = shelf.tree({("a", "b"): shelf.add(b"one"), ("c",): shelf.add(b"three")})
    assert link.dag_bytes == sum(len(block) for block in shelf.blocks.values())


def test_a_directory_goes_with_its_last_entry_and_so_do_its_parents(shelf: Shelf) -> None:
    root = shelf.tree({("a", "b", "c"): file(1), ("d",): file(2)}).cid
    assert shelf.update(root, {("a", "b", "c"): None}) == shelf.tree({("d",): file(2)})


def test_a_directory_placed_as_empty_stays_without_entries(shelf: Shelf) -> None:
    root = shelf.tree({("a", "b"): file(1)}).cid
    emptied = shelf.update(root, {("a", "b"): None, ("a",): EMPTY_DIRECTORY})
    assert emptied == shelf.tree({("a",): EMPTY_DIRECTORY})
    assert shelf.names(emptied.cid) == ["a"]


def test_placing_a_directory_keeps_what_it_holds(shelf: Shelf) -> None:
    root = shelf.tree({("a", "b"): file(1)})
    assert shelf.update(root.cid, {("a",): EmptyDirectory()}) == root


def test_an_empty_directory_stays_when_nothing_in_it_is_removed(shelf: Shelf) -> None:
    root = shelf.tree({("a",): EMPTY_DIRECTORY})
    assert shelf.update(root.cid, {("a", "nothing"): None}) == root


def test_removing_what_is_not_there_changes_nothing(shelf: Shelf) -> None:
    root = shelf.tree({("a",): file(1)})
    assert shelf.update(root.cid, {("b",): None, ("c", "d"): None, ("a", "e"): None}) == root


def test_the_root_stays_when_all_is_removed(shelf: Shelf) -> None:
    root = shelf.tree({("a", "b"): file(1)}).cid
    assert shelf.update(root, {("a",): None}) == shelf.tree({})


def test_a_file_may_replace_a_directory(shelf: Shelf) -> None:
    root = shelf.tree({("a", "b"): file(1)}).cid
    assert shelf.update(root, {("a",): file(2), ("a", "b"): None}) == shelf.tree({("a",): file(2)})


def test_a_directory_may_replace_a_file_that_is_removed_along(shelf: Shelf) -> None:
    root = shelf.tree({("a",): file(1)}).cid
    assert shelf.update(root, {("a",): None, ("a", "b"): file(2)}) == shelf.tree({("a", "b"): file(2)})


def test_a_removed_directory_takes_nothing_along_into_its_successor(shelf: Shelf) -> None:
    root = shelf.tree({("a", "old"): file(1)}).cid
    assert shelf.update(root, {("a",): None, ("a", "new"): file(2)}) == shelf.tree({("a", "new"): file(2)})


def test_a_stored_directory_can_be_placed_whole(shelf: Shelf) -> None:
    part = shelf.tree({("x",): file(1), ("y",): file(2)})
    assert shelf.tree({("a",): part}) == shelf.tree({("a", "x"): file(1), ("a", "y"): file(2)})


@pytest.mark.parametrize(
    "changes",
    [
        {("a",): file(1), ("a", "b"): file(2)},
        {("a",): SymlinkTarget("x"), ("a", "b", "c"): EMPTY_DIRECTORY},
        {(): file(1)},
        {(): None},
    ],
)
def test_nothing_can_stand_below_a_file(shelf: Shelf, changes: dict[Path, Change]) -> None:
    with pytest.raises(PathConflict):
        shelf.tree(changes)


def test_nothing_can_be_placed_below_a_stored_file(shelf: Shelf) -> None:
    root = shelf.tree({("a",): shelf.add(b"text")}).cid
    with pytest.raises(PathConflict, match="'a' is no directory"):
        shelf.update(root, {("a", "b"): file(1)})


def test_a_file_is_no_tree_to_change(shelf: Shelf) -> None:
    with pytest.raises(WrongKind):
        shelf.update(shelf.add(b"text").cid, {("a",): file(1)})


def test_a_symlink_keeps_its_target_as_given(shelf: Shelf) -> None:
    root = shelf.tree({("link",): SymlinkTarget("../über/all")}).cid
    cid = lookup(shelf.get, root, "link").cid
    node = decode(cid, shelf.get(cid))  # type: ignore[arg-type]
    assert (node.kind, node.data.decode()) == (Kind.SYMLINK, "../über/all")


@pytest.mark.parametrize("target", ["", "a\0b", "x" * (limits.SYMLINK_TARGET_BYTES_MAX + 1), "\udc80"])
def test_a_bad_symlink_target_is_refused(shelf: Shelf, target: str) -> None:
    with pytest.raises(BadSymlink):
        shelf.tree({("link",): SymlinkTarget(target)})


@pytest.mark.parametrize("name", ["", ".", "..", "a/b", "/", "nul\0", "\ud800", "x" * 256, "ä" * 128])
def test_a_hostile_name_is_refused(shelf: Shelf, name: str) -> None:
    with pytest.raises(BadName):
        shelf.tree({(name,): file(1)})


@pytest.mark.parametrize("name", ["...", "x" * 255, "a\\b", "\u0065\u0301", "\u00e9", "\u202e", " ", "\n", "C:"])
def test_any_other_name_is_kept_as_given(shelf: Shelf, name: str) -> None:
    assert shelf.names(shelf.tree({(name,): file(1)}).cid) == [name]


@pytest.mark.parametrize("path", [("a",) * (limits.PATH_DEPTH_MAX + 1), ("x" * 255,) * 17])
def test_a_path_too_deep_or_long_is_refused(shelf: Shelf, path: Path) -> None:
    with pytest.raises(PathTooLong):
        shelf.tree({path: file(1)})


def test_the_deepest_path_is_taken(shelf: Shelf) -> None:
    path = ("a",) * limits.PATH_DEPTH_MAX
    link = shelf.add(b"deep")
    assert resolve(shelf.get, shelf.tree({path: link}).cid, path) == link.cid


@given(names=st.sets(NAMES, min_size=1), absent=NAMES)
def test_a_lookup_finds_what_a_listing_shows(names: set[str], absent: str) -> None:
    shelf = Shelf()
    root = shelf.tree({(name,): file(len(name)) for name in names}).cid
    listed = list(entries(shelf.get, root))
    assert sorted(entry.name for entry in listed) == sorted(names)
    assert all(lookup(shelf.get, root, entry.name) == entry for entry in listed)
    if absent not in names:
        with pytest.raises(PathNotFound):
            lookup(shelf.get, root, absent)


def test_a_basic_directory_lists_by_the_bytes_of_its_names(shelf: Shelf) -> None:
    root = shelf.tree({(name,): file(1) for name in ["ä", "b", "a", "B"]}).cid
    assert shelf.names(root) == ["B", "a", "b", "ä"]
