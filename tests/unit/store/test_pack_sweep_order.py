"""What happens at the seams of a sweep, made to happen there."""

from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from leither.codec import RAW, Block
from leither.store import PackBlocks
from leither.store.pack_writer import PackWriter
from leither.testing.suites.blocks import some_blocks, store
from leither.testing.suites.expect import damage


def test_a_pack_begun_right_after_the_seal_is_not_judged(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = some_blocks(30)
    late = Block.of(RAW, b"stored in the instant after the seal")
    with closing(PackBlocks(tmp_path, pack_bytes_max=900)) as blocks:
        store(blocks, wanted)
        run = PackWriter.run

        def run_and_store(writer: PackWriter, command: Callable[[], None]) -> None:
            run(writer, command)
            store(blocks, [late])

        monkeypatch.setattr(PackWriter, "run", run_and_store)
        blocks.sweep(lambda: [block.cid for block in wanted])
        monkeypatch.undo()
        assert blocks.get(late.cid) == late.data
    with closing(PackBlocks(tmp_path)) as blocks:
        assert all(blocks.get(block.cid) == block.data for block in [*wanted, late])
        assert damage(blocks.verify()) == []
