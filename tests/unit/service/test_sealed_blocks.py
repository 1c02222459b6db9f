"""Blocks of a private MiMei over a store that holds them sealed: what is put, found, and reclaimed."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from pathlib import Path
from typing import TypeVar

import pytest

from leither import limits
from leither.codec import (
    DAG_CBOR,
    DAG_PB,
    EMPTY_RAW,
    RAW,
    Block,
    BlockMismatch,
    BlockMissing,
    BlockTooLarge,
    Cid,
)
from leither.codec.sealed import read
from leither.crypto import EpochKey, MimeiId
from leither.mimei.sealing import EpochKeyMissing, EpochKeys
from leither.ports import Transaction
from leither.service.sealed_blocks import SealedBlocks
from leither.service.sealed_lease import ChildNotSealed
from leither.store import LmdbState, MemoryBlocks, MemoryState, PackBlocks
from leither.unixfs import FileBuilder
from leither.unixfs import read as read_file
from tests.unit.service.sealed_device import MIMEI, keys, open_blocks
from tests.unit.service.sealed_home import LEAF, OTHER, Home, node

T = TypeVar("T")


@pytest.fixture
def home() -> Home:
    return Home()


def test_a_stored_block_reads_back(home: Home) -> None:
    home.store(LEAF, OTHER, node(LEAF, OTHER))
    for block in (LEAF, OTHER, node(LEAF, OTHER)):
        assert home.sealed.get(block.cid) == block.data
        assert home.sealed.has(block.cid)
        assert home.sealed.size_bytes(block.cid) == len(block.data)


def test_nothing_is_stored_but_sealed_forms(home: Home) -> None:
    top = node(LEAF)
    home.store(LEAF, top)
    forms = {home.sealed.form(block.cid) for block in (LEAF, top)}
    assert set(home.blocks.cids()) == forms
    assert not any(home.blocks.has(block.cid) for block in (LEAF, top))
    assert read(home.blocks.get(home.sealed.form(top.cid))).links == (home.sealed.form(LEAF.cid),)


def test_a_block_is_readable_before_it_is_durable(home: Home) -> None:
    with home.sealed.lease() as lease:
        lease.put(LEAF)
        assert home.sealed.has(LEAF.cid)
        assert home.sealed.get(LEAF.cid) == LEAF.data
        assert home.sealed.size_bytes(LEAF.cid) == len(LEAF.data)


def test_another_opening_reads_what_was_flushed(home: Home) -> None:
    home.store(LEAF)
    assert open_blocks(home.blocks, home.state).get(LEAF.cid) == LEAF.data


def test_an_absent_block_is_named(home: Home) -> None:
    assert not home.sealed.has(LEAF.cid)
    for ask in (home.sealed.get, home.sealed.size_bytes, home.sealed.form):
        with pytest.raises(BlockMissing) as caught:
            ask(LEAF.cid)
        assert caught.value.cid == LEAF.cid.text


def test_a_block_is_found_whatever_codec_it_was_stored_under(home: Home) -> None:
    block = Block.of(DAG_CBOR, b"\xa0")
    home.store(block)
    other = Cid.of(RAW, b"\xa0")
    assert home.sealed.has(other)
    assert home.sealed.get(other) == b"\xa0"
    assert home.sealed.size_bytes(other) == 1


def test_the_empty_block_is_a_block(home: Home) -> None:
    home.store(Block(EMPTY_RAW, b""), Block.of(DAG_PB, b""))
    assert home.sealed.get(EMPTY_RAW) == b""
    assert home.sealed.size_bytes(EMPTY_RAW) == 0
    assert home.blocks.stats().blocks == 2


def test_storing_twice_keeps_one(home: Home) -> None:
    home.store(LEAF, LEAF)
    home.store(LEAF)
    assert home.blocks.stats().blocks == 1
    assert len(home.sealed.table.forms(LEAF.cid)) == 1


def test_two_mimei_share_nothing(home: Home) -> None:
    other = SealedBlocks(home.blocks, home.state, MimeiId(b"\x01" * 20), EpochKeys([EpochKey(b"\x01" * 32, 0)]))
    home.store(LEAF)
    assert not other.has(LEAF.cid)
    with other.lease() as lease:
        lease.put(LEAF)
    assert home.blocks.stats().blocks == 2
    assert home.sealed.form(LEAF.cid) != other.form(LEAF.cid)


def test_the_length_of_a_leaf_is_known_without_reading_it(home: Home) -> None:
    block = Block.of(RAW, bytes(100_000))
    home.store(block)
    home.blocks.reads.clear()
    assert home.sealed.size_bytes(block.cid) == 100_000
    assert home.blocks.reads == []


def test_a_block_with_no_room_for_its_seal_is_refused(home: Home) -> None:
    with home.sealed.lease() as lease, pytest.raises(BlockTooLarge):
        lease.put(Block.of(RAW, bytes(limits.BLOCK_BYTES_MAX)))
    assert home.blocks.stats().blocks == 0


def test_a_block_put_before_what_it_links_to_is_refused(home: Home) -> None:
    with home.sealed.lease() as lease, pytest.raises(ChildNotSealed) as caught:
        lease.put(node(LEAF))
    assert caught.value.cid == LEAF.cid.text


def test_a_reader_without_the_key_is_told_which(home: Home) -> None:
    home.rotate(2)
    home.store(LEAF)
    home.rotate(1)
    with pytest.raises(EpochKeyMissing, match="key epoch 2"):
        home.sealed.get(LEAF.cid)
    with pytest.raises(EpochKeyMissing, match="key epoch 7"), home.sealed.lease(epoch=7):
        pytest.fail("opened")


def test_a_file_is_written_and_read(home: Home) -> None:
    data = bytes(range(256)) * 12_000
    with home.sealed.lease() as lease:
        builder = FileBuilder(lease.put)
        builder.write(data)
        root = builder.finish().cid
    assert b"".join(read_file(home.sealed.get, root)) == data
    assert b"".join(read_file(home.sealed.get, root, 2_000_000, 2_000_010)) == data[2_000_000:2_000_010]


def test_a_damaged_block_is_found_when_read(home: Home, tmp_path: Path) -> None:
    home.store(LEAF)
    form = home.sealed.form(LEAF.cid)
    home.blocks._blocks[form.digest] = (RAW, bytes(60))
    with pytest.raises(BlockMismatch):
        home.sealed.get(LEAF.cid)


# Rows


class WatchedState(MemoryState):
    """Counts commits, and refuses those after the first `allowed`."""

    def __init__(self) -> None:
        super().__init__()
        self.commits = 0
        self.allowed = 1 << 30

    def write(self, change: Callable[..., T]) -> T:
        self.commits += 1
        if self.commits > self.allowed:
            raise OSError("the disk is gone")
        return super().write(change)


def test_rows_are_there_once_the_lease_is_left(home: Home) -> None:
    with home.sealed.lease() as lease:
        lease.put(LEAF)
        assert home.sealed.table.forms(LEAF.cid) == ()
        lease.flush()
        assert home.sealed.table.forms(LEAF.cid) == (home.sealed.form(LEAF.cid),)
        lease.put(OTHER)
    assert home.sealed.table.forms(OTHER.cid) == (home.sealed.form(OTHER.cid),)


def test_a_change_and_the_rows_take_one_commit() -> None:
    state = WatchedState()
    sealed = open_blocks(MemoryBlocks(), state)

    def change(transaction: Transaction) -> str:
        transaction.put(b"v", b"1")
        return "done"

    with sealed.lease() as lease:
        lease.put(LEAF)
        assert lease.flush_into(change) == "done"
    assert state.commits == 1
    assert len(sealed.table.forms(LEAF.cid)) == 1
    with state.read() as view:
        assert view.get(b"v") == b"1"


def test_a_change_that_fails_leaves_no_rows(home: Home) -> None:
    def fail(transaction: Transaction) -> None:
        transaction.put(b"v", b"1")
        raise KeyError("mine")

    def work() -> None:
        with home.sealed.lease() as lease:
            lease.put(LEAF)
            lease.flush_into(fail)

    with pytest.raises(KeyError, match="mine"):
        work()
    assert not home.sealed.has(LEAF.cid)
    with home.state.read() as view:
        assert view.get(b"v") is None


def test_work_that_fails_leaves_nothing_behind(home: Home) -> None:
    def work() -> None:
        with home.sealed.lease() as lease:
            lease.put(LEAF)
            raise KeyError("mine")

    with pytest.raises(KeyError, match="mine"):
        work()
    assert not home.sealed.has(LEAF.cid)


def test_rows_that_could_not_be_committed_are_told() -> None:
    state = WatchedState()
    state.allowed = 0
    with pytest.raises(OSError, match="the disk is gone"), open_blocks(MemoryBlocks(), state).lease() as lease:
        lease.put(LEAF)


def test_rows_in_pages_are_pruned_alike(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("leither.service.sealed_table._ROWS_PER_CHANGE", 3)
    blocks = [Block.of(RAW, bytes([number])) for number in range(10)]
    home.store(*blocks)
    kept = {home.sealed.form(block.cid) for block in blocks[::2]}
    home.blocks.sweep(lambda: kept)
    assert home.sealed.table.prune(home.blocks.has) == 5
    assert [home.sealed.has(block.cid) for block in blocks] == [True, False] * 5
    assert home.sealed.table.prune(home.blocks.has) == 0


def test_pruning_touches_no_other_mimei(home: Home) -> None:
    home.store(LEAF)
    other = SealedBlocks(home.blocks, home.state, MimeiId(b"\xff" * 20), keys())
    assert other.table.prune(lambda form: False) == 0
    assert home.sealed.has(LEAF.cid)


# On the disk


def test_what_was_sealed_is_there_when_the_stores_are_opened_again(tmp_path: Path) -> None:
    data = bytes(3_000_000)
    for number in range(2):
        blocks, state = PackBlocks(tmp_path / "blocks"), LmdbState(tmp_path / "state")
        sealed = open_blocks(blocks, state)
        if number == 0:
            with sealed.lease() as lease:
                builder = FileBuilder(lease.put)
                builder.write(data)
                root = builder.finish().cid
        assert b"".join(read_file(sealed.get, root)) == data
        state.close()
        blocks.close()


def test_rows_come_before_what_the_caller_commits_next(tmp_path: Path) -> None:
    blocks, state = PackBlocks(tmp_path / "blocks"), LmdbState(tmp_path / "state")
    sealed = open_blocks(blocks, state)
    with sealed.lease() as lease:
        lease.put(LEAF)
        lease.flush()
        done: Future[bool] = state.submit(lambda transaction: transaction.get(b"s" + MIMEI + LEAF.cid) is not None)
        assert done.result()
    state.close()
    blocks.close()
