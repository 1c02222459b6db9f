"""Sealed blocks without a key: read, named, walked."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, Block, BlockMismatch, BlockTooLarge, Cid
from leither.codec.links import links as all_tags
from leither.codec.sealed import NotSealed, check, name_links, plain_size_bytes, read, sealed_block, walk, write_head


def linked(name: str, codec: int = RAW) -> Cid:
    return Cid.of(codec, name.encode())


def made(
    links: tuple[Cid, ...] = (), before: tuple[Cid, ...] = (), *, epoch: int = 0, plain: bytes = b"plain"
) -> Block:
    """A sealed block in form; its ciphertext opens under no key."""
    named = name_links(links, before)
    head = write_head(epoch, bytes(24), named, len(plain) + 16)
    return sealed_block(head, named, plain + bytes(16))


cids = st.builds(linked, st.text(max_size=5), st.sampled_from([RAW, DAG_CBOR]))
epochs = st.one_of(st.integers(0, 30), st.integers(0, limits.KEY_EPOCH_MAX))


@given(st.lists(cids, max_size=40), st.lists(cids, max_size=4), epochs, st.binary(max_size=300))
def test_what_was_written_is_read(links: list[Cid], before: list[Cid], epoch: int, plain: bytes) -> None:
    block = made(tuple(links), tuple(before), epoch=epoch, plain=plain)
    sealed = check(block.cid, block.data)
    assert (sealed.epoch, list(sealed.links), list(sealed.before)) == (epoch, links, before)
    assert sealed.head + sealed.ciphertext == block.data
    assert sealed.named == name_links(links, before)
    assert all_tags(Cid.of(DAG_CBOR, block.data), block.data) == links + before


@given(st.lists(cids, max_size=300), st.lists(cids, max_size=256), epochs, st.integers(0, 100_000))
def test_sealing_adds_little_besides_the_links(links: list[Cid], before: list[Cid], epoch: int, size: int) -> None:
    block = made(tuple(links), tuple(before), epoch=epoch, plain=bytes(size))
    added = len(block.data) - size - 41 * (len(links) + len(before))
    assert 48 <= added <= limits.SEALED_OVERHEAD_BYTES_MAX


@given(st.binary(max_size=200))
def test_other_bytes_are_refused_by_name(data: bytes) -> None:
    with pytest.raises(NotSealed):
        read(b"\x86\x01" + data[:40])


@given(st.integers(0, 400), st.integers(0, 255))
def test_a_changed_byte_is_read_as_it_stands_or_refused(position: int, byte: int) -> None:
    data = bytearray(made((linked("a"), linked("b")), (linked("c"),)).data)
    data[position % len(data)] = byte
    try:
        sealed = read(bytes(data))
    except NotSealed:
        return
    named = name_links(sealed.links, sealed.before)
    again = write_head(sealed.epoch, sealed.nonce, named, len(sealed.ciphertext)) + sealed.ciphertext
    assert again == bytes(data)


def test_a_block_is_named_by_whether_it_links_to_anything() -> None:
    assert made().cid.codec == RAW
    assert made((linked("a"),)).cid.codec == DAG_CBOR
    assert made((), (linked("a"),)).cid.codec == DAG_CBOR


def test_a_block_under_another_kind_of_name_is_refused() -> None:
    leaf, node = made(), made((linked("a"),))
    with pytest.raises(NotSealed, match="as if it had links"):
        check(Cid.from_digest(DAG_CBOR, leaf.cid.digest), leaf.data)
    with pytest.raises(NotSealed, match="as if it had no links"):
        check(Cid.from_digest(RAW, node.cid.digest), node.data)
    with pytest.raises(BlockMismatch):
        check(linked("another"), leaf.data)


def test_links_to_blocks_that_are_not_sealed_are_refused() -> None:
    data = made((linked("a", DAG_CBOR),)).data
    with pytest.raises(NotSealed, match="not to a sealed block"):
        read(data.replace(b"\x00\x01\x71\x12\x20", b"\x00\x01\x70\x12\x20"))
    assert DAG_PB == 0x70


def test_too_large_a_block_is_refused_on_both_sides() -> None:
    room = limits.BLOCK_BYTES_MAX - len(made(plain=b"").data) - 4
    assert len(made(plain=bytes(room)).data) == limits.BLOCK_BYTES_MAX
    with pytest.raises(BlockTooLarge):
        made(plain=bytes(room + 1))
    with pytest.raises(NotSealed, match="exceed the limit"):
        read(made(plain=bytes(room)).data + b"\0")


@given(st.integers(0, 70_000), st.sets(epochs, min_size=1, max_size=3), st.data())
def test_the_plain_size_follows_from_the_sealed_one(size: int, known: set[int], data: st.DataObject) -> None:
    epoch = data.draw(st.sampled_from(sorted(known)))
    found = plain_size_bytes(len(made(epoch=epoch, plain=bytes(size)).data), known)
    if found is None:
        assert len({len(write_head(one, bytes(24), b"\x80\x80", 0)) for one in known}) > 1
    else:
        assert found == size


@pytest.mark.parametrize("size_bytes", [0, 49, 73, limits.BLOCK_BYTES_MAX])
def test_no_plain_size_gives_a_size_that_no_sealed_block_has(size_bytes: int) -> None:
    found = plain_size_bytes(size_bytes, [0])
    assert found is None or len(made(plain=bytes(found)).data) == size_bytes


class Shelf:
    """Blocks by CID, and which were read."""

    def __init__(self, *blocks: Block) -> None:
        self.blocks = dict(blocks)
        self.reads: list[Cid] = []

    def get(self, cid: Cid) -> bytes:
        self.reads.append(cid)
        return self.blocks[cid]


def test_a_walk_goes_depth_first_and_meets_each_block_once() -> None:
    one, two = made(plain=b"one"), made(plain=b"two")
    low = made((one.cid, two.cid, one.cid))
    top = made((low.cid, two.cid), plain=b"top")
    shelf = Shelf(one, two, low, top)
    assert list(walk(shelf.get, [top.cid, low.cid])) == [top.cid, low.cid, one.cid, two.cid]


def test_a_walk_reads_nothing_that_has_no_links() -> None:
    leaf = made()
    top = made((leaf.cid,))
    shelf = Shelf(top)
    assert list(walk(shelf.get, [top.cid])) == [top.cid, leaf.cid]
    assert shelf.reads == [top.cid]


def test_a_walk_does_not_go_on_to_the_versions_before() -> None:
    leaf, old = made(plain=b"leaf"), made(plain=b"old")
    top = made((leaf.cid,), (old.cid,))
    assert list(walk(Shelf(leaf, top).get, [top.cid])) == [top.cid, leaf.cid]


def test_a_walk_ends_where_a_block_is_missing() -> None:
    low = made((linked("gone"),))
    top = made((low.cid,))
    with pytest.raises(KeyError):
        list(walk(Shelf(top).get, [top.cid]))
