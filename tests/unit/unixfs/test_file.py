"""Adding files piece by piece."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import EMPTY_RAW, RAW
from leither.unixfs import FileBuilder, FileTooLarge, Kind, decode, read
from tests.unit.unixfs.shelf import Shelf


@pytest.fixture
def _small_trees(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "CHUNK_BYTES", 4)
    monkeypatch.setattr(limits, "FILE_LINKS_MAX", 3)


def add(shelf: Shelf, pieces: list[bytes]) -> FileBuilder:
    builder = FileBuilder(shelf.put)
    for piece in pieces:
        builder.write(piece)
    return builder


@given(pieces=st.lists(st.binary(max_size=20), max_size=30))
def test_the_pieces_do_not_matter(pieces: list[bytes]) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "CHUNK_BYTES", 4)
        patch.setattr(limits, "FILE_LINKS_MAX", 3)
        shelf = Shelf()
        data = b"".join(pieces)
        link = add(shelf, pieces).finish()
        assert link == add(shelf, [data]).finish()
        assert link.size_bytes == len(data)
        assert b"".join(read(shelf.get, link.cid)) == data


def test_an_empty_file_is_the_empty_leaf(shelf: Shelf) -> None:
    assert add(shelf, []).finish().cid == EMPTY_RAW
    assert shelf.blocks == {EMPTY_RAW: b""}


@pytest.mark.usefixtures("_small_trees")
@pytest.mark.parametrize("chunks", [2, 3, 4, 9, 10, 27, 28])
def test_all_leaves_lie_equally_deep(shelf: Shelf, chunks: int) -> None:
    root = add(shelf, [bytes((number,)) * 4 for number in range(chunks)]).finish().cid
    level = [root]
    while level[0].codec != RAW:
        below = [link.cid for cid in level for link in decode(cid, shelf.blocks[cid]).links]
        assert len({cid.codec for cid in below}) == 1
        level = below  # type: ignore[assignment]
    assert len(level) == chunks


@pytest.mark.usefixtures("_small_trees")
def test_the_dag_size_is_that_of_all_blocks(shelf: Shelf) -> None:
    link = add(shelf, [bytes((number,)) * 4 for number in range(28)]).finish()
    assert link.dag_bytes == sum(len(block) for block in shelf.blocks.values())


def test_a_chunk_in_step_is_stored_without_a_copy(shelf: Shelf) -> None:
    chunk = bytes(limits.CHUNK_BYTES)
    link = add(shelf, [chunk]).finish()
    assert shelf.blocks[link.cid] is chunk


def test_a_buffer_may_be_reused_after_writing(shelf: Shelf) -> None:
    builder = FileBuilder(shelf.put)
    buffer = bytearray(b"one")
    builder.write(buffer)
    buffer[:] = b"two"
    builder.write(memoryview(buffer))
    assert b"".join(read(shelf.get, builder.finish().cid)) == b"onetwo"


def test_few_blocks_are_held_while_a_file_streams() -> None:
    sizes: list[int] = []
    builder = FileBuilder(lambda block: sizes.append(len(block.data)))
    for _ in range(40):
        builder.write(bytes(limits.CHUNK_BYTES // 4))
    assert sizes == [limits.CHUNK_BYTES] * 10


@pytest.mark.usefixtures("_small_trees")
def test_a_file_over_the_limit_is_refused(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "FILE_BYTES_MAX", 10)
    builder = add(shelf, [b"0123456789"])
    with pytest.raises(FileTooLarge, match="11 bytes exceeds the limit of 10"):
        builder.write(b"a")


def test_a_small_file_is_a_raw_leaf(shelf: Shelf) -> None:
    link = shelf.add(b"abc")
    assert decode(link.cid, shelf.blocks[link.cid]).kind is Kind.RAW
    assert (link.size_bytes, link.dag_bytes) == (3, 3)
