"""Changes go through the journal and memory to LMDB's file, and nothing that happens on the way loses one."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing, suppress
from pathlib import Path

import pytest

from leither import limits
from leither.ports import Transaction
from leither.store import LmdbState, StoreFull
from leither.store.journal import Journal
from leither.testing.faults import BrokenSync, SmallDisk
from leither.testing.suites.state import delete, get, set_all


@pytest.fixture
def tiny(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "STATE_TABLE_BYTES_MAX", 2000)


def fill(state: LmdbState, kept: list[bytes]) -> None:
    for number in range(100):
        set_all(state, [(b"%03d" % number, bytes(100))])
        kept.append(b"%03d" % number)


def journal_bytes(home: Path) -> int:
    found = 0
    for path in (home / "journal").iterdir():
        with suppress(FileNotFoundError):  # a segment may go at any moment
            found += path.stat().st_size
    return found


def test_a_closed_state_leaves_no_journal(tmp_path: Path) -> None:
    with closing(LmdbState(tmp_path)) as state:
        set_all(state, [(b"a", b"1")])
        assert journal_bytes(tmp_path) > 0
    assert list((tmp_path / "journal").iterdir()) == []


def test_a_full_table_goes_to_the_file_and_leaves_the_journal(tmp_path: Path, tiny: None) -> None:
    with closing(LmdbState(tmp_path)) as state:
        for number in range(200):
            set_all(state, [(b"%03d" % number, bytes(100))])
            assert journal_bytes(tmp_path) < 20_000
        with state.read() as view:
            assert len(list(view.scan(b""))) == 200


def test_a_snapshot_outlives_tables_that_go_to_the_file(tmp_path: Path, tiny: None) -> None:
    with closing(LmdbState(tmp_path)) as state:
        set_all(state, [(b"%d" % number, b"old") for number in range(10)])
        with state.read() as view:
            for turn in range(30):
                set_all(state, [(b"%d" % number, b"new %d" % turn) for number in range(10)])
                delete(state, b"%d" % (turn % 10))
            assert list(view.scan(b"")) == [(b"%d" % number, b"old") for number in range(10)]
            assert [view.get(b"%d" % number) for number in range(10)] == [b"old"] * 10


def test_a_change_that_failed_leaves_older_values_to_snapshots(tmp_path: Path) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.put(b"a", b"2")
        transaction.delete(b"b")
        transaction.put(b"c", b"2")
        raise KeyError

    with closing(LmdbState(tmp_path)) as state:
        set_all(state, [(b"a", b"1"), (b"b", b"1")])
        with state.read() as view:
            with pytest.raises(KeyError):
                state.write(fail)
            set_all(state, [(b"a", b"3")])
            assert list(view.scan(b"")) == [(b"a", b"1"), (b"b", b"1")]
        with state.read() as view:
            assert list(view.scan(b"")) == [(b"a", b"3"), (b"b", b"1")]


def test_a_scan_goes_on_over_what_a_change_put_beside_it_and_took_back(tmp_path: Path) -> None:
    with closing(LmdbState(tmp_path)) as state:
        set_all(state, [(b"%d" % number, b"kept") for number in range(6)])
        with state.read() as view:
            scans: list[Iterator[tuple[bytes, bytes]]] = []
            seen: list[tuple[bytes, bytes]] = []

            def fail_after_the_scan_began(transaction: Transaction) -> None:
                transaction.put(b"1x", b"taken back")
                scans.append(view.scan(b""))
                seen.append(next(scans[0]))
                raise ValueError

            with pytest.raises(ValueError):
                state.write(fail_after_the_scan_began)
            assert [*seen, *scans[0]] == [(b"%d" % number, b"kept") for number in range(6)]


def test_a_journal_that_can_not_be_written_refuses_and_goes_on_when_it_can(tmp_path: Path) -> None:
    disk = SmallDisk(10_000)
    with closing(LmdbState(tmp_path, disk=disk)) as state:
        set_all(state, [(b"before", b"1")])
        disk.room_bytes = 400
        with pytest.raises(StoreFull):
            set_all(state, [(b"large", bytes(1000))])
        assert get(state, b"large") is None
        disk.room_bytes = 400
        set_all(state, [(b"small", b"1")])
        disk.room_bytes = 100_000
        set_all(state, [(b"large", bytes(1000))])
    with closing(LmdbState(tmp_path)) as state, state.read() as view:
        assert [key for key, _ in view.scan(b"")] == [b"before", b"large", b"small"]


def test_a_file_that_can_not_grow_loses_nothing_and_takes_it_later(tmp_path: Path, tiny: None) -> None:
    """The journal can be written, the file can't: changes count until the tables are crowded, then they are refused."""

    class StuckFile(SmallDisk):
        def write(self, fd: int, pieces: object, offset: int) -> None:
            super(SmallDisk, self).write(fd, pieces, offset)  # type: ignore[arg-type]

        def create(self, path: Path) -> int:
            return super(SmallDisk, self).create(path)

    disk = StuckFile(1)
    kept: list[bytes] = []
    with closing(LmdbState(tmp_path, disk=disk)) as state:
        disk.room_bytes = 0
        with pytest.raises(StoreFull):
            fill(state, kept)
        assert 5 < len(kept) < 100
        with state.read() as view:
            assert [key for key, _ in view.scan(b"")] == kept
        disk.room_bytes = 1
        set_all(state, [(b"later", b"1")])
        disk.room_bytes = 0
    with closing(LmdbState(tmp_path)) as state, state.read() as view:
        assert [key for key, _ in view.scan(b"")] == [*kept, b"later"]


def test_every_second_tells_before_the_disk_holds_it_and_notices_a_broken_sync(tmp_path: Path) -> None:
    disk = BrokenSync()
    with closing(LmdbState(tmp_path, disk=disk, every_second=True)) as state:
        disk.broken = True
        set_all(state, [(b"a", b"1")])
        assert get(state, b"a") == b"1"
        disk.broken = False
        set_all(state, [(b"b", b"1")])
    with closing(LmdbState(tmp_path)) as state, state.read() as view:
        assert [key for key, _ in view.scan(b"")] == [b"a", b"b"]


def test_a_change_runs_in_the_thread_that_asks_where_no_other_runs(tmp_path: Path) -> None:
    with closing(LmdbState(tmp_path)) as state:
        assert state.write(lambda _: threading.get_ident()) == threading.get_ident()


def test_changes_wait_for_one_that_runs(tmp_path: Path) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(transaction: Transaction) -> None:
        begun.set()
        go_on.wait()
        transaction.put(b"order", b"slow,")

    def quick(transaction: Transaction) -> None:
        transaction.put(b"order", (transaction.get(b"order") or b"") + b"quick")

    with closing(LmdbState(tmp_path)) as state:
        thread = threading.Thread(target=state.write, args=(slow,))
        thread.start()
        begun.wait()
        future = state.submit(quick)
        assert not future.done()
        go_on.set()
        future.result()
        thread.join()
        assert get(state, b"order") == b"slow,quick"


def test_an_empty_journal_of_a_start_that_was_cut_short_is_passed_over(tmp_path: Path) -> None:
    with closing(LmdbState(tmp_path)) as state:
        set_all(state, [(b"a", b"1")])
    (tmp_path / "journal" / f"{2:020}.journal").write_bytes(b"")
    with closing(LmdbState(tmp_path)) as state:
        set_all(state, [(b"b", b"1")])
    with closing(LmdbState(tmp_path)) as state, state.read() as view:
        assert [key for key, _ in view.scan(b"")] == [b"a", b"b"]


def test_other_files_beside_the_segments_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "notes.journal").write_bytes(b"mine")
    assert list(Journal(tmp_path, SmallDisk(0)).replay(0)) == []
    assert (tmp_path / "notes.journal").read_bytes() == b"mine"


def test_what_a_compaction_that_was_broken_off_left_is_removed_on_opening(tmp_path: Path) -> None:
    with closing(LmdbState(tmp_path)) as state:
        state.write(lambda transaction: transaction.put(b"a", b"1"))
    fresh = tmp_path / "fresh"
    fresh.mkdir()
    (fresh / "data.mdb").write_bytes(b"half of a copy")
    with closing(LmdbState(tmp_path)) as state, state.read() as view:
        assert view.get(b"a") == b"1"
    assert not fresh.exists()
