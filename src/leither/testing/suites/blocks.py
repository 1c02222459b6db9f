"""What every `Blocks` adapter must do with single blocks and leases."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

from leither import limits
from leither.codec import DAG_CBOR, EMPTY_RAW, RAW, Block, BlockMissing, BlockTooLarge, Cid
from leither.ports import Blocks, Checked
from leither.testing.suites.expect import damage, raised


def some_blocks(count: int, *, size_bytes: int = 300, label: str = "block") -> list[Block]:
    """Return different blocks, the same ones each time."""
    return [Block.of(RAW, f"{label} {number} ".encode().ljust(size_bytes, b".")) for number in range(count)]


def store(blocks: Blocks, wanted: Iterable[Block]) -> None:
    """Store blocks durably under a lease of their own."""
    with blocks.lease() as lease:
        lease.put_many(wanted)


class BlocksSuite:
    """Derive and define `make`. Where stores outlive their process set `durable`."""

    durable = False

    def make(self, directory: Path) -> Blocks:
        """Open the store of `directory`, which is empty the first time."""
        raise NotImplementedError

    def test_a_stored_block_reads_back(self, tmp_path: Path) -> None:
        """A stored block reads back."""
        block = Block.of(RAW, b"hello")
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [block])
            assert blocks.get(block.cid) == b"hello"

    def test_a_block_is_readable_before_it_is_durable(self, tmp_path: Path) -> None:
        """A block is readable before it is durable."""
        block = Block.of(RAW, b"hello")
        with closing(self.make(tmp_path)) as blocks, blocks.lease() as lease:
            lease.put(block)
            assert blocks.has(block.cid)
            assert blocks.get(block.cid) == b"hello"
            assert blocks.size_bytes(block.cid) == 5

    def test_the_empty_block_is_a_block(self, tmp_path: Path) -> None:
        """The empty block is a block."""
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [Block.of(RAW, b"")])
            assert blocks.get(EMPTY_RAW) == b""
            assert blocks.size_bytes(EMPTY_RAW) == 0

    def test_the_largest_block_fits(self, tmp_path: Path) -> None:
        """The largest block fits."""
        block = Block.of(RAW, bytes(limits.BLOCK_BYTES_MAX))
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [block])
            assert blocks.get(block.cid) == block.data

    def test_a_larger_block_is_refused(self, tmp_path: Path) -> None:
        """A larger block is refused."""
        data = bytes(limits.BLOCK_BYTES_MAX + 1)
        block = Block(Cid.of(RAW, data), data)
        with closing(self.make(tmp_path)) as blocks, blocks.lease() as lease:
            raised(BlockTooLarge, lambda: lease.put(block))
            assert not blocks.has(block.cid)

    def test_an_absent_block_is_named(self, tmp_path: Path) -> None:
        """An absent block is named."""
        absent = Block.of(RAW, b"never stored").cid
        with closing(self.make(tmp_path)) as blocks:
            assert not blocks.has(absent)
            assert raised(BlockMissing, lambda: blocks.get(absent)).cid == absent.text
            assert raised(BlockMissing, lambda: blocks.size_bytes(absent)).cid == absent.text

    def test_the_size_is_known(self, tmp_path: Path) -> None:
        """The size is known."""
        block = Block.of(RAW, bytes(1234))
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [block])
            assert blocks.size_bytes(block.cid) == 1234

    def test_a_block_is_found_whatever_codec_it_was_stored_under(self, tmp_path: Path) -> None:
        """A block is found whatever codec it was stored under."""
        block = Block.of(DAG_CBOR, b"\xa0")
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [block])
            other = Cid.of(RAW, b"\xa0")
            assert blocks.has(other)
            assert blocks.get(other) == b"\xa0"
            assert blocks.size_bytes(other) == 1

    def test_storing_twice_keeps_one(self, tmp_path: Path) -> None:
        """Storing twice keeps one."""
        block = Block.of(RAW, b"twice")
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [block, block])
            store(blocks, [block])
            assert list(blocks.cids()) == [block.cid]
            assert blocks.stats().blocks == 1

    def test_cids_names_all_that_is_stored(self, tmp_path: Path) -> None:
        """Cids names all that is stored."""
        wanted = [*some_blocks(40), Block.of(DAG_CBOR, b"\xa0")]
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, wanted)
            assert sorted(blocks.cids()) == sorted(block.cid for block in wanted)

    def test_stats_count_blocks_and_bytes(self, tmp_path: Path) -> None:
        """Stats count blocks and bytes."""
        with closing(self.make(tmp_path)) as blocks:
            assert blocks.stats().blocks == 0
            store(blocks, some_blocks(10, size_bytes=100))
            assert blocks.stats().blocks == 10
            assert blocks.stats().bytes_on_disk >= 1000

    def test_flush_may_be_called_any_time(self, tmp_path: Path) -> None:
        """Flush may be called any time."""
        first, second = some_blocks(2)
        with closing(self.make(tmp_path)) as blocks, blocks.lease() as lease:
            lease.flush()
            lease.put(first)
            lease.flush()
            lease.put(second)
            lease.flush()
            assert blocks.stats().blocks == 2

    def test_an_error_inside_a_lease_comes_out_of_it(self, tmp_path: Path) -> None:
        """An error inside a lease comes out of it."""
        with closing(self.make(tmp_path)) as blocks:

            def fail() -> None:
                with blocks.lease() as lease:
                    lease.put(Block.of(RAW, b"abandoned"))
                    raise KeyError("mine")

            raised(KeyError, fail)

    def test_verify_finds_nothing_wrong_with_a_sound_store(self, tmp_path: Path) -> None:
        """Verify finds nothing wrong with a sound store."""
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, some_blocks(40))
            assert damage(blocks.verify()) == []

    def test_verify_tells_of_every_block_it_reads(self, tmp_path: Path) -> None:
        """Verify tells of every block it reads."""
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, some_blocks(40))
            checked = [one.size_bytes for one in blocks.verify() if isinstance(one, Checked)]
            assert len(checked) == 40
            assert 40 * 300 <= sum(checked) <= blocks.stats().bytes_on_disk

    def test_many_threads_store_and_read(self, tmp_path: Path) -> None:
        """Many threads store and read."""
        with closing(self.make(tmp_path)) as blocks, ThreadPoolExecutor(8) as pool:

            def work(number: int) -> bool:
                wanted = some_blocks(10, label=f"thread {number // 2}")
                store(blocks, wanted)
                return all(blocks.get(block.cid) == block.data for block in wanted)

            assert all(pool.map(work, range(16)))
            assert blocks.stats().blocks == 80

    def test_closing_twice_is_no_error(self, tmp_path: Path) -> None:
        """Closing twice is no error."""
        blocks = self.make(tmp_path)
        blocks.close()
        blocks.close()

    def test_what_was_flushed_is_there_when_opened_again(self, tmp_path: Path) -> None:
        """What was flushed is there when opened again."""
        if not self.durable:
            return
        wanted = some_blocks(40)
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, wanted)
        with closing(self.make(tmp_path)) as blocks:
            assert all(blocks.get(block.cid) == block.data for block in wanted)
            assert blocks.stats().blocks == 40
