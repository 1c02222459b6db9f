"""A rewritten file is the file of the changed bytes added anew. Chunks and widths are shrunk to reach deep trees."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_PB, RAW, dagpb
from leither.codec.dagpb import PBLink
from leither.codec.foreign import parse_binary
from leither.unixfs import EMPTY_DIRECTORY, FileTooLarge, ForeignLayout, Link, WrongChunk, WrongKind, message, rewrite
from tests.unit.unixfs.shelf import Shelf

CHUNK = 4
SIZES = st.integers(0, 150)


@pytest.fixture(autouse=True, scope="module")
def _small_trees() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(limits, "CHUNK_BYTES", CHUNK)
        patch.setattr(limits, "FILE_LINKS_MAX", 3)
        yield


def data_of(size_bytes: int, first: int = 1) -> bytes:
    """Bytes that never repeat a chunk, so that a subtree in the wrong place shows."""
    return b"".join((first + number).to_bytes(CHUNK, "big") for number in range(size_bytes // CHUNK + 1))[:size_bytes]


def resized(data: bytes, size_bytes: int) -> bytes:
    return data[:size_bytes].ljust(size_bytes, b"\0")


@given(before=SIZES, after=SIZES, picks=st.sets(st.integers(0, 37)))
def test_a_rewritten_file_is_the_file_added_anew(before: int, after: int, picks: set[int]) -> None:
    shelf = Shelf()
    old = data_of(before)
    root = shelf.add(old).cid
    new = bytearray(resized(old, after))
    changed = {}
    for index in picks:
        start = index * CHUNK
        if start < after:
            new[start : start + CHUNK] = data_of(len(new[start : start + CHUNK]), first=1_000_000 + index)
            changed[index] = bytes(new[start : start + CHUNK])
    assert rewrite(shelf.get, shelf.put, root, changed, after) == shelf.add(bytes(new))


@given(before=st.integers(1, 150), pick=st.integers(0, 37))
def test_only_nodes_above_a_changed_chunk_are_read(before: int, pick: int) -> None:
    shelf = Shelf()
    root = shelf.add(data_of(before)).cid
    index = pick % -(-before // CHUNK)
    size = min(CHUNK, before - index * CHUNK)
    rewrite(shelf.get, shelf.put, root, {index: b"\xff" * size}, before)
    assert [cid for cid in shelf.reads if cid.codec == RAW and cid != root] == []
    assert len(shelf.reads) <= 5


def test_an_unchanged_file_is_given_back_without_a_write(shelf: Shelf) -> None:
    link = shelf.add(data_of(50))
    assert rewrite(shelf.get, lambda block: pytest.fail("nothing to write"), link.cid, {}, 50) == link
    assert shelf.reads == [link.cid]


def test_chunks_are_asked_for_in_order_and_one_by_one(shelf: Shelf) -> None:
    asked: list[int] = []

    class Chunks(dict[int, bytes]):
        def __getitem__(self, index: int) -> bytes:
            asked.append(index)
            return b"\xff" * CHUNK

    root = shelf.add(data_of(60)).cid
    rewrite(shelf.get, shelf.put, root, Chunks.fromkeys([9, 2, 5], b""), 60)
    assert asked == [2, 5, 9]


def test_a_hole_of_any_length_costs_one_node_a_level(shelf: Shelf) -> None:
    written: list[int] = []
    root = shelf.add(b"").cid
    link = rewrite(shelf.get, lambda block: written.append(len(block.data)), root, {}, CHUNK * 3**12)
    assert link.size_bytes == CHUNK * 3**12
    assert len(written) == 13


@pytest.mark.parametrize(("index", "data"), [(0, b"123"), (1, b"12345"), (2, b"1"), (-1, b"1234")])
def test_a_chunk_that_does_not_fit_its_place_is_refused(shelf: Shelf, index: int, data: bytes) -> None:
    root = shelf.add(data_of(8)).cid
    with pytest.raises(WrongChunk):
        rewrite(shelf.get, shelf.put, root, {index: data}, 8)


def test_a_file_over_the_limit_is_refused(shelf: Shelf) -> None:
    root = shelf.add(b"").cid
    with pytest.raises(FileTooLarge):
        rewrite(shelf.get, shelf.put, root, {}, limits.FILE_BYTES_MAX + 1)


def test_a_file_in_other_chunks_is_refused(shelf: Shelf) -> None:
    leaves = [shelf.store(RAW, b"abc"), shelf.store(RAW, b"defgh")]
    links = [PBLink(b"", leaf, 0) for leaf in leaves]
    root = shelf.store(DAG_PB, dagpb.encode(links, message.encode_file(8, [3, 5])))
    with pytest.raises(ForeignLayout):
        rewrite(shelf.get, shelf.put, root, {0: b"1234"}, 8)


def test_a_wrapped_small_file_is_refused(shelf: Shelf) -> None:
    root = shelf.store(DAG_PB, dagpb.encode((), b"\x08\x02\x12\x02ab\x18\x02"))
    with pytest.raises(ForeignLayout):
        rewrite(shelf.get, shelf.put, root, {}, 2)


def test_a_leaf_within_its_link_is_no_layout_of_this_node(shelf: Shelf) -> None:
    inline = parse_binary(b"\x01\x55\x00\x04abcd")
    links = [PBLink(b"", inline, 4), PBLink(b"", shelf.store(RAW, b"efgh"), 4)]
    root = shelf.store(DAG_PB, dagpb.encode(links, message.encode_file(8, [4, 4])))
    with pytest.raises(ForeignLayout):
        rewrite(shelf.get, shelf.put, root, {1: b"1234"}, 8)


def test_a_directory_is_refused(shelf: Shelf) -> None:
    root: Link = shelf.tree({(): EMPTY_DIRECTORY})
    with pytest.raises(WrongKind):
        rewrite(shelf.get, shelf.put, root.cid, {}, 2)
