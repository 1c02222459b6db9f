"""Storage behaves like a dictionary, whatever is done to it in whatever order."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from leither import limits
from leither.codec import RAW, Block, Cid
from leither.ports import Blocks, State, Transaction
from leither.store import LmdbState, MemoryBlocks, MemoryState, PackBlocks
from leither.testing.suites.expect import damage

FEW_STEPS = settings(max_examples=20, stateful_step_count=25)

payloads = st.integers(0, 12).map(lambda number: bytes([number]) * (number * 37))
short_keys = st.binary(min_size=1, max_size=3)
long_keys = st.builds(
    lambda size, tail: b"k" * size + tail, st.sampled_from([505, 510, 511, 1010, 1014, 1600]), st.binary(max_size=2)
)
any_keys = short_keys | long_keys


class BlocksMachine(RuleBasedStateMachine):
    """Put, sweep, reopen; what is marked or leased stays, the rest goes."""

    def open(self) -> Blocks:
        return MemoryBlocks()

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.blocks = self.open()
        self.model: dict[Cid, bytes] = {}
        self.leased: set[Cid] = set()
        self.held = ExitStack()
        self.lease = self.held.enter_context(self.blocks.lease())

    @rule(data=payloads)
    def put_under_the_long_lease(self, data: bytes) -> None:
        block = Block.of(RAW, data)
        self.lease.put(block)
        self.model[block.cid] = data
        self.leased.add(block.cid)

    @rule(wanted=st.lists(payloads, max_size=5))
    def put_under_a_short_lease(self, wanted: list[bytes]) -> None:
        with self.blocks.lease() as lease:
            for data in wanted:
                block = Block.of(RAW, data)
                lease.put(block)
                self.model[block.cid] = data

    @rule()
    def end_the_long_lease(self) -> None:
        self.held.close()
        self.leased.clear()
        self.lease = self.held.enter_context(self.blocks.lease())

    @rule(marked=st.sets(payloads, max_size=8))
    def sweep(self, marked: set[bytes]) -> None:
        cids = {Cid.of(RAW, data) for data in marked}
        kept = {cid for cid in self.model if cid in cids or cid in self.leased}
        done = self.blocks.sweep(lambda: cids)
        assert (done.blocks_kept, done.blocks_dropped) == (len(kept), len(self.model) - len(kept))
        self.model = {cid: self.model[cid] for cid in kept}

    @invariant()
    def it_holds_what_the_model_holds(self) -> None:
        if not hasattr(self, "blocks"):
            return
        for number in range(13):
            data = bytes([number]) * (number * 37)
            cid = Cid.of(RAW, data)
            assert self.blocks.has(cid) == (cid in self.model)
            if cid in self.model:
                assert self.blocks.get(cid) == data

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.held.close()
            assert damage(self.blocks.verify()) == []
            assert sorted(self.blocks.cids()) == sorted(self.model)
            assert self.blocks.stats().blocks == len(self.model)
            self.blocks.close()
            self.stack.close()


class PackMachine(BlocksMachine):
    """The same on packs so small that they are sealed all the time, closed and opened in between."""

    def open(self) -> Blocks:
        return PackBlocks(self.folder, pack_bytes_max=900)

    @rule()
    def reopen(self) -> None:
        self.held.close()
        self.leased.clear()
        self.blocks.close()
        self.blocks = self.open()
        self.lease = self.held.enter_context(self.blocks.lease())

    @rule()
    def lose_the_index(self) -> None:
        self.held.close()
        self.leased.clear()
        # What was dropped may come back from the packs; so sweep it away again.
        self.blocks.close()
        for file in (self.folder / "index").iterdir():
            file.unlink()
        self.blocks = self.open()
        self.blocks.sweep(lambda: list(self.model))
        self.lease = self.held.enter_context(self.blocks.lease())


class StateMachine(RuleBasedStateMachine):
    """Put, delete, scan both ways, fail."""

    def open(self) -> State:
        return MemoryState()

    @initialize()
    def begin(self) -> None:
        self.stack = ExitStack()
        self.folder = Path(self.stack.enter_context(TemporaryDirectory()))
        self.state = self.open()
        self.model: dict[bytes, bytes] = {}

    @rule(puts=st.dictionaries(any_keys, st.binary(max_size=5), max_size=4), deletes=st.sets(any_keys, max_size=3))
    def change(self, puts: dict[bytes, bytes], deletes: set[bytes]) -> None:
        def change(transaction: Transaction) -> list[bool]:
            for key, value in puts.items():
                transaction.put(key, value)
            return [transaction.delete(key) for key in sorted(deletes)]

        self.model.update(puts)
        assert self.state.write(change) == [self.model.pop(key, None) is not None for key in sorted(deletes)]

    @rule(puts=st.dictionaries(any_keys, st.binary(max_size=5), max_size=4))
    def fail(self, puts: dict[bytes, bytes]) -> None:
        def change(transaction: Transaction) -> None:
            for key, value in puts.items():
                transaction.put(key, value)
            for key in list(self.model):
                transaction.delete(key)
            raise KeyError("mine")

        assert isinstance(self.state.submit(change).exception(), KeyError)

    @rule(start=any_keys | st.just(b""), stop=any_keys | st.none(), reverse=st.booleans())
    def scan(self, start: bytes, stop: bytes | None, reverse: bool) -> None:
        expected = sorted(
            (item for item in self.model.items() if item[0] >= start and (stop is None or item[0] < stop)),
            reverse=reverse,
        )
        with self.state.read() as view:
            assert list(view.scan(start, stop, reverse=reverse)) == expected

    @rule(start=any_keys, reverse=st.booleans(), every=st.integers(1, 3))
    def delete_while_scanning(self, start: bytes, reverse: bool, every: int) -> None:
        def change(transaction: Transaction) -> list[bytes]:
            seen = []
            for key, _ in transaction.scan(start, reverse=reverse):
                seen.append(key)
                if len(seen) % every == 0:
                    transaction.delete(key)
            return seen

        seen = self.state.write(change)
        assert seen == sorted((key for key in self.model if key >= start), reverse=reverse)
        for key in seen[every - 1 :: every]:
            del self.model[key]

    @invariant()
    def it_holds_what_the_model_holds(self) -> None:
        if hasattr(self, "state"):
            with self.state.read() as view:
                assert dict(view.scan(b"")) == self.model
                assert all(view.get(key) == value for key, value in self.model.items())

    def teardown(self) -> None:
        if hasattr(self, "stack"):
            self.state.close()
            self.stack.close()


class LmdbMachine(StateMachine):
    """The same on LMDB, closed and opened in between."""

    def open(self) -> State:
        return LmdbState(self.folder)

    @rule()
    def reopen(self) -> None:
        self.state.close()
        self.state = self.open()


class TinyLayersMachine(LmdbMachine):
    """The same with tables so small that they go to LMDB's file all the time."""

    def open(self) -> State:
        limits.STATE_TABLE_BYTES_MAX, limits.STATE_CHANGE_BYTES_MAX = 1500, 2500
        return super().open()

    def teardown(self) -> None:
        super().teardown()
        limits.STATE_TABLE_BYTES_MAX, limits.STATE_CHANGE_BYTES_MAX = _TABLE_BYTES, _CHANGE_BYTES


_TABLE_BYTES, _CHANGE_BYTES = limits.STATE_TABLE_BYTES_MAX, limits.STATE_CHANGE_BYTES_MAX


TestBlocksInMemory = BlocksMachine.TestCase
TestBlocksInPacks = PackMachine.TestCase
TestStateInMemory = StateMachine.TestCase
TestStateInLmdb = LmdbMachine.TestCase
TestStateInTinyLayers = TinyLayersMachine.TestCase
TestBlocksInMemory.settings = FEW_STEPS
TestBlocksInPacks.settings = FEW_STEPS
TestStateInMemory.settings = FEW_STEPS
TestStateInLmdb.settings = FEW_STEPS
TestStateInTinyLayers.settings = FEW_STEPS
