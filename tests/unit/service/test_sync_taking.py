"""Taking MiMei from another node, through the bytes of the protocol."""

from __future__ import annotations

import random
from collections import deque
from contextlib import AbstractContextManager, closing

import msgspec
import pytest

from leither import limits
from leither.crypto import MimeiId
from leither.people import OWNER, Act
from leither.people import right as rights
from leither.service import history
from leither.service.backup import backup
from leither.service.bringing import HolderTooSlow
from leither.service.catalog import Catalog
from leither.service.clones import ClonedWriter
from leither.service.collect import check, collect
from leither.service.conflicts import contested
from leither.service.engines import Engines
from leither.service.holding import within
from leither.service.sync_session import SyncSession
from leither.service.sync_taking import Taking
from leither.service.tree import open_tree, read_bytes
from leither.testing.node import clock_of, counted, memory_engines
from leither.testing.suites.expect import damage
from leither.wire.sync_messages import Ask, Done, Hello, Standing
from leither.wire.sync_pull import NotTold
from tests.unit.service.life import held, made, put, remove, shown
from tests.unit.service.syncing import hello_of, take

GUEST = Hello()
PUBLIC = rights.pack(everyone=Act.READ_VERSIONS | Act.READ_RELEASE)
RELEASED = rights.pack(everyone=Act.READ_RELEASE)


def test_a_persons_other_node_gets_all_versions(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for number in range(3):
        put(desk, mimei, f"d/{number}", b"%d" % number * 3000)
        backup(desk, mimei)
    history.release(desk, mimei, 1)
    talk = take(phone, desk, mimei)
    assert (talk.arrived and talk.arrived.state, talk.arrived and talk.arrived.versions) == ("added", 3)
    for selector in ("last", "release", 0, 1, 2):
        assert shown(phone, mimei, selector) == shown(desk, mimei, selector)
    collect(phone)
    assert damage(check(phone)) == []


def test_what_is_up_to_date_takes_one_question(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    take(phone, desk, mimei)
    talk = take(phone, desk, mimei)
    assert talk.arrived is not None
    assert (talk.arrived.state, talk.rounds, talk.blocks) == ("unchanged", 1, 0)


def test_only_what_differs_travels(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for number in range(500):
        put(desk, mimei, f"{number % 20}/{number}", b"%d" % number * 300)
    backup(desk, mimei)
    whole = take(phone, desk, mimei)
    counted(desk).forget_counts()
    put(desk, mimei, "3/3", b"changed")
    backup(desk, mimei)
    talk = take(phone, desk, mimei)
    assert talk.blocks <= len(counted(desk).new)
    assert talk.sent_bytes < whole.sent_bytes / 10
    assert shown(phone, mimei) == shown(desk, mimei)


def test_a_week_of_edits_on_both_sides_comes_to_one_root(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "both", b"before")
    backup(desk, mimei)
    take(phone, desk, mimei)
    for day in range(7):
        for engines, name in ((desk, "desk"), (phone, "phone")):
            put(engines, mimei, f"{name}/{day}", b"%d" % day)
            put(engines, mimei, "both", f"{name} {day}".encode())
            backup(engines, mimei)
    take(phone, desk, mimei)
    take(desk, phone, mimei)
    take(phone, desk, mimei)
    assert held(desk, mimei).base == held(phone, mimei).base
    assert shown(desk, mimei) == shown(phone, mimei)
    assert len(shown(desk, mimei)) == 14 + 1 + 2
    with desk.state.read() as view:
        assert [entry.key for entry in contested(desk, view, held(desk, mimei))]
    for engines in (desk, phone):
        collect(engines)
        assert damage(check(engines)) == []


def test_unsaved_changes_are_backed_up_before_a_merge(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    take(phone, desk, mimei)
    put(phone, mimei, "b", b"2")
    put(desk, mimei, "c", b"3")
    backup(desk, mimei)
    take(phone, desk, mimei)
    assert shown(phone, mimei, "last") == {"a": b"1", "b": b"2", "c": b"3"}


def test_a_node_that_lags_changes_nothing(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    tablet = memory_engines(node="tablet")
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    take(tablet, desk, mimei)
    put(desk, mimei, "a", b"2")
    backup(desk, mimei)
    Catalog(desk).change_control(mimei, right=PUBLIC)
    take(phone, desk, mimei)
    before = held(phone, mimei).row
    talk = take(phone, tablet, mimei)
    assert talk.arrived is not None
    assert talk.arrived.state == "unchanged"
    assert held(phone, mimei).row == before


def test_two_histories_of_one_writer_are_refused(desk: Engines, phone: Engines) -> None:
    twin = memory_engines(node="desk")
    for engines, text in ((desk, b"1"), (twin, b"2")):
        mimei = made(engines)
        put(engines, mimei, "a", text)
        backup(engines, mimei)
    take(phone, desk, mimei)
    before = held(phone, mimei).row
    with pytest.raises(ClonedWriter):
        take(phone, twin, mimei)
    assert held(phone, mimei).row == before


def test_denied_and_absent_answer_alike(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    history.release(desk, mimei)
    absent = bytes(20)
    for asked in (mimei, absent):
        with pytest.raises(NotTold) as caught:
            take(stranger, desk, asked)  # type: ignore[arg-type]
        assert caught.value.reason == "absent"


@pytest.mark.parametrize("shows_who", [False, True])
def test_strangers_get_public_versions(desk: Engines, stranger: Engines, shows_who: bool) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    put(desk, mimei, "unsaved", b"2")
    Catalog(desk).change_control(mimei, right=PUBLIC)
    take(stranger, desk, mimei, hello=None if shows_who else GUEST)
    assert shown(stranger, mimei) == {"a": b"1"}


def test_of_what_is_only_released_strangers_get_the_release_alone(desk: Engines, stranger: Engines) -> None:
    mimei = made(desk)
    for number in range(4):
        put(desk, mimei, "a", b"%d" % number)
        backup(desk, mimei)
    Catalog(desk).change_control(mimei, right=RELEASED)
    history.release(desk, mimei, 1)
    take(stranger, desk, mimei)
    assert shown(stranger, mimei, "release") == shown(stranger, mimei) == {"a": b"1"}
    history.release(desk, mimei, 3)
    remove(desk, mimei, "a")
    backup(desk, mimei)
    talk = take(stranger, desk, mimei)
    assert talk.arrived is not None
    assert talk.arrived.versions == 1
    assert shown(stranger, mimei, "release") == shown(stranger, mimei) == {"a": b"3"}
    collect(stranger)
    assert damage(check(stranger)) == []


def test_what_was_taken_is_passed_on(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    Catalog(desk).change_control(mimei, right=PUBLIC)
    bob, eve = memory_engines(person="bob", node="bob's"), memory_engines(person="eve", node="eve's")
    take(bob, desk, mimei)
    take(eve, bob, mimei)
    take(phone, eve, mimei)
    assert shown(phone, mimei) == {"a": b"1"}


def texts(engines: Engines, mimei: MimeiId) -> dict[str, bytes]:
    """The files of a private MiMei, opened."""
    with open_tree(engines, mimei, "cur", OWNER) as tree:
        files = {"/".join(path): entry.cid for path, entry in tree.walk() if entry.cid is not None}
    opened = within(engines, mimei)
    return {path: b"".join(read_bytes(opened, cid)) for path, cid in files.items()}


def test_a_private_mimei_travels_between_its_persons_nodes(desk: Engines, phone: Engines) -> None:
    mimei = Catalog(desk).create(kind="fs", mark="diary", private=True)[0].id
    for number in range(3):
        put(desk, mimei, f"d/{number}", b"secret %d" % number)
        backup(desk, mimei)
    take(phone, desk, mimei)
    assert texts(phone, mimei) == texts(desk, mimei)
    put(phone, mimei, "phone", b"1")
    put(desk, mimei, "desk", b"1")
    backup(phone, mimei)
    backup(desk, mimei)
    take(desk, phone, mimei)
    take(phone, desk, mimei)
    assert texts(phone, mimei) == texts(desk, mimei)
    assert held(desk, mimei).base == held(phone, mimei).base


def test_a_private_mimei_is_absent_to_strangers(desk: Engines, stranger: Engines) -> None:
    mimei = Catalog(desk).create(kind="fs", mark="diary", private=True)[0].id
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    with pytest.raises(NotTold):
        take(stranger, desk, mimei)


def test_who_lists_one_version_after_the_other_and_slowly_is_asked_no_further(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", b"1")
    backup(desk, mimei)
    session = SyncSession(desk, phone.identity.node.public)
    answer = [*session.receive(hello_of(phone)), *session.receive(Ask(mimei=mimei))]
    standing = next(each for each in answer if isinstance(each, Standing))
    page = msgspec.structs.replace(standing, more=True, versions=standing.versions[:1])
    with closing(Taking(phone, mimei)) as taking:
        for _ in range(limits.SYNC_PACE_S):
            clock_of(phone).advance(1000)
            taking.receive(page)
            taking.receive(Done())
        clock_of(phone).advance(1000)
        with pytest.raises(HolderTooSlow, match="61 s"):
            taking.receive(page)


def test_who_gives_much_may_take_long(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    put(desk, mimei, "a", random.Random(1).randbytes(4 << 20))
    backup(desk, mimei)
    session = SyncSession(desk, phone.identity.node.public)
    with closing(Taking(phone, mimei, hello=hello_of(phone))) as taking:
        questions = deque(taking.begin())
        while questions:
            for frame in session.receive(questions.popleft()):
                clock_of(phone).advance(5_000)
                questions += taking.receive(frame)
        assert taking.is_done
        assert clock_of(phone).ms - clock_of(desk).ms > limits.SYNC_PACE_S * 1000


def test_a_pull_that_broke_off_is_gone_on_with(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for number in range(60):
        put(desk, mimei, f"{number}", b"%d" % number * 300)
    backup(desk, mimei)
    with closing(Taking(phone, mimei, hello=hello_of(phone))) as broken_off:
        session = SyncSession(desk, phone.identity.node.public)
        questions = [*broken_off.begin()]
        for _ in range(2):
            frames = [frame for question in questions for frame in session.receive(question)]
            questions = [question for frame in frames for question in broken_off.receive(frame)]
    assert broken_off.arrived is None
    talk = take(phone, desk, mimei)
    assert talk.arrived is not None
    assert talk.arrived.state == "added"
    assert damage(check(phone)) == []


def left_behind(taker: Engines, holder: Engines, mimei: MimeiId) -> None:
    """Pull all of a MiMei but take nothing in, so that it lies here and nothing refers to it."""
    with closing(Taking(taker, mimei, hello=hello_of(taker))) as broken_off:
        session = SyncSession(holder, taker.identity.node.public)
        questions = [*broken_off.begin()]
        while questions:
            frames = [frame for question in questions for frame in session.receive(question)]
            questions = [question for frame in frames for question in broken_off.pull.receive(frame)]


def test_what_a_sweep_takes_while_it_is_counted_on_comes_again(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for number in range(20):
        put(desk, mimei, f"{number}", b"%d" % number * 300)
    backup(desk, mimei)
    left_behind(phone, desk, mimei)
    put(desk, mimei, "newer", b"1")
    backup(desk, mimei)

    def sweep() -> None:
        assert collect(phone).blocks_dropped > 0

    take(phone, desk, mimei, meanwhile=sweep)
    assert shown(phone, mimei) == shown(desk, mimei)
    assert damage(check(phone)) == []


def test_what_a_sweep_would_take_between_the_proof_and_the_end_is_protected(desk: Engines, phone: Engines) -> None:
    mimei = made(desk)
    for number in range(20):
        put(desk, mimei, f"{number}", b"%d" % number * 300)
    backup(desk, mimei)
    left_behind(phone, desk, mimei)
    held_off, asked = phone.sweeps.held_off, 0

    def sweep_before_the_change(since: int | None) -> AbstractContextManager[None]:
        nonlocal asked
        asked += 1
        if asked == 2:  # the first time nothing was proved yet
            collect(phone)
        return held_off(since)

    phone.sweeps.held_off = sweep_before_the_change  # type: ignore[method-assign, assignment]
    take(phone, desk, mimei)
    assert asked == 2
    assert shown(phone, mimei) == shown(desk, mimei)
    collect(phone)
    assert damage(check(phone)) == []
