"""Writes at an offset into a file."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from leither import limits
from leither.crypto import MimeiId
from leither.mimei.entry import PathEntry
from leither.people import GUEST, OWNER
from leither.service import history, pages, paths
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.conflicts import contested, take
from leither.service.cur import QuotaReached
from leither.service.engines import Engines
from leither.service.holding import MimeiNotFound, load
from leither.service.tree import NothingAtPath, open_tree, read_bytes
from leither.store.memory_blocks import MemoryLease
from leither.testing.node import counted
from tests.unit.service.life import bring, counters, made, put, recounted, version

CHUNK = limits.CHUNK_BYTES


@pytest.fixture
def file(desk: Engines) -> MimeiId:
    return made(desk, "file")


def read(engines: Engines, mimei: MimeiId, selector: str | int = "cur") -> bytes:
    with open_tree(engines, mimei, selector, OWNER) as tree:
        entry = tree.entry(())
        assert entry.cid is not None
        data = b"".join(read_bytes(engines, entry.cid))
    assert len(data) == entry.size_bytes
    return data


def test_writes_land_at_their_offsets(desk: Engines, file: MimeiId) -> None:
    pages.write_at(desk, file, 0, b"0123456789")
    pages.write_at(desk, file, 3, b"abc")
    assert read(desk, file) == b"012abc6789"


def test_a_write_over_chunk_and_page_borders_is_whole(desk: Engines, file: MimeiId) -> None:
    data = bytes(range(256)) * 1024
    put(desk, file, "", b"-" * (2 * CHUNK))
    pages.write_at(desk, file, CHUNK - 100_000, data)
    expected = bytearray(b"-" * (2 * CHUNK))
    expected[CHUNK - 100_000 : CHUNK - 100_000 + len(data)] = data
    assert read(desk, file) == expected


def test_a_hole_reads_as_zeros_and_costs_few_blocks(desk: Engines, file: MimeiId) -> None:
    size = 600 * CHUNK + 5
    pages.write_at(desk, file, 2, b"a")
    pages.write_at(desk, file, size - 1, b"z")
    counted(desk).forget_counts()
    record = version(desk, backup(desk, file).cid)
    assert len(counted(desk).new) < 12
    assert record.size_bytes == size
    assert b"".join(read_bytes(desk, record.content, size - 4, None)) == b"\0\0\0z"
    assert b"".join(read_bytes(desk, record.content, 0, 4)) == b"\0\0a\0"


def test_an_empty_write_changes_nothing(desk: Engines, file: MimeiId) -> None:
    pages.write_at(desk, file, 100, b"")
    assert counters(desk, file) == (0, 0, 0)
    backup(desk, file)
    with pytest.raises(NothingAtPath):
        read(desk, file)


@pytest.mark.parametrize("size", [0, 1, CHUNK - 1, CHUNK, CHUNK + 1, 3 * CHUNK])
def test_a_file_cut_or_grown_is_as_one_added_anew(desk: Engines, file: MimeiId, size: int) -> None:
    data = b"ab" * (CHUNK // 2 + 10)
    put(desk, file, "", data)
    backup(desk, file)
    pages.write_at(desk, file, 1, b"X")
    pages.truncate(desk, file, size)
    expected = (b"aX" + data[2:])[:size].ljust(size, b"\0")
    assert read(desk, file) == expected
    fresh = made(desk, "file", mark="fresh")
    put(desk, fresh, "", expected)
    assert version(desk, backup(desk, file).cid).content == version(desk, backup(desk, fresh).cid).content


def test_what_was_cut_off_does_not_come_back(desk: Engines, file: MimeiId) -> None:
    pages.write_at(desk, file, 0, b"secret")
    pages.truncate(desk, file, 2)
    pages.truncate(desk, file, 6)
    assert read(desk, file) == b"se\0\0\0\0"


def test_bounds_are_kept(desk: Engines, file: MimeiId, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "WRITE_BYTES_MAX", 10)
    monkeypatch.setattr(limits, "FILE_GAP_BYTES_MAX", 10)
    attempts: list[Callable[[], object]] = [
        lambda: pages.write_at(desk, file, 0, b"x" * 11),
        lambda: pages.write_at(desk, file, 11, b"x"),
        lambda: pages.truncate(desk, file, 11),
    ]
    for attempt in attempts:
        with pytest.raises(pages.WriteTooLarge):
            attempt()
    assert counters(desk, file) == (0, 0, 0)


def test_only_a_file_takes_writes(desk: Engines) -> None:
    site = made(desk)
    attempts: list[Callable[[], object]] = [
        lambda: pages.write_at(desk, site, 0, b"x"),
        lambda: pages.truncate(desk, site, 1),
    ]
    for attempt in attempts:
        with pytest.raises(pages.NotAFile):
            attempt()


def test_a_quota_reached_keeps_no_page(desk: Engines) -> None:
    file = made(desk, "file", quota=5)
    pages.write_at(desk, file, 0, b"12345")
    with pytest.raises(QuotaReached):
        pages.write_at(desk, file, 0, b"abcdef")
    assert read(desk, file) == b"12345"


@pytest.mark.parametrize("how", ["upload", "remove", "discard", "restore"])
def test_pages_go_with_the_file_they_were_written_into(desk: Engines, file: MimeiId, how: str) -> None:
    put(desk, file, "", b"first")
    backup(desk, file)
    pages.write_at(desk, file, 0, b"page")
    match how:
        case "upload":
            put(desk, file, "", b"whole")
            assert read(desk, file) == b"whole"
        case "remove":
            paths.remove(desk, file, ())
            with pytest.raises(NothingAtPath):
                read(desk, file)
            assert counters(desk, file) == recounted(desk, file) == (0, 0, 1)
        case "discard":
            history.discard(desk, file)
            assert read(desk, file) == b"first"
        case "restore":
            history.restore(desk, file, 0, discard=True)
            assert read(desk, file) == b"first"
    with desk.state.read() as view:
        assert not pages.has_pages(view, file)


def test_writes_of_several_threads_are_all_there(desk: Engines, file: MimeiId) -> None:
    def write(number: int) -> None:
        for place in range(20):
            pages.write_at(desk, file, place * 8 + number, bytes([65 + number]))

    threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert read(desk, file) == b"ABCDEFGH" * 20


def test_a_file_replaced_while_its_pages_are_folded_stays_replaced(desk: Engines, file: MimeiId) -> None:
    pages.write_at(desk, file, 0, b"page")
    done: list[PathEntry] = []

    class Interrupted(MemoryLease):
        def flush(self) -> None:
            if not done:
                done.append(put(desk, file, "", b"whole"))

    with desk.blocks.lease():
        pages.fold(desk, file, Interrupted(counted(desk), set()))
    assert len(done) == 1
    assert read(desk, file) == b"whole"


def test_a_guest_without_a_right_does_not_fold(desk: Engines, file: MimeiId) -> None:
    pages.write_at(desk, file, 0, b"page")
    with pytest.raises(MimeiNotFound), open_tree(desk, file, "cur", GUEST):
        pass
    with desk.state.read() as view:
        assert pages.has_pages(view, file)


def test_both_files_of_a_conflict_can_be_taken(desk: Engines, phone: Engines, file: MimeiId) -> None:
    put(desk, file, "", b"old")
    backup(desk, file)
    bring(desk, phone)
    for engines, data in ((desk, b"desk"), (phone, b"phone")):
        put(engines, file, "", data)
        backup(engines, file)
    bring(phone, desk)
    with desk.state.read() as view:
        (one,) = contested(desk, view, load(desk, view, file))
    lost = one.others[0]
    before = read(desk, file)
    pages.write_at(desk, file, 0, b"typing")
    take(desk, file, (), *lost.stamp)
    assert {before, read(desk, file)} == {b"desk", b"phone"}
    backup(desk, file)
    with desk.state.read() as view:
        assert list(contested(desk, view, load(desk, view, file))) == []


def test_an_export_has_what_was_written_and_not_yet_folded(desk: Engines, phone: Engines, file: MimeiId) -> None:
    put(desk, file, "", b"-----")
    backup(desk, file)
    pages.write_at(desk, file, 1, b"ab")
    bring(desk, phone)
    assert read(phone, file) == b"-ab--"
    assert read(phone, file, 0) == b"-----"
    assert Catalog(phone).list(OWNER)[0].row.dirty == 1
