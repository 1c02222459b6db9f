"""Backup, versions, release, restore, fork, deleting versions, diff, split."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.entry import Reference
from leither.mimei.record import NotARecord
from leither.people import OWNER
from leither.ports import Transaction
from leither.service import history, paths, references
from leither.service.archive_in import import_car
from leither.service.backup import Backup, backup
from leither.service.catalog import Catalog, NotTheAuthor, referrers
from leither.service.collect import check, collect
from leither.service.diff import diff
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import VersionNotFound, load
from leither.service.merge import NotRelated, merge
from leither.service.split import ChangedMeanwhile, split
from leither.service.tree import open_tree
from leither.service.uploads import TreeUpload
from leither.service.versions import resolve, rows, side_rows
from leither.testing.node import clock_of, counted, memory_engines
from leither.testing.suites.expect import damage
from tests.unit.service.life import (
    bring,
    content_from_scratch,
    counters,
    exported,
    held,
    made,
    put,
    recounted,
    remove,
    shown,
    version,
)


def saved(engines: Engines, mimei: MimeiId, path: str, data: bytes) -> Cid:
    put(engines, mimei, path, data)
    done = backup(engines, mimei)
    assert done.cid is not None
    return done.cid


def numbers(engines: Engines, mimei: MimeiId) -> dict[int, Cid]:
    with engines.state.read() as view:
        return {row.record.n: row.cid for row in rows(engines, view, load(engines, view, mimei))}


def during_backup(engines: Engines, mimei: MimeiId, change: Callable[[], object]) -> Backup:
    """Back up, and make a change when the version is made and not yet appended."""
    now_ms = engines.clock.now_ms
    done: list[object] = []

    def tell() -> int:
        if not done:
            done.append(change())
        return now_ms()

    engines.clock.now_ms = tell  # type: ignore[method-assign]
    try:
        return backup(engines, mimei)
    finally:
        engines.clock.now_ms = now_ms  # type: ignore[method-assign]
        assert done


def test_a_backup_of_nothing_new_makes_no_version(desk: Engines) -> None:
    mimei = made(desk)
    first = saved(desk, mimei, "a", b"1")
    assert backup(desk, mimei) == Backup(first, 0, 0)
    put(desk, mimei, "a", b"2")
    put(desk, mimei, "a", b"1")
    assert backup(desk, mimei) == Backup(first, 0, 0)


def test_a_first_backup_of_an_empty_mimei_makes_a_version(desk: Engines) -> None:
    mimei = made(desk)
    done = backup(desk, mimei)
    assert (done.n, done.changed) == (0, 0)
    assert version(desk, done.cid).content == content_from_scratch({})


def test_an_empty_file_mimei_is_an_empty_file(desk: Engines) -> None:
    mimei = made(desk, "file")
    backup(desk, mimei)
    assert backup(desk, mimei).changed == 0


def test_versions_are_chained_numbered_and_listed_newest_first(desk: Engines) -> None:
    mimei = made(desk)
    made_cids = [saved(desk, mimei, "a", b"%d" % number) for number in range(4)]
    with desk.state.read() as view:
        found = list(rows(desk, view, load(desk, view, mimei)))
        below = [row.cid for row in rows(desk, view, load(desk, view, mimei), before=2)]
    assert [row.cid for row in found] == made_cids[::-1]
    assert below == made_cids[1::-1]
    assert [row.record.parents for row in found[:-1]] == [(cid,) for cid in made_cids[2::-1]]
    assert [row.last for row in found] == [True, False, False, False]


def test_every_version_reads_back_bit_for_bit(desk: Engines) -> None:
    mimei, states = made(desk), []
    for number in range(5):
        put(desk, mimei, f"d{number % 2}/f{number}", bytes([number]) * (number * 400_000))
        if number == 3:
            remove(desk, mimei, "d0")
        backup(desk, mimei)
        states.append(shown(desk, mimei))
    collect(desk)
    assert [shown(desk, mimei, number) for number in range(5)] == states


def test_a_note_and_the_time_stand_in_the_version(desk: Engines) -> None:
    mimei = made(desk)
    clock_of(desk).advance(5)
    record = version(desk, backup(desk, mimei, note="first").cid)
    assert (record.note, record.time, record.by) == ("first", clock_of(desk).ms, desk.identity.node.public)


def test_a_note_past_its_bound_is_refused_and_the_changes_stay(desk: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    with pytest.raises(NotARecord):
        backup(desk, mimei, note="é" * 4096)
    assert counters(desk, mimei) == (1, 1, 1)
    assert backup(desk, mimei).n == 0


@pytest.mark.parametrize(
    ("begin", "change", "expected"),
    [
        pytest.param(b"1", lambda e, m: put(e, m, "a", b"3"), {"a": b"3"}, id="changed again"),
        pytest.param(b"1", lambda e, m: put(e, m, "a", b"1"), {"a": b"1"}, id="changed back"),
        pytest.param(b"1", lambda e, m: remove(e, m, "a"), {}, id="removed"),
        pytest.param(None, lambda e, m: remove(e, m, "a"), {}, id="new and removed"),
        pytest.param(b"1", lambda e, m: put(e, m, "b", b"1"), {"a": b"2", "b": b"1"}, id="another"),
    ],
)
def test_what_changes_during_a_backup_stays_and_stays_unsaved(
    desk: Engines, begin: bytes | None, change: Callable[[Engines, MimeiId], object], expected: dict[str, bytes]
) -> None:
    mimei = made(desk)
    if begin is None:
        backup(desk, mimei)
    else:
        saved(desk, mimei, "a", begin)
    put(desk, mimei, "a", b"2")
    during_backup(desk, mimei, lambda: change(desk, mimei))
    assert shown(desk, mimei, "last") == {"a": b"2"}
    assert shown(desk, mimei) == expected
    assert counters(desk, mimei) == recounted(desk, mimei)
    assert backup(desk, mimei).changed == 1
    assert shown(desk, mimei, "last") == expected


def test_a_backup_costs_in_proportion_to_what_changed(desk: Engines) -> None:
    mimei = made(desk)
    with TreeUpload(desk, mimei) as tree:
        for number in range(10_000):
            one = tree.file((f"d{number // 100}", f"f{number}"))
            one.write(b"%d" % number)
            one.finish()
        tree.finish()
    backup(desk, mimei)
    put(desk, mimei, "d50/f5050", b"changed")
    counted(desk).forget_counts()
    backup(desk, mimei)
    # A path of the map, two directories, a version and a head.
    assert len(counted(desk).new) <= 8


def test_the_released_version_is_shown_and_rolls_back(desk: Engines) -> None:
    mimei = made(desk)
    first = saved(desk, mimei, "a", b"1")
    second = saved(desk, mimei, "a", b"2")
    assert history.release(desk, mimei) == second
    assert shown(desk, mimei, "release") == {"a": b"2"}
    assert history.release(desk, mimei, 0) == first
    assert shown(desk, mimei, "release") == {"a": b"1"}
    saved(desk, mimei, "a", b"3")
    assert shown(desk, mimei, "release") == {"a": b"1"}


def test_nothing_is_released_before_there_is_a_version(desk: Engines) -> None:
    with pytest.raises(VersionNotFound):
        history.release(desk, made(desk))


def test_restore_makes_cur_equal_a_version(desk: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "d/gone", b"g")
    first = saved(desk, mimei, "a", b"1")
    remove(desk, mimei, "d")
    saved(desk, mimei, "new", b"2")
    assert history.restore(desk, mimei, 0) == first
    assert shown(desk, mimei) == shown(desk, mimei, 0)
    assert counters(desk, mimei) == recounted(desk, mimei)
    done = backup(desk, mimei)
    assert (done.n, version(desk, done.cid).content) == (2, version(desk, first).content)


def test_restore_takes_unsaved_changes_by_name_only(desk: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    put(desk, mimei, "b", b"2")
    with pytest.raises(history.UnsavedChanges):
        history.restore(desk, mimei, 0)
    assert shown(desk, mimei) == {"a": b"1", "b": b"2"}
    history.restore(desk, mimei, 0, discard=True)
    assert shown(desk, mimei) == {"a": b"1"}
    assert counters(desk, mimei) == (1, 1, 0)


def test_discard_takes_every_change_back(desk: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "d/a", b"1")
    remove(desk, mimei, "d")
    put(desk, mimei, "x", b"2")
    assert history.discard(desk, mimei) == 3
    assert shown(desk, mimei) == {"d": "directory", "d/a": b"1"}
    assert counters(desk, mimei) == recounted(desk, mimei) == (2, 1, 0)


def test_what_was_restored_wins_over_writers_that_had_not_seen_it(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"old")
    saved(desk, mimei, "a", b"new")
    bring(desk, phone)
    saved(phone, mimei, "b", b"phone")
    history.restore(desk, mimei, 0)
    backup(desk, mimei)
    bring(phone, desk)
    bring(desk, phone)
    assert shown(desk, mimei) == shown(phone, mimei) == {"a": b"old", "b": b"phone"}


def test_a_fork_shares_every_block(desk: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "d/a", b"1" * 5000)
    counted(desk).forget_counts()
    forked = history.fork(desk, mimei, 0, mark="fork")
    assert len(counted(desk).new) == 4  # genesis, control, version, head
    assert shown(desk, forked.id) == shown(desk, mimei)
    assert counters(desk, forked.id) == recounted(desk, forked.id)


def test_a_fork_of_a_fork_goes_on_by_itself(desk: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    child = history.fork(desk, mimei, "last", mark="child").id
    grandchild = history.fork(desk, child, "last", mark="grandchild").id
    saved(desk, grandchild, "a", b"2")
    assert [shown(desk, one)["a"] for one in (mimei, child, grandchild)] == [b"1", b"1", b"2"]
    Catalog(desk).delete(mimei)
    Catalog(desk).delete(child)
    collect(desk)
    assert shown(desk, grandchild, 0) == {"a": b"1"}
    assert damage(check(desk)) == []


def test_a_fork_takes_a_free_topic_only(desk: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    with pytest.raises(history.TopicTaken):
        history.fork(desk, mimei, "last", mark="site")
    history.fork(desk, mimei, "last", mark="site", app="other")


def test_a_stranger_forks_what_it_holds(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    bring(desk, stranger)
    with pytest.raises(NotTheAuthor):
        backup(stranger, mimei)
    forked = history.fork(stranger, mimei, "last", mark="mine")
    saved(stranger, forked.id, "a", b"2")
    assert shown(stranger, forked.id, 0) == {"a": b"1"}


def test_deleted_versions_are_gone_and_their_numbers_stay_free(desk: Engines) -> None:
    mimei = made(desk)
    cids = [saved(desk, mimei, "a", b"%d" % number * 3000) for number in range(4)]
    assert history.delete_versions(desk, mimei, 1, 2) == cids[1:3]
    assert list(numbers(desk, mimei)) == [3, 0]
    for selector in (1, cids[1]):
        with pytest.raises(VersionNotFound):
            shown(desk, mimei, selector)
    assert set(cids[1:3]) == set(held(desk, mimei).control.dropped)
    before = desk.blocks.stats().bytes_on_disk
    collect(desk)
    assert desk.blocks.stats().bytes_on_disk < before - 6000
    assert shown(desk, mimei, 0) == {"a": b"000" * 1000}
    assert saved(desk, mimei, "a", b"4") == numbers(desk, mimei)[4]


@pytest.mark.parametrize(("first", "last"), [(7, 9), (2, 1), (-1, 0), (1 << 63, 1 << 64), (5, 1 << 70)])
def test_a_range_without_versions_is_not_found(desk: Engines, first: int, last: int) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    with pytest.raises(VersionNotFound):
        history.delete_versions(desk, mimei, first, last)


def test_the_newest_released_or_referred_version_is_not_deleted(desk: Engines) -> None:
    mimei, other = made(desk), made(desk, mark="other")
    cids = [saved(desk, mimei, "a", b"%d" % number) for number in range(4)]
    history.release(desk, mimei, 1)
    references.add(desk, other, Reference(mimei, cids[2]))
    for n in (1, 2, 3):
        with pytest.raises(history.VersionInUse):
            history.delete_versions(desk, mimei, 0, n)
    assert len(numbers(desk, mimei)) == 4
    history.delete_versions(desk, mimei, 0, 0)


def test_a_version_that_the_newest_joins_is_not_deleted(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    bring(desk, phone)
    saved(phone, mimei, "b", b"2")
    saved(desk, mimei, "c", b"3")
    bring(phone, desk)
    with pytest.raises(history.VersionInUse):
        history.delete_versions(desk, mimei, 1, 1)


def test_another_writers_newest_may_be_deleted_once_it_is_overtaken(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    bring(desk, phone)
    saved(phone, mimei, "b", b"2")
    bring(phone, desk)
    saved(desk, mimei, "c", b"3")
    history.delete_versions(desk, mimei, 0, 1)
    collect(desk)
    assert not merge(desk, mimei).merged
    fresh = memory_engines(node="fresh")
    bring(desk, fresh)
    bring(desk, phone)
    for engines in (desk, phone, fresh):
        assert numbers(engines, mimei) == {2: held(desk, mimei).base}
        assert damage(check(engines)) == []


def test_a_selector_that_names_nothing_is_not_found(desk: Engines) -> None:
    mimei = made(desk)
    own = saved(desk, mimei, "a", b"1")
    other = saved(desk, made(desk, mark="other"), "a", b"2")
    with desk.state.read() as view:
        found = load(desk, view, mimei)
        assert resolve(desk, view, found, own) == own
        for selector in ("release", "nonsense", 1, 1 << 70, other):
            with pytest.raises(VersionNotFound):
                resolve(desk, view, found, selector)


def test_a_diff_between_any_two_states_is_what_differs(desk: Engines) -> None:
    mimei = made(desk)
    states: list[Cid | None] = [saved(desk, mimei, "a", b"1")]
    put(desk, mimei, "d/b", b"2")
    states.append(saved(desk, mimei, "a", b"3"))
    remove(desk, mimei, "d")
    put(desk, mimei, "a", b"1", mtime_ms=1)
    put(desk, mimei, "c", b"4")
    states.append(None)
    with desk.state.read() as view:
        found = load(desk, view, mimei)
        assert list(diff(desk, view, found, None, None)) == []
        for before in states:
            for after in states:
                one, other = entries_of(desk, mimei, before), entries_of(desk, mimei, after)
                expected = [
                    (key, one.get(key), other.get(key))
                    for key in sorted(one.keys() | other.keys())
                    if one.get(key) != other.get(key)
                ]
                told = diff(desk, view, found, before, after)
                assert [(change.key, change.before, change.after) for change in told] == expected


def entries_of(engines: Engines, mimei: MimeiId, state: Cid | None) -> dict[bytes, bytes]:
    with open_tree(engines, mimei, state or "cur", OWNER) as tree:
        return dict(tree.entries.scan(b"\x80", b"\xff"))


def test_what_a_fork_did_is_merged_back(desk: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    forked = history.fork(desk, mimei, "last", mark="fork").id
    theirs = saved(desk, forked, "b", b"fork")
    ours = saved(desk, mimei, "c", b"own")
    done = merge(desk, mimei, [theirs])
    record = version(desk, done.cid)
    assert done.merged
    assert (record.mimei, record.by, record.n) == (mimei, desk.identity.node.public, 2)
    assert set(record.parents) == {theirs, ours}
    assert shown(desk, mimei) == {"a": b"1", "b": b"fork", "c": b"own"}
    assert not merge(desk, mimei, [theirs]).merged
    assert damage(check(desk)) == []


def test_a_fork_that_only_went_ahead_is_merged_back_as_a_version_of_its_own(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    forked = history.fork(desk, mimei, "last", mark="fork").id
    saved(desk, forked, "a", b"2")
    theirs = saved(desk, forked, "b", b"3")
    record = version(desk, merge(desk, mimei, [theirs]).cid)
    assert (record.mimei, record.parents, record.n) == (mimei, (theirs,), 3)
    bring(desk, phone, mimei)
    assert shown(phone, mimei) == {"a": b"2", "b": b"3"}


def test_what_another_node_did_in_a_fork_is_merged_back_beside_its_own(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    forked = history.fork(desk, mimei, "last", mark="fork").id
    bring(desk, phone)
    saved(phone, mimei, "own", b"2")
    theirs = saved(phone, forked, "forked", b"3")
    bring(phone, desk)
    merge(desk, mimei, [theirs])
    assert shown(desk, mimei) == {"a": b"1", "own": b"2", "forked": b"3"}


def test_what_shares_no_history_is_not_merged(desk: Engines) -> None:
    mimei, other = made(desk), made(desk, mark="other")
    saved(desk, mimei, "a", b"1")
    theirs = saved(desk, other, "b", b"2")
    with pytest.raises(NotRelated):
        merge(desk, mimei, [theirs])
    assert shown(desk, mimei) == {"a": b"1"}


def test_unsaved_changes_are_backed_up_before_a_merge(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    bring(desk, phone)
    saved(phone, mimei, "b", b"2")
    put(desk, mimei, "c", b"3")
    bring(phone, desk)
    assert shown(desk, mimei) == {"a": b"1", "b": b"2", "c": b"3"}
    assert counters(desk, mimei) == recounted(desk, mimei) == (3, 3, 0)


def test_a_superseded_merge_is_let_go(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    bring(desk, phone)
    for number in range(3):
        saved(phone, mimei, "b", b"%d" % number)
        saved(desk, mimei, f"c{number}", b"3") if not number else None
        bring(phone, desk)
    with desk.state.read() as view:
        found = load(desk, view, mimei)
        merges = [row for row in (*rows(desk, view, found), *side_rows(desk, view, found)) if row.record.is_merge]
    assert [row.cid for row in merges] == [found.base]


def test_a_split_keeps_the_content_and_refers_to_what_was_split_off(desk: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "d/sub/x", b"1")
    first = saved(desk, mimei, "d/y", b"2")
    off = split(desk, mimei, ("d",), mark="d")
    done = backup(desk, mimei)
    assert version(desk, done.cid).content == version(desk, first).content
    assert shown(desk, off.id) == {"sub": "directory", "sub/x": b"1", "y": b"2"}
    assert shown(desk, mimei) == {"d": "reference"}
    with desk.state.read() as view:
        assert referrers(view, off.id) == [(mimei, off.release, 1)]
    with open_tree(desk, mimei, "cur", OWNER) as tree:
        assert tree.follow(("d", "sub", "x")).tree.mimei.id == off.id


def test_a_split_that_follows_shows_what_is_released_later(desk: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "d/y", b"2")
    off = split(desk, mimei, ("d",), mark="d", follow=True)
    saved(desk, off.id, "y", b"newer")
    history.release(desk, off.id)
    with open_tree(desk, mimei, "cur", OWNER) as tree:
        assert tree.follow(("d", "y")).entry.size_bytes == 5


def test_only_a_directory_inside_a_file_system_is_split_off(desk: Engines) -> None:
    mimei, file = made(desk), made(desk, "file", mark="file")
    put(desk, mimei, "f", b"1")
    put(desk, mimei, "d/x", b"1")
    for path, error in (((), paths.WrongPlace), (("no",), paths.NothingToChange), (("f",), paths.NotADirectory)):
        with pytest.raises(error):
            split(desk, mimei, path, mark="off")
    with pytest.raises(paths.WrongPlace):
        split(desk, file, ("x",), mark="off")
    with pytest.raises(history.TopicTaken):
        split(desk, mimei, ("d",), mark="site")


@pytest.mark.parametrize("what", ["create", "change", "backup", "release"])
def test_a_split_that_was_cut_short_is_done_when_it_is_tried_again(desk: Engines, what: str) -> None:
    mimei = made(desk)
    put(desk, mimei, "d/sub/x", b"1")
    with desk.state.read() as view:
        before = list(view.scan(b""))
    stages: dict[str, list[tuple[bytes, bytes]]] = {}

    def note(event: Event) -> None:
        with desk.state.read() as view:
            stages.setdefault(event.what, list(view.scan(b"")))

    with desk.events.watching(note):
        off = split(desk, mimei, ("d",), mark="off")
    assert stages[what] != before

    def go_back(transaction: Transaction) -> None:
        for key, _ in list(transaction.scan(b"")):
            transaction.delete(key)
        for key, value in stages[what]:
            transaction.put(key, value)

    desk.state.write(go_back)
    assert shown(desk, mimei)["d/sub/x"] == b"1"
    assert split(desk, mimei, ("d",), mark="off").id == off.id
    assert shown(desk, mimei) == {"d": "reference"}
    assert shown(desk, off.id, "release") == {"sub": "directory", "sub/x": b"1"}


def test_a_split_of_a_directory_that_changes_meanwhile_changes_nothing(desk: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "d/x", b"1")

    def write(event: object) -> None:
        if getattr(event, "what", "") == "release":
            put(desk, mimei, "d/new", b"2")

    with desk.events.watching(write), pytest.raises(ChangedMeanwhile):
        split(desk, mimei, ("d",), mark="off")
    assert shown(desk, mimei) == {"d": "directory", "d/x": b"1", "d/new": b"2"}
    assert [one.id for one in Catalog(desk).list(OWNER)] == [mimei]


def test_an_old_archive_does_not_undo_what_came_later(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    saved(desk, mimei, "a", b"1")
    old = exported(desk)
    saved(desk, mimei, "a", b"2")
    bring(desk, phone)
    for engines in (desk, phone):
        assert [one.state for one in import_car(engines, [old]).mimei] == ["unchanged"]
        assert shown(engines, mimei) == {"a": b"2"}
