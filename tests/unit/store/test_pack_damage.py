"""Damaged packs and indexes are found, named and worked around; nothing else is lost."""

from contextlib import closing
from pathlib import Path
from zlib import crc32

import pytest

from leither.codec import RAW, Block, BlockMismatch, BlockMissing
from leither.store import PackBlocks, PackVersionUnknown, StoreInUse
from leither.store.frame import FRAME_HEADER_BYTES, PACK_HEADER_BYTES, pack_header
from leither.testing.suites.blocks import some_blocks, store
from leither.testing.suites.expect import damage

SIZE = 300
FRAME = FRAME_HEADER_BYTES + SIZE


@pytest.fixture
def wanted() -> list[Block]:
    return some_blocks(20, size_bytes=SIZE)


@pytest.fixture
def home(tmp_path: Path, wanted: list[Block]) -> Path:
    """A store that was closed well: twenty blocks in pack 1, in order."""
    with closing(PackBlocks(tmp_path)) as blocks:
        store(blocks, wanted)
    return tmp_path


def pack(home: Path, number: int = 1) -> Path:
    return home / "packs" / f"{number}.pack"


def flip(path: Path, offset: int) -> None:
    data = bytearray(path.read_bytes())
    data[offset] ^= 1
    path.write_bytes(data)


def lose_index(home: Path) -> None:
    for file in (home / "index").iterdir():
        file.unlink()


def payload(number: int) -> int:
    return PACK_HEADER_BYTES + number * FRAME + FRAME_HEADER_BYTES


def test_a_flipped_byte_is_found_when_read_and_named(home: Path, wanted: list[Block]) -> None:
    flip(pack(home), payload(7) + 5)
    with closing(PackBlocks(home)) as blocks:
        with pytest.raises(BlockMismatch) as error:
            blocks.get(wanted[7].cid)
        assert error.value.cid == wanted[7].cid.text
        assert error.value.where == f"packs/1.pack:{payload(7) - FRAME_HEADER_BYTES}"
        with pytest.raises(BlockMismatch):
            blocks.get(wanted[7].cid)
        assert not blocks.has(wanted[7].cid)
        assert all(blocks.get(block.cid) == block.data for block in wanted if block is not wanted[7])


def test_verify_names_every_flipped_block_and_no_other(home: Path, wanted: list[Block]) -> None:
    for number in (0, 7, 19):
        flip(pack(home), payload(number))
    with closing(PackBlocks(home)) as blocks:
        assert {fault.cid for fault in damage(blocks.verify())} == {wanted[number].cid for number in (0, 7, 19)}


def test_a_damaged_block_is_healed_by_storing_it_again(home: Path, wanted: list[Block]) -> None:
    flip(pack(home), payload(7))
    with closing(PackBlocks(home)) as blocks:
        with pytest.raises(BlockMismatch):
            blocks.get(wanted[7].cid)
        store(blocks, [wanted[7]])
        assert blocks.get(wanted[7].cid) == wanted[7].data
        assert damage(blocks.verify()) == []
        assert blocks.stats().blocks == 20
    with closing(PackBlocks(home)) as blocks:
        assert blocks.get(wanted[7].cid) == wanted[7].data


def test_a_block_behind_a_damaged_frame_header_is_still_read(home: Path, wanted: list[Block]) -> None:
    flip(pack(home), payload(7) - 10)
    with closing(PackBlocks(home)) as blocks:
        assert blocks.get(wanted[7].cid) == wanted[7].data
        assert {fault.where for fault in damage(blocks.verify())} == {f"packs/1.pack:{payload(7) - FRAME_HEADER_BYTES}"}


def test_a_sweep_saves_the_block_behind_a_damaged_frame_header(home: Path, wanted: list[Block]) -> None:
    flip(pack(home), payload(7) - 10)
    with closing(PackBlocks(home)) as blocks:
        blocks.sweep(lambda: [wanted[7].cid])
        assert not pack(home).exists()
        assert blocks.get(wanted[7].cid) == wanted[7].data
        assert damage(blocks.verify()) == []


def test_a_sweep_does_not_delete_a_pack_with_a_marked_block_it_cannot_read(home: Path, wanted: list[Block]) -> None:
    flip(pack(home), payload(7))
    with closing(PackBlocks(home)) as blocks:
        blocks.sweep(lambda: [wanted[7].cid, wanted[8].cid])
        assert pack(home).exists()
        assert blocks.get(wanted[8].cid) == wanted[8].data


def test_a_lost_index_is_made_again(home: Path, wanted: list[Block]) -> None:
    lose_index(home)
    with closing(PackBlocks(home)) as blocks:
        assert all(blocks.get(block.cid) == block.data for block in wanted)
        assert blocks.stats().blocks == 20
        assert damage(blocks.verify()) == []


@pytest.mark.parametrize("keep", [0, 1000, 4096, 8192, 12_288])
def test_a_truncated_index_is_made_again(home: Path, wanted: list[Block], keep: int) -> None:
    index = home / "index" / "data.mdb"
    index.write_bytes(index.read_bytes()[:keep])
    with closing(PackBlocks(home)) as blocks:
        assert all(blocks.get(block.cid) == block.data for block in wanted)
        assert "made again" in blocks.damage[0].reason


def test_a_garbled_index_is_made_again(home: Path, wanted: list[Block]) -> None:
    index = home / "index" / "data.mdb"
    index.write_bytes(b"garbage!" * (index.stat().st_size // 8))
    with closing(PackBlocks(home)) as blocks:
        assert all(blocks.get(block.cid) == block.data for block in wanted)


def test_a_lost_index_and_a_flipped_frame_header_lose_one_block(home: Path, wanted: list[Block]) -> None:
    flip(pack(home), payload(7) - 10)
    lose_index(home)
    with closing(PackBlocks(home)) as blocks:
        assert sorted(blocks.cids()) == sorted(block.cid for block in wanted if block is not wanted[7])
        with pytest.raises(BlockMissing):
            blocks.get(wanted[7].cid)
        assert len(damage(blocks.verify())) == 1


def test_a_damaged_pack_header_loses_nothing(home: Path, wanted: list[Block]) -> None:
    flip(pack(home), 3)
    lose_index(home)
    with closing(PackBlocks(home)) as blocks:
        assert all(blocks.get(block.cid) == block.data for block in wanted)
        assert [fault.where for fault in damage(blocks.verify())] == ["packs/1.pack:0"]


def test_a_torn_tail_is_cut_off(home: Path, wanted: list[Block]) -> None:
    whole = pack(home).read_bytes()
    pack(home).write_bytes(whole + whole[PACK_HEADER_BYTES : PACK_HEADER_BYTES + 100])
    with closing(PackBlocks(home)) as blocks:
        assert pack(home).read_bytes() == whole
        assert "torn tail of 100 bytes" in blocks.damage[0].reason
        store(blocks, [Block.of(RAW, b"more")])
        assert damage(blocks.verify()) == []


def test_a_truncated_pack_loses_what_was_cut_and_names_it(home: Path, wanted: list[Block]) -> None:
    pack(home).write_bytes(pack(home).read_bytes()[: payload(15) + 10])
    with closing(PackBlocks(home)) as blocks:
        assert all(blocks.get(block.cid) == block.data for block in wanted[:15])
        for block in wanted[15:]:
            assert not blocks.has(block.cid)
            with pytest.raises(BlockMismatch):
                blocks.get(block.cid)
        assert {fault.cid for fault in damage(blocks.verify())} - {None} == {block.cid for block in wanted[15:]}
        store(blocks, wanted[15:])
        assert all(blocks.get(block.cid) == block.data for block in wanted)


def test_a_missing_pack_loses_its_blocks_and_names_them(home: Path, wanted: list[Block]) -> None:
    with closing(PackBlocks(home, pack_bytes_max=1000)) as blocks:
        store(blocks, some_blocks(3, label="later"))
    pack(home).unlink()
    with closing(PackBlocks(home)) as blocks:
        assert {fault.cid for fault in damage(blocks.verify())} == {block.cid for block in wanted}
        assert "missing" in blocks.damage[0].reason
        store(blocks, wanted)
        assert all(blocks.get(block.cid) == block.data for block in wanted)


def test_a_pack_stored_as_data_is_not_taken_for_frames(home: Path) -> None:
    embedded = Block.of(RAW, pack(home).read_bytes())
    with closing(PackBlocks(home)) as blocks:
        store(blocks, [embedded])
    whole = pack(home).read_bytes()
    lose_index(home)
    pack(home).write_bytes(whole[:-1])
    with closing(PackBlocks(home)) as blocks:
        assert blocks.stats().blocks == 20
        assert "torn tail" in blocks.damage[0].reason


def test_a_pack_of_a_later_format_is_refused_and_left_alone(home: Path) -> None:
    lose_index(home)
    later = pack_header(1)[:8] + (2).to_bytes(4, "little") + (1).to_bytes(4, "little")
    data = later + crc32(later).to_bytes(4, "little") + pack(home).read_bytes()[PACK_HEADER_BYTES:]
    pack(home).write_bytes(data)
    with pytest.raises(PackVersionUnknown):
        PackBlocks(home)
    assert pack(home).read_bytes() == data


def test_pack_numbers_are_never_used_twice(home: Path) -> None:
    with closing(PackBlocks(home)) as blocks:
        blocks.sweep(lambda: [])
        assert not pack(home).exists()
    with closing(PackBlocks(home)) as blocks:
        store(blocks, [Block.of(RAW, b"new")])
        assert pack(home, 2).exists()


def test_opening_twice_is_refused_by_name(home: Path) -> None:
    with closing(PackBlocks(home)), pytest.raises(StoreInUse, match=r"in use by process \d+"):
        PackBlocks(home)
    PackBlocks(home).close()


def test_many_small_packs_are_merged_by_sweeps(tmp_path: Path) -> None:
    kept: list[Block] = []
    with closing(PackBlocks(tmp_path)) as blocks:
        for number in range(30):
            kept += some_blocks(3, label=f"round {number}")
            store(blocks, kept[-3:])
            blocks.sweep([block.cid for block in kept].copy)
        assert all(blocks.get(block.cid) == block.data for block in kept)
        assert len(list((tmp_path / "packs").iterdir())) <= 10
