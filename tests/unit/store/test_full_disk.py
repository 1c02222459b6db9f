"""A full disk is a clear error; nothing is half-written; work goes on once there is room."""

import resource
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from leither import limits
from leither.ports import Transaction
from leither.store import LmdbState, PackBlocks, StoreBroken, StoreFull
from leither.testing.faults import BrokenSync, SmallDisk, run_in_child
from leither.testing.suites.blocks import some_blocks, store
from leither.testing.suites.expect import damage
from leither.testing.suites.state import get, set_all


def test_flush_tells_that_the_disk_is_full(tmp_path: Path) -> None:
    disk = SmallDisk(5000)
    before, after = some_blocks(5, label="before"), some_blocks(40, label="after")
    with closing(PackBlocks(tmp_path, disk=disk)) as blocks:
        store(blocks, before)
        with pytest.raises(StoreFull, match="No space left"):
            store(blocks, after)
        assert not any(blocks.has(block.cid) for block in after)
        assert all(blocks.get(block.cid) == block.data for block in before)
        assert damage(blocks.verify()) == []


def test_puts_work_again_once_there_is_room(tmp_path: Path) -> None:
    disk = SmallDisk(5000)
    wanted = some_blocks(40)
    with closing(PackBlocks(tmp_path, disk=disk)) as blocks:
        with pytest.raises(StoreFull):
            store(blocks, wanted)
        disk.room_bytes = 1_000_000
        store(blocks, wanted)
        assert all(blocks.get(block.cid) == block.data for block in wanted)
    with closing(PackBlocks(tmp_path)) as blocks:
        assert blocks.damage == ()
        assert all(blocks.get(block.cid) == block.data for block in wanted)


def test_no_room_for_a_new_pack_is_told(tmp_path: Path) -> None:
    disk = SmallDisk(0)
    with closing(PackBlocks(tmp_path, disk=disk)) as blocks:
        with pytest.raises(StoreFull):
            store(blocks, some_blocks(1))
        disk.room_bytes = 10  # not even a header
        with pytest.raises(StoreFull):
            store(blocks, some_blocks(1))
        disk.room_bytes = 1_000_000
        store(blocks, some_blocks(1))
    with closing(PackBlocks(tmp_path)) as blocks:
        assert blocks.damage == ()
        assert blocks.stats().blocks == 1


def test_who_shares_a_block_with_a_failed_lease_hears_too(tmp_path: Path) -> None:
    disk = SmallDisk(100)
    with closing(PackBlocks(tmp_path, disk=disk)) as blocks:
        first, second = blocks.lease(), blocks.lease()
        one, two = first.__enter__(), second.__enter__()
        one.put_many(some_blocks(5))
        two.put_many(some_blocks(5))
        with pytest.raises(StoreFull):
            one.flush()
        with pytest.raises(StoreFull):
            two.flush()


def test_a_sweep_makes_room_on_a_full_disk(tmp_path: Path) -> None:
    disk = SmallDisk(1_000_000)
    with closing(PackBlocks(tmp_path, disk=disk, pack_bytes_max=2000)) as blocks:
        store(blocks, some_blocks(20))
        disk.room_bytes = 1  # the index can be written, no block can
        done = blocks.sweep(lambda: [])
        assert done.bytes_after == 0


def test_a_sweep_without_room_to_copy_loses_nothing(tmp_path: Path) -> None:
    disk = SmallDisk(1_000_000)
    wanted = some_blocks(20)
    with closing(PackBlocks(tmp_path, disk=disk)) as blocks:
        store(blocks, wanted)
        disk.room_bytes = 1
        with pytest.raises(StoreFull):
            blocks.sweep(lambda: [wanted[3].cid])
        assert blocks.get(wanted[3].cid) == wanted[3].data
        disk.room_bytes = 1_000_000
        assert blocks.sweep(lambda: [wanted[3].cid]).bytes_after < 500
        assert blocks.get(wanted[3].cid) == wanted[3].data


def test_a_failing_sync_is_told_and_does_not_stop_the_store(tmp_path: Path) -> None:
    disk = BrokenSync()
    before, after = some_blocks(5, label="before"), some_blocks(5, label="after")
    with closing(PackBlocks(tmp_path, disk=disk)) as blocks:
        store(blocks, before)
        disk.broken = True
        with pytest.raises(StoreBroken):
            store(blocks, after)
        assert not any(blocks.has(block.cid) for block in after)
        disk.broken = False
        store(blocks, after)
    with closing(PackBlocks(tmp_path)) as blocks:
        assert all(blocks.get(block.cid) == block.data for block in [*before, *after])
        assert damage(blocks.verify()) == []


def test_a_file_size_limit_of_the_system_is_a_full_disk(tmp_path: Path) -> None:
    def work(report: Callable[[str], None]) -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, resource.RLIM_INFINITY))
        with closing(PackBlocks(tmp_path)) as blocks:
            try:
                store(blocks, some_blocks(200, size_bytes=2000))
            except StoreFull:
                report("full")
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            store(blocks, some_blocks(200, size_bytes=2000))
            report(f"{blocks.stats().blocks} {len(damage(blocks.verify()))}")

    assert run_in_child(work) == (["full", "200 0"], 0)


def test_state_tells_that_the_disk_is_full_and_works_again(tmp_path: Path) -> None:
    def work(report: Callable[[str], None]) -> None:
        with closing(LmdbState(tmp_path)) as state:
            set_all(state, [(b"before", b"1")])
            resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
            try:
                set_all(state, [(b"large", bytes(3_000_000)), (b"small", b"1")])
            except StoreFull:
                report(f"full {get(state, b'before')!r} {get(state, b'small')!r}")
            set_all(state, [(b"fits", b"1")])
            resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            set_all(state, [(b"large", bytes(3_000_000))])
            report(f"{get(state, b'fits')!r} {len(get(state, b'large') or b'')}")

    assert run_in_child(work) == (["full b'1' None", "b'1' 3000000"], 0)


def test_a_full_map_refuses_the_change_that_is_too_large_and_no_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "STATE_MAP_BYTES", 1_048_576)
    monkeypatch.setattr(limits, "STATE_CHANGE_BYTES_MAX", 1_000_000)
    with closing(LmdbState(tmp_path)) as state:

        def put(key: bytes, size_bytes: int) -> Callable[[Transaction], None]:
            return lambda transaction: transaction.put(key, bytes(size_bytes))

        small = [state.submit(put(b"%d" % number, 100)) for number in range(20)]
        large = state.submit(put(b"large", 3_000_000))
        later = [state.submit(put(b"later %d" % number, 100)) for number in range(20)]
        with pytest.raises(StoreFull):
            large.result()
        for future in [*small, *later]:
            future.result()
        with state.read() as view:
            assert len(list(view.scan(b""))) == 40
