"""Reading files of every layout, and refusing those that lie."""

from __future__ import annotations

from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, Cid, dagpb
from leither.codec.dagpb import PBLink
from leither.codec.foreign import AnyCid, ForeignCid, UnsupportedCid, parse_binary
from leither.unixfs import (
    EMPTY_DIRECTORY,
    BadRange,
    BadUnixFS,
    DagTooDeep,
    LyingSize,
    NotUnixFS,
    WrongKind,
    message,
    read,
    size_bytes,
)
from tests.unit.unixfs.shelf import Shelf


def whole(shelf: Shelf, cid: AnyCid, start: int = 0, stop: int | None = None) -> bytes:
    return b"".join(read(shelf.get, cid, start, stop))


def file_node(
    shelf: Shelf, children: Sequence[tuple[AnyCid, int]], own: bytes = b"", claimed: int | None = None
) -> Cid:
    """Store a file node by hand: own data first, then children with the sizes given."""
    sizes = [size for _, size in children]
    total = len(own) + sum(sizes) if claimed is None else claimed
    fields = b"\x12" + bytes((len(own),)) + own if own else b""
    data = b"\x08\x02" + fields + message.encode_file(total, sizes)[2:]
    return shelf.store(DAG_PB, dagpb.encode([PBLink(b"", cid, 0) for cid, _ in children], data))


def trickle(shelf: Shelf) -> Cid:
    """b"0123456789" in a node with data of its own, a wrapped leaf, a raw one, and a node below."""
    wrapped = shelf.store(DAG_PB, dagpb.encode((), b"\x08\x00\x12\x0223\x18\x02"))
    raw = shelf.store(RAW, b"45")
    below = file_node(shelf, [(shelf.store(RAW, b"89"), 2)], own=b"67")
    return file_node(shelf, [(wrapped, 2), (raw, 2), (below, 4)], own=b"01")


def test_a_foreign_layout_reads_in_order(shelf: Shelf) -> None:
    root = trickle(shelf)
    assert whole(shelf, root) == b"0123456789"
    assert size_bytes(shelf.get, root) == 10


@given(start=st.integers(0, 12), length=st.integers(0, 12))
def test_every_range_of_a_foreign_layout_is_that_slice(start: int, length: int) -> None:
    shelf = Shelf()
    assert whole(shelf, trickle(shelf), start, start + length) == b"0123456789"[start : start + length]


@settings(max_examples=30)
@given(
    size=st.sampled_from([0, 1, 1024, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20, (5 << 20) + 77]),
    first=st.integers(0, 6 << 20),
    second=st.integers(0, 6 << 20),
)
def test_every_range_of_an_added_file_is_that_slice(size: int, first: int, second: int) -> None:
    shelf = Shelf()
    data = bytes(range(251)) * (size // 251 + 1)
    root = shelf.add(data[:size]).cid
    start, stop = sorted((first, second))
    assert whole(shelf, root, start, stop) == data[:size][start:stop]


def test_a_range_reads_only_the_nodes_it_overlaps(shelf: Shelf) -> None:
    data = b"".join(bytes((number,)) * limits.CHUNK_BYTES for number in range(5))
    root = shelf.add(data).cid
    assert whole(shelf, root, 2 * limits.CHUNK_BYTES + 5, 3 * limits.CHUNK_BYTES) == bytes((2,)) * (
        limits.CHUNK_BYTES - 5
    )
    assert len(shelf.reads) == 2


def test_reading_past_the_end_gives_nothing(shelf: Shelf) -> None:
    assert whole(shelf, shelf.add(b"abc").cid, 3, 9) == b""
    assert whole(shelf, shelf.add(b"abc").cid, 7) == b""


@pytest.mark.parametrize(("start", "stop"), [(-1, None), (3, 2)])
def test_a_range_out_of_order_is_refused(shelf: Shelf, start: int, stop: int | None) -> None:
    with pytest.raises(BadRange):
        whole(shelf, shelf.add(b"abc").cid, start, stop)


def test_a_child_of_another_size_than_claimed_is_refused_before_its_bytes(shelf: Shelf) -> None:
    root = file_node(shelf, [(shelf.store(RAW, b"ab"), 2), (shelf.store(RAW, b"cde"), 2)])
    given = read(shelf.get, root)
    assert next(given) == b"ab"
    with pytest.raises(LyingSize) as caught:
        next(given)
    assert (caught.value.claimed_bytes, caught.value.size_bytes) == (2, 3)


def test_a_file_size_that_differs_from_its_parts_is_refused(shelf: Shelf) -> None:
    root = file_node(shelf, [(shelf.store(RAW, b"ab"), 2)], claimed=3)
    with pytest.raises(LyingSize):
        size_bytes(shelf.get, root)


def test_as_many_sizes_as_links_are_demanded(shelf: Shelf) -> None:
    leaf = shelf.store(RAW, b"ab")
    root = shelf.store(DAG_PB, dagpb.encode([PBLink(b"", leaf, 2)] * 2, message.encode_file(2, [2])))
    with pytest.raises(BadUnixFS, match="2 links and 1 block sizes"):
        whole(shelf, root)


def test_parts_said_to_be_empty_are_never_read(shelf: Shelf) -> None:
    missing = Cid.of(RAW, b"nowhere")
    root = file_node(shelf, [(missing, 0)] * 50 + [(shelf.store(RAW, b"x"), 1)] + [(missing, 0)] * 50)
    assert whole(shelf, root) == b"x"


def test_a_file_nested_too_deep_is_refused(shelf: Shelf) -> None:
    root = shelf.store(RAW, b"x")
    for _ in range(limits.DAG_DEPTH_MAX + 1):
        root = file_node(shelf, [(root, 1)])
    with pytest.raises(DagTooDeep):
        whole(shelf, root)


def test_a_file_nested_as_deep_as_allowed_is_read(shelf: Shelf) -> None:
    root = shelf.store(RAW, b"x")
    for _ in range(limits.DAG_DEPTH_MAX):
        root = file_node(shelf, [(root, 1)])
    assert whole(shelf, root) == b"x"


def test_leaves_within_their_links_are_read(shelf: Shelf) -> None:
    inline = parse_binary(b"\x01\x55\x00\x03abc")
    assert whole(shelf, file_node(shelf, [(inline, 3)])) == b"abc"


def test_a_leaf_of_an_unknown_hash_is_refused_by_name(shelf: Shelf) -> None:
    blake = parse_binary(b"\x01\x55\x1e\x20" + bytes(32))
    assert isinstance(blake, ForeignCid)
    with pytest.raises(UnsupportedCid, match="f01551e20"):
        whole(shelf, file_node(shelf, [(blake, 3)]))


def test_a_directory_is_no_file(shelf: Shelf) -> None:
    with pytest.raises(WrongKind, match="is a directory, not a file"):
        whole(shelf, shelf.tree({("a",): EMPTY_DIRECTORY}).cid)


def test_a_record_is_no_file(shelf: Shelf) -> None:
    with pytest.raises(NotUnixFS):
        whole(shelf, shelf.store(DAG_CBOR, b"\xa0"))
