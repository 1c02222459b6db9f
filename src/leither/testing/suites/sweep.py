"""What every `Blocks` adapter must do when it sweeps."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path

from leither.codec import RAW, Block, BlockMissing, Cid
from leither.ports import Blocks
from leither.testing.suites.blocks import some_blocks, store
from leither.testing.suites.expect import damage, raised


class SweepSuite:
    """Derive and define `make`. Where stores outlive their process set `durable`."""

    durable = False

    def make(self, directory: Path) -> Blocks:
        """Open the store of `directory`, which is empty the first time."""
        raise NotImplementedError

    def test_a_sweep_keeps_what_is_marked_and_drops_the_rest(self, tmp_path: Path) -> None:
        """A sweep keeps what is marked and drops the rest."""
        kept, dropped = some_blocks(20, label="kept"), some_blocks(60, label="dropped")
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [*kept, *dropped])
            done = blocks.sweep(lambda: [block.cid for block in kept])
            assert (done.blocks_kept, done.blocks_dropped) == (20, 60)
            assert done.bytes_after < done.bytes_before
            assert all(blocks.get(block.cid) == block.data for block in kept)
            assert not any(blocks.has(block.cid) for block in dropped)
            raised(BlockMissing, lambda: blocks.get(dropped[0].cid))
            assert sorted(blocks.cids()) == sorted(block.cid for block in kept)
            assert blocks.stats().blocks == 20
            assert damage(blocks.verify()) == []

    def test_a_thorough_sweep_leaves_nothing_of_what_it_drops(self, tmp_path: Path) -> None:
        """A thorough sweep leaves nothing of what it drops, although little is garbage."""
        kept, gone = some_blocks(100, label="kept"), Block.of(RAW, b"a secret that goes away" * 3)
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [*kept[:50], gone, *kept[50:]])
            blocks.sweep(lambda: [block.cid for block in kept], thorough=True)
            assert [path for path in tmp_path.rglob("*") if path.is_file() and gone.data in path.read_bytes()] == []
            assert all(blocks.get(block.cid) == block.data for block in kept)

    def test_a_sweep_spares_what_a_lease_holds(self, tmp_path: Path) -> None:
        """A sweep spares what a lease holds, before and while it runs."""
        early, late, gone = some_blocks(3)
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [early, late, gone])
            with blocks.lease() as lease:
                assert lease.hold(early.cid)
                assert not lease.hold(Cid.of(RAW, b"absent"))

                def mark() -> Iterable[Cid]:
                    assert lease.hold(late.cid)
                    return ()

                blocks.sweep(mark)
                assert [blocks.has(block.cid) for block in (early, late, gone)] == [True, True, False]

    def test_a_lease_holds_what_another_is_still_writing(self, tmp_path: Path) -> None:
        """A lease holds what another is still writing."""
        (block,) = some_blocks(1)
        with closing(self.make(tmp_path)) as blocks, blocks.lease() as writing, blocks.lease() as lease:
            writing.put(block)
            assert lease.hold(block.cid)
            lease.flush()
            assert blocks.get(block.cid) == block.data

    def test_a_sweep_of_everything_leaves_nothing(self, tmp_path: Path) -> None:
        """A sweep of everything leaves nothing."""
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, some_blocks(10))
            blocks.sweep(lambda: [])
            assert list(blocks.cids()) == []
            assert blocks.stats().bytes_on_disk == 0

    def test_a_sweep_of_an_empty_store_does_nothing(self, tmp_path: Path) -> None:
        """A sweep of an empty store does nothing."""
        with closing(self.make(tmp_path)) as blocks:
            assert blocks.sweep(lambda: []).blocks_dropped == 0

    def test_marks_of_absent_blocks_are_ignored(self, tmp_path: Path) -> None:
        """Marks of absent blocks are ignored."""
        block = Block.of(RAW, b"kept")
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [block])
            done = blocks.sweep(lambda: [block.cid, Cid.of(RAW, b"absent")])
            assert (done.blocks_kept, done.blocks_dropped) == (1, 0)

    def test_a_dropped_block_can_be_stored_again(self, tmp_path: Path) -> None:
        """A dropped block can be stored again."""
        wanted = some_blocks(10)
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [*wanted, *some_blocks(200, label="ballast")])
            blocks.sweep(lambda: [block.cid for block in some_blocks(200, label="ballast")])
            store(blocks, wanted)
            assert all(blocks.get(block.cid) == block.data for block in wanted)
            assert blocks.stats().blocks == 210

    def test_a_sweep_spares_what_an_open_lease_stored(self, tmp_path: Path) -> None:
        """A sweep spares what an open lease stored."""
        block = Block.of(RAW, b"not referred to yet")
        with closing(self.make(tmp_path)) as blocks:
            with blocks.lease() as lease:
                lease.put(block)
                blocks.sweep(lambda: [])
                assert blocks.get(block.cid) == block.data
            blocks.sweep(lambda: [])
            assert not blocks.has(block.cid)

    def test_a_sweep_spares_what_an_open_lease_found_stored(self, tmp_path: Path) -> None:
        """A sweep spares what an open lease found stored."""
        block = Block.of(RAW, b"old, and new again")
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [block])
            with blocks.lease() as lease:
                lease.put(block)
                blocks.sweep(lambda: [])
                assert blocks.get(block.cid) == block.data

    def test_a_sweep_takes_what_no_open_lease_touched(self, tmp_path: Path) -> None:
        """A sweep takes what no open lease touched."""
        mine, other = some_blocks(2)
        with closing(self.make(tmp_path)) as blocks, blocks.lease() as lease:
            lease.put(mine)
            store(blocks, [other])
            blocks.sweep(lambda: [])
            assert blocks.has(mine.cid)
            assert not blocks.has(other.cid)

    def test_a_sweep_spares_what_is_stored_while_it_marks(self, tmp_path: Path) -> None:
        """A sweep spares what is stored while it marks."""
        old, new = some_blocks(2)
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [old])

            def mark() -> Iterable[Cid]:
                store(blocks, [old, new])
                return []

            blocks.sweep(mark)
            assert blocks.get(old.cid) == old.data
            assert blocks.get(new.cid) == new.data

    def test_a_sweep_spares_a_lease_that_ends_while_it_marks(self, tmp_path: Path) -> None:
        """A sweep spares a lease that ends while it marks."""
        block = Block.of(RAW, b"flushed, and referred to after the marks were taken")
        with closing(self.make(tmp_path)) as blocks:
            lease = blocks.lease()
            lease.__enter__().put(block)

            def mark() -> Iterable[Cid]:
                lease.__exit__(None, None, None)
                return []

            blocks.sweep(mark)
            assert blocks.get(block.cid) == block.data

    def test_a_sweep_takes_what_a_failed_lease_left(self, tmp_path: Path) -> None:
        """A sweep takes what a failed lease left."""
        block = Block.of(RAW, b"abandoned")
        with closing(self.make(tmp_path)) as blocks:

            def fail() -> None:
                with blocks.lease() as lease:
                    lease.put(block)
                    raise KeyError("mine")

            raised(KeyError, fail)
            blocks.sweep(lambda: [])
            assert not blocks.has(block.cid)

    def test_a_failing_mark_drops_nothing(self, tmp_path: Path) -> None:
        """A failing mark drops nothing."""
        wanted = some_blocks(10)

        def mark() -> Iterable[Cid]:
            raise KeyError("roots can't be read")

        with closing(self.make(tmp_path)) as blocks:
            store(blocks, wanted)
            raised(KeyError, lambda: blocks.sweep(mark))
            assert all(blocks.has(block.cid) for block in wanted)
            assert blocks.sweep(lambda: []).blocks_dropped == 10

    def test_readers_and_writers_go_on_beside_sweeps(self, tmp_path: Path) -> None:
        """Readers and writers go on beside sweeps."""
        kept = some_blocks(30, label="kept")
        faults: list[Cid] = []
        done = threading.Event()
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, kept)

            def read() -> None:
                while not done.is_set():
                    faults.extend(block.cid for block in kept if blocks.get(block.cid) != block.data)

            def write() -> None:
                for number in range(6):
                    wanted = some_blocks(20, label=f"written {number}")
                    with blocks.lease() as lease:
                        lease.put_many(wanted)
                        faults.extend(block.cid for block in wanted if blocks.get(block.cid) != block.data)
                done.set()

            threads = [threading.Thread(target=read), threading.Thread(target=write)]
            for thread in threads:
                thread.start()
            while not done.is_set():
                blocks.sweep(lambda: [block.cid for block in kept])
            for thread in threads:
                thread.join()
            assert faults == []
            assert all(blocks.get(block.cid) == block.data for block in kept)
            blocks.sweep(lambda: [block.cid for block in kept])
            assert blocks.stats().blocks == 30

    def test_a_swept_store_opens_again(self, tmp_path: Path) -> None:
        """A swept store opens again."""
        if not self.durable:
            return
        kept, dropped = some_blocks(20, label="kept"), some_blocks(60, label="dropped")
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, [*kept, *dropped])
            blocks.sweep(lambda: [block.cid for block in kept])
        with closing(self.make(tmp_path)) as blocks:
            store(blocks, some_blocks(5, label="later"))
            assert sorted(blocks.cids()) == sorted(block.cid for block in [*kept, *some_blocks(5, label="later")])
            assert damage(blocks.verify()) == []
