"""Making MiMei, finding them, and who may do what."""

from __future__ import annotations

import pytest

from leither.mimei.control import Control
from leither.mimei.entry import Reference
from leither.mimei.record import NotARecord
from leither.people import GUEST, OWNER, Act, Denied, NotARight, Principal, Scope
from leither.people import right as rights
from leither.service import history, references, tables, tags
from leither.service.backup import backup
from leither.service.catalog import Catalog, KindNotMade, NotTheAuthor, StillReferred, referrers
from leither.service.cur import QuotaReached
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import MimeiNotFound
from leither.service.uploads import TreeUpload
from leither.testing.node import FakeClock, memory_engines
from tests.unit.service.life import bring, counters, held, made, put, shown, stamped, version

READER = Principal("reader", Scope.READ)


def test_the_same_topic_is_the_same_mimei(desk: Engines) -> None:
    first, new = Catalog(desk).create(kind="fs", app="blog", ext="x", mark="one")
    again, new_again = Catalog(desk).create(kind="fs", app="blog", ext="x", mark="one", right=7, quota=5)
    assert (first.id, new, new_again) == (again.id, True, False)
    assert again.control == first.control


def test_two_nodes_of_one_person_make_the_same_mimei(desk: Engines, phone: Engines) -> None:
    assert made(desk) == made(phone)


def test_two_people_make_different_ones_of_one_topic(desk: Engines, stranger: Engines) -> None:
    assert made(desk) != made(stranger)


def test_a_kind_that_is_reserved_is_not_made(desk: Engines) -> None:
    for kind in ("stream", "nonsense"):
        with pytest.raises(KindNotMade):
            Catalog(desk).create(kind=kind)


def test_a_mark_past_its_bound_is_refused(desk: Engines) -> None:
    with pytest.raises(NotARecord):
        Catalog(desk).create(kind="fs", mark="m" * 1025)
    assert Catalog(desk).list(OWNER) == []


def test_a_right_with_reserved_bits_is_refused(desk: Engines) -> None:
    with pytest.raises(NotARight):
        Catalog(desk).create(kind="fs", right=1 << 40)


def test_denied_answers_as_absent(desk: Engines) -> None:
    there, absent = made(desk), made(memory_engines(person="bob"))
    said = []
    for mimei in (there, absent):
        with pytest.raises(MimeiNotFound) as caught:
            Catalog(desk).get(mimei, GUEST, Act.READ_CUR)
        said.append(str(caught.value).replace(caught.value.id, ""))
    assert said[0] == said[1]


def test_a_write_without_a_right_to_read_answers_as_absent(desk: Engines) -> None:
    with pytest.raises(MimeiNotFound):
        Catalog(desk).get(made(desk), GUEST, Act.WRITE)


def test_a_reader_is_told_that_writing_is_denied(desk: Engines) -> None:
    with pytest.raises(Denied):
        Catalog(desk).get(made(desk), READER, Act.WRITE)


def test_a_mimei_is_listed_to_who_may_read_any_of_it(desk: Engines) -> None:
    open_one, closed = made(desk, mark="open"), made(desk, mark="closed")
    Catalog(desk).change_control(open_one, right=rights.pack(everyone=Act.READ_RELEASE))
    assert {mimei.id for mimei in Catalog(desk).list(OWNER)} == {open_one, closed}
    assert [mimei.id for mimei in Catalog(desk).list(GUEST)] == [open_one]
    assert Catalog(desk).readable(open_one, GUEST).id == open_one
    with pytest.raises(MimeiNotFound):
        Catalog(desk).readable(closed, GUEST)


def test_past_its_time_a_control_gives_others_what_everyone_may_read_and_no_more(
    desk: Engines, stranger: Engines
) -> None:
    mimei = made(desk)
    backup(desk, mimei)
    fresh = desk.clock.now_ms()
    Catalog(desk).change_control(mimei, fresh_until=fresh, right=rights.pack(everyone=Act.READ_RELEASE | Act.FORK))
    bring(desk, stranger)
    clock = FakeClock(fresh)
    stranger.clock = desk.clock = clock
    assert Catalog(stranger).get(mimei, OWNER, Act.READ_CUR).id == mimei
    clock.advance(1)
    with pytest.raises(MimeiNotFound):
        Catalog(stranger).get(mimei, OWNER, Act.READ_CUR)
    with pytest.raises(Denied, match="fork on"):
        Catalog(stranger).get(mimei, GUEST, Act.FORK)
    assert Catalog(stranger).get(mimei, GUEST, Act.READ_RELEASE).id == mimei
    assert Catalog(desk).get(mimei, OWNER, Act.WRITE).id == mimei


def test_controls_are_signed_and_chained(desk: Engines) -> None:
    mimei = made(desk)
    first = held(desk, mimei).control
    second = Catalog(desk).change_control(mimei, quota=9).control
    third = Catalog(desk).change_control(mimei, right=1).control
    assert (first.prev, second.prev, third.prev) == (None, first.cid, second.cid)
    assert (third.quota, third.right) == (9, 1)
    for control in (first, second, third):
        assert desk.record(Control, control.cid).check().by == desk.identity.person.public


def test_only_the_author_changes_the_control(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    backup(desk, mimei)
    bring(desk, stranger, mimei)
    with pytest.raises(NotTheAuthor):
        Catalog(stranger).change_control(mimei, quota=1)


def test_a_control_that_breaks_a_rule_is_not_kept(desk: Engines) -> None:
    mimei = made(desk)
    with pytest.raises(NotARecord):
        Catalog(desk).change_control(mimei, right=1 << 50)
    assert held(desk, mimei).control.right == 0


def test_deleting_forgets_everything_of_it_but_how_far_this_node_wrote(desk: Engines) -> None:
    kept = made(desk, mark="kept")
    put(desk, kept, "a", b"kept")
    with desk.state.read() as view:
        before = list(view.scan(b""))
    doomed = made(desk, mark="doomed")
    put(desk, doomed, "a", b"1")
    tags.add(desk, doomed, "topic", "music")
    references.add(desk, doomed, Reference(kept, None))
    backup(desk, doomed)
    put(desk, doomed, "b", b"2")
    Catalog(desk).delete(doomed)
    with desk.state.read() as view:
        assert list(view.scan(b"")) == sorted([*before, (tables.gone(doomed), tables.u64(1))])
    with pytest.raises(MimeiNotFound):
        Catalog(desk).delete(doomed)


def test_what_others_refer_to_is_deleted_by_force_only(desk: Engines) -> None:
    target, source = made(desk, mark="target"), made(desk, mark="source")
    references.add(desk, source, Reference(target, None), delta=2)
    with pytest.raises(StillReferred):
        Catalog(desk).delete(target)
    with desk.state.read() as view:
        assert referrers(view, target) == [(source, None, 2)]
    Catalog(desk).delete(target, force=True)
    with pytest.raises(MimeiNotFound):
        held(desk, target)


def test_a_reference_to_oneself_does_not_keep_a_mimei(desk: Engines) -> None:
    mimei = made(desk)
    references.add(desk, mimei, Reference(mimei, None))
    Catalog(desk).delete(mimei)
    assert Catalog(desk).list(OWNER) == []


def test_a_quota_reached_leaves_nothing_half_written(desk: Engines) -> None:
    mimei = made(desk, quota=10)
    put(desk, mimei, "a", b"12345678")
    with TreeUpload(desk, mimei) as tree:
        for path in (("b",), ("c",), ("dir", "d")):
            one = tree.file(path)
            one.write(b"1")
            one.finish()
        with pytest.raises(QuotaReached):
            tree.finish()
    assert shown(desk, mimei) == {"a": b"12345678"}
    assert counters(desk, mimei) == (1, 8, 1)


def test_over_its_quota_a_mimei_may_still_shrink(desk: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"12345678")
    Catalog(desk).change_control(mimei, quota=2)
    put(desk, mimei, "a", b"1234")
    with pytest.raises(QuotaReached):
        put(desk, mimei, "a", b"12345")


def test_watchers_hear_what_happens_and_nothing_after_they_leave(desk: Engines) -> None:
    heard: list[Event] = []
    with desk.events.watching(heard.append):
        mimei = made(desk)
        made(desk)
        put(desk, mimei, "a", b"1")
        done = backup(desk, mimei)
        Catalog(desk).delete(mimei)
    made(desk, mark="later")
    assert [event.what for event in heard] == ["create", "change", "backup", "delete"]
    assert done.cid is not None
    assert heard[2] == Event(mimei, "backup", done.cid.text)


def test_a_topic_made_again_goes_on_with_this_nodes_numbers(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for name in ("a", "b"):
        put(desk, mimei, name, b"1")
        backup(desk, mimei)
    bring(desk, phone)
    Catalog(desk).delete(mimei)
    assert made(desk) == mimei
    put(desk, mimei, "c", b"2")
    first = backup(desk, mimei)
    number = held(desk, mimei).row.number
    assert version(desk, first.cid).seen_map == {number: 3}
    last = held(phone, mimei).base
    assert first.cid is not None
    assert last is not None
    assert not {one.stamp for one in stamped(desk, first.cid)} & {one.stamp for one in stamped(phone, last)}


def test_a_fork_made_again_goes_on_with_this_nodes_numbers(desk: Engines) -> None:
    mimei = made(desk)
    backup(desk, mimei)
    seen = []
    for _ in range(2):
        fork = history.fork(desk, mimei, 0, mark="fork")
        seen.append(version(desk, fork.base).seen_map[fork.row.number])
        Catalog(desk).delete(fork.id)
    assert seen == [1, 2]


def test_a_deleted_mimei_that_comes_back_goes_on_with_this_nodes_numbers(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    backup(desk, mimei)
    bring(desk, phone)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    Catalog(desk).delete(mimei)
    bring(phone, desk)
    assert held(desk, mimei).row.seq == 2
    put(desk, mimei, "b", b"1")
    assert version(desk, backup(desk, mimei).cid).seen_map[held(desk, mimei).row.number] == 3
