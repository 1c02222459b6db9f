"""What a merge shows, what it keeps beside, and choosing among them."""

from __future__ import annotations

import threading

import pytest

from leither import limits
from leither.crypto import MimeiId
from leither.merkle import Stamp
from leither.mimei.path import path_key
from leither.service import paths
from leither.service.backup import backup
from leither.service.conflicts import Contested, NoSuchSibling, contested, take
from leither.service.engines import Engines
from leither.service.events import Event, Events, TooManyWatchers
from leither.service.holding import load
from leither.service.merge import merge
from tests.unit.service.life import bring, counters, held, made, put, recounted, shown


@pytest.fixture
def site(desk: Engines, phone: Engines) -> MimeiId:
    """A MiMei that both nodes write."""
    mimei = made(desk)
    put(desk, mimei, "a", b"0")
    backup(desk, mimei)
    bring(desk, phone)
    return mimei


def both(desk: Engines, phone: Engines, mimei: MimeiId) -> None:
    for engines in (desk, phone):
        backup(engines, mimei)
    bring(phone, desk)
    bring(desk, phone)
    assert held(desk, mimei).base == held(phone, mimei).base
    assert shown(desk, mimei) == shown(phone, mimei)


def conflicts_of(engines: Engines, mimei: MimeiId) -> list[Contested]:
    with engines.state.read() as view:
        return list(contested(engines, view, load(engines, view, mimei)))


def test_changes_of_different_paths_are_all_there(desk: Engines, phone: Engines, site: MimeiId) -> None:
    put(desk, site, "b", b"1")
    put(phone, site, "c", b"2")
    both(desk, phone, site)
    assert shown(desk, site) == {"a": b"0", "b": b"1", "c": b"2"}
    assert conflicts_of(desk, site) == []


def test_an_edit_beats_a_deletion(desk: Engines, phone: Engines, site: MimeiId) -> None:
    paths.remove(desk, site, ("a",))
    put(phone, site, "a", b"edited")
    both(desk, phone, site)
    assert shown(desk, site) == {"a": b"edited"}


def test_of_two_edits_one_shows_and_the_other_can_be_taken(desk: Engines, phone: Engines, site: MimeiId) -> None:
    put(desk, site, "a", b"desk")
    put(phone, site, "a", b"phone")
    both(desk, phone, site)
    (one,) = conflicts_of(desk, site)
    first = shown(desk, site)["a"]
    take(desk, site, ("a",), *one.others[0].stamp)
    assert {first, shown(desk, site)["a"]} == {b"desk", b"phone"}
    assert conflicts_of(desk, site) == []
    both(desk, phone, site)
    assert conflicts_of(phone, site) == []


def test_what_is_shown_can_be_taken_too_and_that_settles_it(desk: Engines, phone: Engines, site: MimeiId) -> None:
    put(desk, site, "a", b"desk")
    put(phone, site, "a", b"phone")
    both(desk, phone, site)
    (one,) = conflicts_of(desk, site)
    assert one.shown is not None
    before = shown(desk, site)
    take(desk, site, ("a",), *one.shown.stamp)
    assert backup(desk, site).changed == 1
    assert (shown(desk, site), conflicts_of(desk, site)) == (before, [])


def test_two_who_set_the_same_do_not_disagree(desk: Engines, phone: Engines, site: MimeiId) -> None:
    for engines in (desk, phone):
        put(engines, site, "a", b"same")
    both(desk, phone, site)
    assert conflicts_of(desk, site) == []


@pytest.mark.parametrize("turned", [False, True])
def test_a_file_gives_way_to_what_stands_under_its_name(
    desk: Engines, phone: Engines, site: MimeiId, *, turned: bool
) -> None:
    one, other = (phone, desk) if turned else (desk, phone)
    put(one, site, "x", b"file")
    put(other, site, "x/in", b"directory")
    both(desk, phone, site)
    assert shown(desk, site) == {"a": b"0", "x": "directory", "x/in": b"directory"}
    (found,) = conflicts_of(desk, site)
    assert found.key == path_key(("x",))
    take(desk, site, ("x",), *found.others[0].stamp)
    assert shown(desk, site) == {"a": b"0", "x": b"file"}
    assert counters(desk, site) == recounted(desk, site)


def test_a_file_gives_way_to_a_directory_that_has_no_entry_of_its_own(
    desk: Engines, phone: Engines, site: MimeiId
) -> None:
    paths.make_directory(desk, site, ("x",))
    both(desk, phone, site)
    put(desk, site, "x", b"file")
    put(phone, site, "x/in", b"directory")
    both(desk, phone, site)
    assert shown(desk, site)["x/in"] == b"directory"
    assert b"file" not in shown(desk, site).values()
    put(desk, site, "x/more", b"1")
    backup(desk, site)


def test_taking_the_other_attributes_of_a_directory_keeps_what_is_in_it(
    desk: Engines, phone: Engines, site: MimeiId
) -> None:
    for engines, mode in ((desk, 0o700), (phone, 0o755)):
        paths.make_directory(engines, site, ("d",), mode=mode)
        put(engines, site, f"d/{mode}", b"1")
    both(desk, phone, site)
    (found,) = conflicts_of(desk, site)
    take(desk, site, ("d",), *found.others[0].stamp)
    assert set(shown(desk, site)) == {"a", "d", "d/448", "d/493"}


def test_only_what_is_contested_can_be_taken(desk: Engines, site: MimeiId) -> None:
    with pytest.raises(NoSuchSibling):
        take(desk, site, ("a",), 1, 99)
    empty = made(desk, mark="empty")
    with pytest.raises(NoSuchSibling):
        take(desk, empty, ("a",), *Stamp(1, 1))
    assert conflicts_of(desk, empty) == []


def test_who_writes_while_a_merge_is_made_loses_nothing(desk: Engines, phone: Engines, site: MimeiId) -> None:
    put(phone, site, "b", b"1")
    backup(phone, site)
    put(desk, site, "c", b"2")
    stop = threading.Event()

    def write() -> None:
        number = 0
        while not stop.is_set() and number < 200:
            put(desk, site, f"w/{number}", b"%d" % number)
            number += 1
        written.append(number)

    written: list[int] = []
    writer = threading.Thread(target=write)
    writer.start()
    bring(phone, desk)
    merge(desk, site)
    stop.set()
    writer.join()
    assert {path for path in shown(desk, site) if path[:2] == "w/"} == {f"w/{n}" for n in range(written[0])}
    assert shown(desk, site).keys() >= {"a", "b", "c"}
    assert counters(desk, site) == recounted(desk, site)


def test_merging_what_is_merged_changes_nothing(desk: Engines, site: MimeiId) -> None:
    assert not merge(desk, site).merged
    assert not merge(desk, made(desk, mark="empty")).merged


def test_watchers_have_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WATCHERS_MAX", 1)
    events, heard = Events(), list[Event]()
    with events.watching(heard.append):
        assert events.watchers == 1
        with pytest.raises(TooManyWatchers), events.watching(heard.append):
            pass
    assert events.watchers == 0
