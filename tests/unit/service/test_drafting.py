"""Working copies that are shared while they are worked on."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from leither.codec import RAW, Cid
from leither.crypto import MimeiId
from leither.db import execute
from leither.mimei.address import RELEASE
from leither.mimei.path import parse_path
from leither.people import OWNER, Act
from leither.people import right as rights
from leither.ports import Fault, Transaction
from leither.service import arrival, history
from leither.service.backup import backup
from leither.service.catalog import Catalog, NotTheAuthor
from leither.service.clones import ClonedWriter
from leither.service.collect import check, collect
from leither.service.conflicts import contested
from leither.service.cur import Cur
from leither.service.database import Database
from leither.service.diff import diff
from leither.service.drafting import share_cur
from leither.service.engines import Engines
from leither.service.holding import draft_cids, drafts, load
from leither.service.merge import merge
from leither.service.pages import write_at
from leither.service.tree import open_tree, read_bytes
from leither.testing.node import clock_of, counted, memory_engines
from leither.wire.sync_pull import NotTold
from tests.unit.service.life import Shown, held, made, put, remove, shown, stamped, version
from tests.unit.service.syncing import take

EVERYBODY = rights.pack(everyone=Act.READ_CUR | Act.READ_VERSIONS | Act.READ_RELEASE)


def live(taker: Engines, holder: Engines, mimei: MimeiId) -> str:
    """Share what changed on one node and bring it to another; return what became of it there."""
    share_cur(holder, mimei)
    arrived = take(taker, holder, mimei, live=True).arrived
    assert arrived is not None
    return arrived.state


def run(engines: Engines, mimei: MimeiId, *words: bytes) -> object:
    """Run a command on `cur` of a database."""
    return Database.open(engines, mimei).write(lambda space: execute(space, list(words))).result()


def faults(engines: Engines) -> list[Fault]:
    return [found for found in check(engines) if isinstance(found, Fault)]


def unsaved(engines: Engines, mimei: MimeiId) -> int:
    with engines.state.read() as view:
        return Cur(engines, view, load(engines, view, mimei)).unsaved_count()


def shared(engines: Engines, mimei: MimeiId) -> int:
    """How many drafts a node holds."""
    with engines.state.read() as view:
        return len(drafts(view, load(engines, view, mimei)))


@pytest.fixture
def site(desk: Engines, phone: Engines) -> MimeiId:
    """A MiMei with one version, on both nodes."""
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    take(phone, desk, mimei)
    return mimei


def test_a_change_is_seen_by_who_follows_live_without_a_version(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(desk, site, "b", b"2")
    remove(desk, site, "a")
    assert live(phone, desk, site) == "updated"
    assert shown(phone, site) == shown(desk, site) == {"b": b"2"}
    assert held(phone, site).base == held(desk, site).base
    assert shown(phone, site, "last") == {"a": b"1"}


def test_of_what_did_not_change_no_draft_is_made(site: MimeiId, desk: Engines) -> None:
    assert share_cur(desk, site) is None
    put(desk, site, "b", b"2")
    assert share_cur(desk, site) is not None
    assert share_cur(desk, site) is None
    put(desk, site, "c", b"3")
    remove(desk, site, "c")
    assert share_cur(desk, site) is None
    assert held(desk, site).row.dirty == 0


def test_who_does_not_follow_live_gets_no_draft(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(desk, site, "b", b"2")
    share_cur(desk, site)
    assert take(phone, desk, site).arrived.state == "unchanged"  # type: ignore[union-attr]
    assert shown(phone, site) == {"a": b"1"}


def test_a_working_copy_that_was_never_backed_up_is_seen_too(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    live(phone, desk, mimei)
    assert shown(phone, mimei) == {"a": b"1"}
    assert held(phone, mimei).base is None
    assert faults(phone) == []


def test_a_draft_costs_what_changed_since_the_one_before(desk: Engines, phone: Engines) -> None:
    mimei = made(desk, "db")
    for number in range(2000):
        run(desk, mimei, b"SET", b"key %d" % number, b"value")
    live(phone, desk, mimei)
    run(desk, mimei, b"SET", b"key 7", b"other")
    counted(desk).forget_counts()
    share_cur(desk, mimei)
    assert counted(desk).puts < 12
    talk = take(phone, desk, mimei, live=True)
    assert talk.blocks < 12


def test_a_backup_after_drafts_makes_one_version_with_all_that_changed(
    site: MimeiId, desk: Engines, phone: Engines
) -> None:
    for number in range(3):
        put(desk, site, f"f{number}", b"%d" % number)
        live(phone, desk, site)
    assert unsaved(desk, site) == unsaved(phone, site) == 3
    done = backup(desk, site)
    assert (done.n, done.changed) == (1, 3)
    assert version(desk, done.cid).parents == (held(phone, site).base,)
    assert shared(desk, site) == unsaved(desk, site) == 0
    assert live(phone, desk, site) == "updated"
    assert held(phone, site).base == done.cid
    assert held(phone, site).row.draft == b""
    assert shared(phone, site) == unsaved(phone, site) == 0
    assert faults(phone) == faults(desk) == []


def test_what_was_shared_can_be_backed_up_with_no_change_since(site: MimeiId, desk: Engines) -> None:
    put(desk, site, "b", b"2")
    share_cur(desk, site)
    assert backup(desk, site).n == 1
    assert shown(desk, site, "last") == {"a": b"1", "b": b"2"}
    assert backup(desk, site).changed == 0


def test_both_sides_change_and_see_what_the_other_changed(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(desk, site, "desk", b"1")
    put(phone, site, "phone", b"2")
    live(phone, desk, site)
    live(desk, phone, site)
    both: Shown = {"a": b"1", "desk": b"1", "phone": b"2"}
    assert shown(desk, site) == shown(phone, site) == both
    assert held(desk, site).row.draft == held(phone, site).row.draft
    put(desk, site, "desk", b"3")
    live(phone, desk, site)
    assert shown(phone, site) == both | {"desk": b"3"}


def test_two_changes_of_one_path_are_kept_side_by_side(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(desk, site, "a", b"desk")
    put(phone, site, "a", b"phone")
    live(phone, desk, site)
    live(desk, phone, site)
    assert shown(desk, site) == shown(phone, site)
    with phone.state.read() as view:
        (found,) = contested(phone, view, load(phone, view, site))
    assert found.shown is not None
    assert len(found.others) == 1


def test_backups_on_both_sides_after_drafts_come_to_one_version(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(desk, site, "desk", b"1")
    put(phone, site, "phone", b"2")
    live(phone, desk, site)
    live(desk, phone, site)
    backup(desk, site)
    put(phone, site, "more", b"3")
    backup(phone, site)
    for _ in range(2):
        live(phone, desk, site)
        live(desk, phone, site)
    assert held(desk, site).base == held(phone, site).base
    assert shown(desk, site, "last") == {"a": b"1", "desk": b"1", "phone": b"2", "more": b"3"}
    assert shared(desk, site) == shared(phone, site) == 0
    assert faults(phone) == faults(desk) == []


def test_counters_add_up_once_and_pushes_are_there_once(desk: Engines, phone: Engines) -> None:
    mimei = made(desk, "db")
    run(desk, mimei, b"INCRBY", b"hits", b"10")
    live(phone, desk, mimei)
    for _ in range(3):
        for one, other in ((desk, phone), (phone, desk)):
            run(one, mimei, b"INCR", b"hits")
            run(one, mimei, b"RPUSH", b"queue", one.identity.node.public[:2])
            live(other, one, mimei)
    assert run(phone, mimei, b"GET", b"hits") == run(desk, mimei, b"GET", b"hits") == b"16"
    assert run(phone, mimei, b"LLEN", b"queue") == 6
    assert run(phone, mimei, b"LPOP", b"queue") == desk.identity.node.public[:2]
    live(desk, phone, mimei)
    backup(desk, mimei)
    backup(phone, mimei)
    live(desk, phone, mimei)
    live(phone, desk, mimei)
    assert run(desk, mimei, b"LLEN", b"queue") == run(phone, mimei, b"LLEN", b"queue") == 5
    assert run(desk, mimei, b"GET", b"hits") == b"16"
    assert stamped(desk, held(desk, mimei).base) == stamped(phone, held(phone, mimei).base)  # type: ignore[arg-type]


def test_bytes_written_at_an_offset_are_shared(desk: Engines, phone: Engines) -> None:
    mimei = made(desk, "file")
    write_at(desk, mimei, 0, b"hello")
    live(phone, desk, mimei)
    write_at(desk, mimei, 3, b"p me")
    live(phone, desk, mimei)
    with phone.state.read() as view:
        entry = Cur(phone, view, load(phone, view, mimei)).entry(parse_path(""))
    assert entry is not None
    assert entry.cid is not None
    assert b"".join(read_bytes(phone, entry.cid)) == b"help me"


def test_who_may_read_the_working_copy_sees_it_and_writes_nothing(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    Catalog(desk).change_control(mimei, right=EVERYBODY)
    put(desk, mimei, "a", b"1")
    live(stranger, desk, mimei)
    assert shown(stranger, mimei) == {"a": b"1"}
    with pytest.raises(NotTheAuthor):
        backup(stranger, mimei)
    put(desk, mimei, "a", b"2")
    backup(desk, mimei)
    take(stranger, desk, mimei)
    assert shown(stranger, mimei, "last") == shown(stranger, mimei) == {"a": b"2"}


def test_who_may_read_versions_alone_gets_no_draft(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    Catalog(desk).change_control(mimei, right=rights.pack(everyone=Act.READ_VERSIONS))
    put(desk, mimei, "a", b"1")
    live(stranger, desk, mimei)
    assert shown(stranger, mimei) == {}


def test_drafts_pass_on_through_who_follows(desk: Engines, stranger: Engines) -> None:
    eve = memory_engines(person="eve", node="eve's")
    mimei = made(desk)
    Catalog(desk).change_control(mimei, right=EVERYBODY)
    put(desk, mimei, "a", b"1")
    live(stranger, desk, mimei)
    live(eve, stranger, mimei)
    assert shown(eve, mimei) == {"a": b"1"}


def test_a_private_working_copy_is_shared_sealed(desk: Engines, phone: Engines) -> None:
    mimei = Catalog(desk).create(kind="fs", mark="diary", private=True)[0].id
    text = b"the treasure lies under the third oak. " * 40
    put(desk, mimei, "a", text)
    live(phone, desk, mimei)
    for number in range(2):
        put(desk, mimei, "b", b"%d" % number)
        live(phone, desk, mimei)
    with open_tree(phone, mimei, "cur", OWNER) as tree:
        assert sorted("/".join(path) for path, _ in tree.walk()) == ["a", "b"]
    stored = b"".join(phone.blocks.get(cid) for cid in phone.blocks.cids())
    assert text not in stored
    assert Cid.of(RAW, text) not in set(phone.blocks.cids())
    for one in (desk, phone):
        collect(one)
        assert faults(one) == []


def test_who_keeps_a_private_mimei_without_its_key_gets_no_draft(desk: Engines, stranger: Engines) -> None:
    mimei = Catalog(desk).create(kind="fs", mark="diary", private=True)[0].id
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    put(desk, mimei, "a", b"2")
    share_cur(desk, mimei)
    with pytest.raises(NotTold):
        take(stranger, desk, mimei, live=True)


def test_drafts_that_are_passed_are_reclaimed(site: MimeiId, desk: Engines, phone: Engines) -> None:
    for number in range(5):
        put(desk, site, "b", b"%d" % number * 2000)
        live(phone, desk, site)
    for one in (desk, phone):
        with one.state.read() as view:
            (draft,) = draft_cids(view, load(one, view, site))
        assert collect(one).blocks_dropped > 0
        assert one.blocks.has(draft)
        assert faults(one) == []
        assert shown(one, site) == {"a": b"1", "b": b"4" * 2000}
    backup(desk, site)
    live(phone, desk, site)
    for one in (desk, phone):
        collect(one)
        assert not one.blocks.has(draft)
        assert faults(one) == []


def test_discarding_takes_back_what_was_shared(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(desk, site, "b", b"2")
    put(desk, site, "a", b"2")
    live(phone, desk, site)
    assert history.discard(desk, site) == 2
    assert shown(desk, site) == {"a": b"1"}
    assert unsaved(desk, site) == 0
    live(phone, desk, site)
    assert shown(phone, site) == {"a": b"1"}


def test_restoring_refuses_where_something_was_shared_only(site: MimeiId, desk: Engines) -> None:
    put(desk, site, "b", b"2")
    share_cur(desk, site)
    with pytest.raises(history.UnsavedChanges):
        history.restore(desk, site, 0)
    history.restore(desk, site, 0, discard=True)
    assert shown(desk, site) == {"a": b"1"}


def test_a_difference_to_cur_counts_drafts_in(site: MimeiId, desk: Engines) -> None:
    put(desk, site, "b", b"2")
    share_cur(desk, site)
    put(desk, site, "c", b"3")
    with desk.state.read() as view:
        mimei = load(desk, view, site)
        found = [bytes(one.key[-2:]) for one in diff(desk, view, mimei, mimei.base, None)]
    assert len(found) == 2


def test_a_release_stays_while_drafts_are_shared(site: MimeiId, desk: Engines, phone: Engines) -> None:
    history.release(desk, site)
    put(desk, site, "b", b"2")
    live(phone, desk, site)
    history.release(desk, site, 0)
    put(desk, site, "c", b"3")
    live(phone, desk, site)
    assert shown(phone, site, RELEASE) == {"a": b"1"}
    assert shown(phone, site) == {"a": b"1", "b": b"2", "c": b"3"}


def test_a_merge_of_what_others_backed_up_keeps_what_they_shared(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(phone, site, "phone", b"2")
    live(desk, phone, site)
    put(desk, site, "desk", b"1")
    merge(desk, site)
    assert shown(desk, site, "last") == {"a": b"1", "desk": b"1", "phone": b"2"}


def test_an_older_copy_of_a_node_uses_no_number_twice(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(desk, site, "b", b"2")
    live(phone, desk, site)
    old = memory_engines(node="desk")
    take(old, phone, site, live=True)
    put(old, site, "c", b"3")
    live(phone, old, site)
    assert shown(phone, site) == {"a": b"1", "b": b"2", "c": b"3"}


@pytest.mark.parametrize("shares", [False, True])
def test_an_older_copy_of_a_node_that_went_on_is_told_and_loses_nothing(
    site: MimeiId, desk: Engines, phone: Engines, shares: bool
) -> None:
    old = memory_engines(node="desk")
    take(old, phone, site)
    put(old, site, "mine", b"4")
    if shares:
        share_cur(old, site)
    for number in range(3):
        put(desk, site, "b", b"%d" % number)
        live(phone, desk, site)
    with pytest.raises(ClonedWriter):
        take(old, phone, site, live=True)
    assert shown(old, site) == {"a": b"1", "mine": b"4"}


@pytest.mark.parametrize("words", [[b"SET", b"text", b"mine"], [b"INCR", b"hits"], [b"HSET", b"hash", b"f", b"mine"]])
def test_who_writes_one_entry_without_end_sees_what_comes_all_the_same(
    desk: Engines, phone: Engines, words: list[bytes]
) -> None:
    mimei = made(desk, "db")
    run(desk, mimei, *words)
    live(phone, desk, mimei)
    run(desk, mimei, *words[:-1], *([b"theirs"] if len(words) > 2 else [words[-1]]))
    run(desk, mimei, b"RPUSH", b"queue", b"x")
    write = phone.state.write

    def write_first(change: Callable[[Transaction], object]) -> object:
        if getattr(change, "func", None) is arrival._enter_all:
            phone.state.write = write  # type: ignore[method-assign]
            run(phone, mimei, *words)
            phone.state.write = write_first  # type: ignore[method-assign, assignment]
        return write(change)

    phone.state.write = write_first  # type: ignore[method-assign, assignment]
    live(phone, desk, mimei)
    phone.state.write = write  # type: ignore[method-assign]
    assert run(phone, mimei, b"LLEN", b"queue") == 1
    live(desk, phone, mimei)
    backup(desk, mimei)
    live(phone, desk, mimei)
    with desk.state.read() as one, phone.state.read() as other:
        curs = [Cur(desk, one, load(desk, one, mimei)), Cur(phone, other, load(phone, other, mimei))]
        first, second = (list(cur.scan(b"\x80", b"\xff")) for cur in curs)
    assert first == second
    assert faults(desk) == faults(phone) == []


def test_changes_made_while_a_draft_is_taken_in_are_kept(site: MimeiId, desk: Engines, phone: Engines) -> None:
    put(phone, site, "mine", b"1")
    put(desk, site, "b", b"2")
    clock_of(phone).advance(1)
    live(phone, desk, site)
    assert shown(phone, site) == {"a": b"1", "b": b"2", "mine": b"1"}
    assert unsaved(phone, site) == 2
