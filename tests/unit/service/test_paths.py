"""The tree of `cur`: structural rules, moving and copying, attributes, listing; symlinks and references followed."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leither import limits
from leither.crypto import MimeiId
from leither.mimei.entry import EntryType, Reference
from leither.mimei.path import parse_path
from leither.people import GUEST, OWNER, Act, Principal, Scope
from leither.people import right as rights
from leither.service import history, paths, references, tags
from leither.service.backup import backup
from leither.service.catalog import Catalog, referrers
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound, load
from leither.service.tree import Found, NothingAtPath, TooManyReferences, open_tree
from leither.service.versions import default_selector
from leither.testing.node import memory_engines
from leither.unixfs import BadName, PathTooLong
from tests.unit.service.life import bring, counters, held, made, put, recounted, remove, shown, told

NAMES = ["a" * 255, "é" * 127, "\x01", "a\x01b", "a", "a b", "名前", "~", "\U0010ffff", "a\nb", "..."]


@pytest.fixture
def site(desk: Engines) -> MimeiId:
    return made(desk)


def attempts(*made: Callable[[], object]) -> tuple[Callable[[], object], ...]:
    return made


def led_to(engines: Engines, mimei: MimeiId, path: str, who: Principal = OWNER, selector: str = "cur") -> bytes | str:
    with open_tree(engines, mimei, selector, who) as tree:
        return told(engines, tree.follow(parse_path(path)).entry)


def test_names_of_any_text_stand_side_by_side(desk: Engines, site: MimeiId) -> None:
    for number, name in enumerate(NAMES):
        put(desk, site, f"{name}/{name}", b"%d" % number)
    backup(desk, site)
    with open_tree(desk, site, "cur", OWNER) as tree:
        assert [name for name, _ in tree.children()] == sorted(NAMES, key=str.encode)
        for name in NAMES:
            assert [child for child, _ in tree.children((name,))] == [name]


def test_a_path_as_long_as_may_be_is_taken_and_one_longer_refused(desk: Engines, site: MimeiId) -> None:
    longest = "/".join(["n" * 254] * 16)
    put(desk, site, longest, b"deep")
    assert led_to(desk, site, longest) == b"deep"
    with pytest.raises(PathTooLong):
        put(desk, site, longest + "/" + "n" * 100, b"x")


@pytest.mark.parametrize("name", [".", "..", "", "a\0b", "n" * 256, "\ud800"])
def test_a_hostile_name_is_refused(desk: Engines, site: MimeiId, name: str) -> None:
    with pytest.raises(BadName):
        paths.make_directory(desk, site, ("d", name))
    assert shown(desk, site) == {}


def test_nothing_stands_in_a_file(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "f", b"1")
    for make in attempts(lambda: put(desk, site, "f/x", b"2"), lambda: paths.make_directory(desk, site, ("f", "x"))):
        with pytest.raises(paths.NotADirectory):
            make()
    assert shown(desk, site) == {"f": b"1"}


def test_a_directory_with_something_in_it_is_not_replaced_by_a_file(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "d/x", b"1")
    with pytest.raises(paths.DirectoryThere):
        put(desk, site, "d", b"2")


def test_an_empty_directory_gives_way_to_a_file(desk: Engines, site: MimeiId) -> None:
    paths.make_directory(desk, site, ("d",))
    put(desk, site, "d", b"2")
    assert shown(desk, site) == {"d": b"2"}


def test_the_root_of_a_file_system_is_its_directory(desk: Engines, site: MimeiId) -> None:
    for make in attempts(lambda: put(desk, site, "", b"1"), lambda: paths.make_directory(desk, site, ())):
        with pytest.raises(paths.WrongPlace):
            make()
    with open_tree(desk, site, "cur", OWNER) as tree:
        assert tree.entry(()).is_directory


def test_a_file_mimei_has_no_paths(desk: Engines) -> None:
    file = made(desk, "file")
    for make in attempts(
        lambda: put(desk, file, "x", b"1"),
        lambda: paths.make_directory(desk, file, ()),
        lambda: paths.make_symlink(desk, file, ("l",), "x"),
    ):
        with pytest.raises(paths.WrongPlace):
            make()


def test_making_a_directory_again_leaves_it(desk: Engines, site: MimeiId) -> None:
    first = paths.make_directory(desk, site, ("a", "b"), mode=0o755)
    assert paths.make_directory(desk, site, ("a", "b"), mode=0o700) == first
    put(desk, site, "f", b"1")
    with pytest.raises(paths.AlreadyThere):
        paths.make_directory(desk, site, ("f",))


def test_links_take_free_places_only(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "f", b"1")
    with pytest.raises(paths.AlreadyThere):
        paths.make_symlink(desk, site, ("f",), "x")
    with pytest.raises(paths.AlreadyThere):
        paths.make_reference(desk, site, ("f",), site, None)


@pytest.mark.parametrize("target", ["", "a\0b", "x" * 4097, "\ud800"])
def test_a_link_without_a_usable_target_is_refused(desk: Engines, site: MimeiId, target: str) -> None:
    with pytest.raises(paths.WrongPlace):
        paths.make_symlink(desk, site, ("l",), target)


def test_a_directory_is_removed_with_what_is_in_it_only_when_asked(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "d/e/x", b"1")
    with pytest.raises(paths.DirectoryThere):
        paths.remove(desk, site, ("d",))
    assert paths.remove(desk, site, ("d",), recursive=True) == 3
    assert shown(desk, site) == {}
    with pytest.raises(paths.NothingToChange):
        paths.remove(desk, site, ("d",))


def test_removing_the_root_empties_the_tree(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "d/x", b"1")
    backup(desk, site)
    assert remove(desk, site, "") == 2
    assert counters(desk, site) == recounted(desk, site) == (0, 0, 2)


def test_a_directory_stays_when_its_last_entry_goes(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "d/x", b"1")
    backup(desk, site)
    remove(desk, site, "d/x")
    backup(desk, site)
    assert shown(desk, site, "last") == {"d": "directory"}


def test_moving_takes_everything_below_along(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "d/e/x", b"1", mode=0o640, mtime_ms=7)
    paths.move(desk, site, ("d",), ("new", "place"))
    assert shown(desk, site) == {
        "new": "directory",
        "new/place": "directory",
        "new/place/e": "directory",
        "new/place/e/x": b"1",
    }
    with open_tree(desk, site, "cur", OWNER) as tree:
        assert (tree.entry(("new", "place", "e", "x")).mode, tree.entry(("new", "place", "e", "x")).mtime_ms) == (
            416,
            7,
        )


def test_copying_leaves_the_source_and_copies_no_bytes(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "d/x", b"1" * 100_000)
    before = desk.blocks.stats()
    paths.copy(desk, site, ("d",), ("e",))
    assert desk.blocks.stats() == before
    assert led_to(desk, site, "d/x") == led_to(desk, site, "e/x")
    assert counters(desk, site) == recounted(desk, site)


@pytest.mark.parametrize("transfer", [paths.move, paths.copy])
def test_what_can_not_be_moved_or_copied_stays(desk: Engines, site: MimeiId, transfer: Callable[..., object]) -> None:
    put(desk, site, "d/x", b"1")
    put(desk, site, "f", b"2")
    before = shown(desk, site)
    for source, target, error in (
        ("d", "d/in", paths.WrongPlace),
        ("d", "d", paths.WrongPlace),
        ("", "x", paths.WrongPlace),
        ("no", "x", paths.NothingToChange),
        ("d", "f", paths.AlreadyThere),
        ("d", "f/x", paths.NotADirectory),
        ("d", "/".join(["n" * 210] * 20), PathTooLong),
    ):
        with pytest.raises(error):
            transfer(desk, site, parse_path(source), parse_path(target))
    assert shown(desk, site) == before


def test_attributes_change_one_by_one_and_are_versioned(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "f", b"1", mode=0o600, mtime_ms=5)
    backup(desk, site)
    paths.set_attributes(desk, site, ("f",), mode=0o644)
    changed = paths.set_attributes(desk, site, ("f",), mtime_ms=9)
    assert (changed.mode, changed.mtime_ms) == (0o644, 9)
    assert backup(desk, site).n == 1
    with open_tree(desk, site, 0, OWNER) as tree:
        assert (tree.entry(("f",)).mode, tree.entry(("f",)).mtime_ms) == (0o600, 5)
    with pytest.raises(paths.NothingToChange):
        paths.set_attributes(desk, site, ("no",), mode=1)


def test_a_listing_skips_what_is_deep_and_goes_on_after_a_name(desk: Engines, site: MimeiId) -> None:
    for path in ("a/1", "a/2/3", "a\x01", "a!", "b", "c/1"):
        put(desk, site, path, b"x")
    backup(desk, site)
    remove(desk, site, "b")
    put(desk, site, "b2", b"x")
    with open_tree(desk, site, "cur", OWNER) as tree:
        names = [name for name, _ in tree.children()]
        assert names == ["a", "a\x01", "a!", "b2", "c"]
        for place, name in enumerate(names):
            assert [child for child, _ in tree.children(after=name)] == names[place + 1 :]
        assert [child for child, _ in tree.children(("b",))] == []


def test_relative_links_are_followed_within_the_mimei(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "d/f", b"1")
    put(desk, site, "..odd/f", b"2")
    for path, target in (("l", "d/f"), ("d/up", "../l"), ("dir", "d"), ("here", "."), ("odd", "..odd/f")):
        paths.make_symlink(desk, site, parse_path(path), target)
    for path in ("l", "d/up", "dir/f", "here/d/f", "here/dir/up"):
        assert led_to(desk, site, path) == b"1"
    assert led_to(desk, site, "odd") == b"2"


@pytest.mark.parametrize("target", ["/d/f", "..", "../x", "d/../../x", "no/such"])
def test_a_link_that_leads_out_or_nowhere_leads_to_nothing(desk: Engines, site: MimeiId, target: str) -> None:
    put(desk, site, "d/f", b"1")
    paths.make_symlink(desk, site, ("l",), target)
    with pytest.raises(NothingAtPath):
        led_to(desk, site, "l")


def test_links_in_a_ring_are_given_up(desk: Engines, site: MimeiId) -> None:
    paths.make_symlink(desk, site, ("a",), "b")
    paths.make_symlink(desk, site, ("b",), "a")
    with pytest.raises(TooManyReferences):
        led_to(desk, site, "a")


def test_as_many_links_as_the_limit_says_are_followed(desk: Engines, site: MimeiId) -> None:
    put(desk, site, "0", b"end")
    for number in range(limits.REFERENCE_DEPTH_MAX + 1):
        paths.make_symlink(desk, site, (str(number + 1),), str(number))
    assert led_to(desk, site, str(limits.REFERENCE_DEPTH_MAX)) == b"end"
    with pytest.raises(TooManyReferences):
        led_to(desk, site, str(limits.REFERENCE_DEPTH_MAX + 1))


@pytest.fixture
def shared(desk: Engines) -> MimeiId:
    """Another MiMei with two versions, the first one released."""
    other = made(desk, mark="shared")
    for data in (b"old", b"new"):
        put(desk, other, "d/f", data)
        backup(desk, other)
    history.release(desk, other, 0)
    return other


def test_a_reference_shows_its_version_or_what_is_released(desk: Engines, site: MimeiId, shared: MimeiId) -> None:
    paths.make_reference(desk, site, ("pinned",), shared, held(desk, shared).base)
    paths.make_reference(desk, site, ("follows",), shared, None)
    assert (led_to(desk, site, "pinned/d/f"), led_to(desk, site, "follows/d/f")) == (b"new", b"old")
    history.release(desk, shared)
    assert led_to(desk, site, "follows/d/f") == b"new"


def test_references_need_the_right_to_read_each_mimei_on_the_way(desk: Engines, site: MimeiId, shared: MimeiId) -> None:
    paths.make_reference(desk, site, ("follows",), shared, None)
    paths.make_reference(desk, site, ("pinned",), shared, held(desk, shared).base)
    Catalog(desk).change_control(site, right=rights.pack(everyone=Act.READ_CUR))
    with pytest.raises(NothingAtPath):
        led_to(desk, site, "follows/d/f", GUEST)
    Catalog(desk).change_control(shared, right=rights.pack(everyone=Act.READ_RELEASE))
    assert led_to(desk, site, "follows/d/f", GUEST) == b"old"
    with pytest.raises(NothingAtPath):
        led_to(desk, site, "pinned/d/f", GUEST)


def test_a_reference_to_what_is_not_here_leads_to_nothing(desk: Engines, site: MimeiId) -> None:
    elsewhere = made(memory_engines(person="bob"))
    paths.make_reference(desk, site, ("r",), elsewhere, None)
    unreleased = made(desk, mark="unreleased")
    paths.make_reference(desk, site, ("u",), unreleased, None)
    for path in ("r", "r/x", "u"):
        with pytest.raises(NothingAtPath):
            led_to(desk, site, path)


def test_references_in_a_ring_are_given_up(desk: Engines, site: MimeiId) -> None:
    other = made(desk, mark="other")
    for source, target in ((site, other), (other, site)):
        paths.make_reference(desk, source, ("r",), target, None)
        backup(desk, source)
        history.release(desk, source)
    with open_tree(desk, site, "cur", OWNER) as tree, pytest.raises(TooManyReferences):
        tree.follow(("r",) * 20)


def test_references_are_counted_with_the_paths_that_hold_them(desk: Engines, site: MimeiId, shared: MimeiId) -> None:
    def count() -> list[tuple[MimeiId, object, int]]:
        with desk.state.read() as view:
            return list(referrers(view, shared))

    paths.make_reference(desk, site, ("r",), shared, None)
    paths.copy(desk, site, ("r",), ("s",))
    assert count() == [(site, None, 2)]
    paths.move(desk, site, ("r",), ("t",))
    assert count() == [(site, None, 2)]
    put(desk, site, "t", b"a file now")
    assert count() == [(site, None, 1)]
    remove(desk, site, "s")
    assert count() == []


def test_references_are_counted_up_and_down_but_not_below_zero(desk: Engines, site: MimeiId, shared: MimeiId) -> None:
    reference = Reference(shared, None)
    assert [references.add(desk, site, reference, delta=delta) for delta in (1, 2, -1)] == [1, 3, 2]
    with pytest.raises(references.CountBelowZero):
        references.add(desk, site, reference, delta=-3)
    assert references.add(desk, site, reference, delta=-2) == 0
    assert counters(desk, site) == (0, 0, 0)


def test_references_have_a_limit(
    desk: Engines, site: MimeiId, shared: MimeiId, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "REFERENCES_MAX", 1)
    references.add(desk, site, Reference(shared, None))
    with pytest.raises(references.TooManyReferencesHeld):
        references.add(desk, site, Reference(site, None))
    with pytest.raises(references.TooManyReferencesHeld):
        references.add(desk, site, Reference(shared, None), delta=(1 << 63) - 1)


def test_a_path_of_either_writer_can_be_removed_after_a_merge(
    desk: Engines, phone: Engines, site: MimeiId, shared: MimeiId
) -> None:
    backup(desk, site)
    bring(desk, phone)
    for engines, name in ((desk, "a"), (phone, "b")):
        paths.make_reference(engines, site, (name,), shared, None)
        backup(engines, site)
    bring(phone, desk, site)
    assert remove(desk, site, "a") == remove(desk, site, "b") == 1


def test_tags_are_found_together(desk: Engines, site: MimeiId, shared: MimeiId) -> None:
    for mimei, dimension, value in ((site, "topic", "music"), (site, "lang", "de"), (shared, "topic", "music")):
        tags.add(desk, mimei, dimension, value)
    with desk.state.read() as view:
        assert tags.find(view, [("topic", "music")]) == {site, shared}
        assert tags.find(view, [("topic", "music"), ("lang", "de")]) == {site}
        assert tags.find(view, [("topic", "mus")]) == tags.find(view, []) == set()
    tags.remove(desk, site, "lang", "de")
    with pytest.raises(tags.NotTagged):
        tags.remove(desk, site, "lang", "de")
    with desk.state.read() as view:
        assert tags.find(view, [("lang", "de")]) == set()


def test_a_tag_is_signed_and_made_once(desk: Engines, site: MimeiId) -> None:
    first = tags.add(desk, site, "topic", "music")
    assert tags.add(desk, site, "topic", "music") == first
    assert (first.check().mimei, tags.tagger(first)) == (site, tags.tagger(first))


def test_tags_have_a_limit(desk: Engines, site: MimeiId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "TAGS_MAX", 1)
    tags.add(desk, site, "a", "b")
    with pytest.raises(tags.TooManyTags):
        tags.add(desk, site, "a", "c")


def test_what_was_said_of_a_mimei_is_not_said_of_its_fork(desk: Engines, site: MimeiId) -> None:
    tags.add(desk, site, "topic", "music")
    backup(desk, site)
    forked = history.fork(desk, site, "last", mark="fork").id
    with desk.state.read() as view:
        assert tags.find(view, [("topic", "music")]) == {site}
        assert tags.of(open_cur(desk, forked)) == []
    assert tags.add(desk, forked, "topic", "music").mimei == forked
    with desk.state.read() as view:
        assert tags.find(view, [("topic", "music")]) == {site, forked}


def open_cur(engines: Engines, mimei: MimeiId) -> Cur:
    with engines.state.read() as view:
        return Cur(engines, view, load(engines, view, mimei))


def test_what_an_address_without_a_version_shows_depends_on_who_asks(desk: Engines, shared: MimeiId) -> None:
    def default(everyone: Act) -> object:
        Catalog(desk).change_control(shared, right=rights.pack(everyone=everyone))
        return default_selector(held(desk, shared), GUEST)

    assert default(Act.READ_CUR | Act.READ_RELEASE) == "cur"
    assert default(Act.READ_RELEASE | Act.READ_VERSIONS) == "release"
    assert default(Act.READ_VERSIONS) == "last"
    with pytest.raises(MimeiNotFound):
        default(Act.WRITE)
    assert default_selector(held(desk, shared), OWNER) == "cur"


def test_the_released_version_may_be_read_by_any_of_its_names(desk: Engines, shared: MimeiId) -> None:
    Catalog(desk).change_control(shared, right=rights.pack(everyone=Act.READ_RELEASE))
    released = held(desk, shared).release
    assert released is not None
    for selector in ("release", 0, released, None):
        with open_tree(desk, shared, selector, GUEST) as tree:
            assert isinstance(tree.follow(("d", "f")), Found)
    for selector in ("last", 1, "cur"):
        with pytest.raises(MimeiNotFound), open_tree(desk, shared, selector, GUEST):
            pass


def test_an_absent_version_is_told_only_to_who_may_read_versions(desk: Engines, shared: MimeiId) -> None:
    Catalog(desk).change_control(shared, right=rights.pack(everyone=Act.READ_RELEASE))
    with pytest.raises(MimeiNotFound), open_tree(desk, shared, 9, GUEST):
        pass
    reader = Principal("reader", Scope.READ)
    with pytest.raises(Exception, match="has no version 9"), open_tree(desk, shared, 9, reader):
        pass


def test_a_walk_names_what_each_path_is(desk: Engines, site: MimeiId, shared: MimeiId) -> None:
    put(desk, site, "f", b"1")
    paths.make_symlink(desk, site, ("l",), "f")
    paths.make_reference(desk, site, ("r",), shared, None)
    with open_tree(desk, site, "cur", OWNER) as tree:
        assert {path: entry.type for path, entry in tree.walk()} == {
            ("f",): EntryType.FILE,
            ("l",): EntryType.SYMLINK,
            ("r",): EntryType.REFERENCE,
        }
