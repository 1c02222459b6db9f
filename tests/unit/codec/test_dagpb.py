"""DAG-PB bytes: one canonical form out, the form all implementations accept in."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_PB, RAW, Cid, dagpb
from leither.codec.dagpb import BadDagPB, PBLink, PBNode
from leither.codec.foreign import parse_binary

CID = Cid.of(RAW, b"x")
HASH = b"\x0a\x24" + CID
LINK = HASH + b"\x12\x01a\x18\x05"
CIDS = st.one_of(
    st.binary(max_size=4).map(lambda data: Cid.of(RAW, data)),
    st.binary(max_size=20).map(lambda data: parse_binary(b"\x01\x55\x00" + bytes((len(data),)) + data)),
)
LINKS = st.lists(st.builds(PBLink, st.binary(max_size=200), CIDS, st.integers(0, (1 << 63) - 1)), max_size=8)


def field(tag: int, content: bytes) -> bytes:
    return bytes((tag, len(content))) + content


@given(links=LINKS, data=st.binary(max_size=300))
def test_what_is_written_reads_back(links: list[PBLink], data: bytes) -> None:
    assert dagpb.decode(dagpb.encode(links, data)) == PBNode(links, data)


@given(links=LINKS, data=st.binary(max_size=300))
def test_the_size_is_known_without_writing(links: list[PBLink], data: bytes) -> None:
    size = sum(dagpb.link_size_bytes(len(link.name), link.tsize, len(link.cid)) for link in links)
    assert len(dagpb.encode(links, data)) == size + dagpb.data_size_bytes(len(data))


def test_links_come_before_data_and_empty_names_are_written() -> None:
    assert dagpb.encode([PBLink(b"", CID, 0)], b"d") == field(0x12, HASH + b"\x12\x00\x18\x00") + field(0x0A, b"d")


def test_data_before_links_is_read() -> None:
    assert dagpb.decode(field(0x0A, b"d") + field(0x12, LINK)) == PBNode([PBLink(b"a", CID, 5)], b"d")


def test_a_link_may_lack_name_and_size() -> None:
    assert dagpb.decode(field(0x12, HASH)) == PBNode([PBLink(b"", CID, 0)], None)


def test_a_version_0_link_is_that_of_version_1() -> None:
    target = Cid.of(DAG_PB, b"y")
    assert dagpb.decode(field(0x12, field(0x0A, b"\x12\x20" + target.digest))).links == [PBLink(b"", target, 0)]


def test_the_empty_block_is_a_node_of_nothing() -> None:
    assert dagpb.decode(b"") == PBNode([], None)


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (b"\x0a", "cut off"),
        (b"\x0a\x05ab", "field of 5 bytes is cut off"),
        (b"\x0a\x81\x00a", "padded"),
        (b"\x0a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", "cut off"),
        (field(0x0A, b"") * 2, "second data field"),
        (field(0x12, LINK) + field(0x0A, b"") + field(0x12, LINK), "both sides"),
        (b"\x08\x01", "unknown field or wire type"),
        (field(0x1A, b""), "unknown field or wire type"),
        (field(0x12, b""), "does not begin with its hash"),
        (field(0x12, b"\x12\x01a" + HASH), "does not begin with its hash"),
        (field(0x12, HASH + b"\x18\x05\x12\x01a"), "out of order"),
        (field(0x12, HASH + b"\x12\x01a" * 2), "repeated"),
        (field(0x12, HASH + b"\x18\x05" * 2), "repeated"),
        (field(0x12, HASH + HASH), "repeated"),
        (field(0x12, HASH + b"\x12\x09a"), "cut off"),
        (field(0x12, HASH + b"\x18"), "cut off"),
        (field(0x12, HASH + b"\x18" + b"\xff" * 9 + b"\x01"), "beyond 63 bits"),
        (field(0x12, HASH + b"\x20\x00"), "link field unknown"),
        (field(0x12, field(0x0A, b"")), "link hash"),
        (field(0x12, field(0x0A, CID + b"\0")), "1 bytes follow it"),
        (field(0x12, field(0x0A, CID[:-1])), "cut off"),
    ],
)
def test_a_malformed_block_is_refused(block: bytes, reason: str) -> None:
    with pytest.raises(BadDagPB, match=reason):
        dagpb.decode(block)


@given(position=st.integers(0, len(LINK) - 1), byte=st.integers(0, 255), name=st.binary(max_size=140))
def test_the_short_way_through_plain_links_decides_as_the_long_one(position: int, byte: int, name: bytes) -> None:
    block = bytearray(dagpb.encode([PBLink(name, CID, 300)], b"d"))
    block[position] = byte
    with pytest.MonkeyPatch.context() as patch:
        short = outcome(bytes(block))
        patch.setattr(dagpb, "_PLAIN_HEADS", frozenset())
        assert short == outcome(bytes(block))


def outcome(block: bytes) -> PBNode | str:
    try:
        return dagpb.decode(block)
    except BadDagPB as error:
        return str(error)


def test_a_block_over_the_limit_is_refused() -> None:
    with pytest.raises(BadDagPB, match="larger than"):
        dagpb.decode(bytes(limits.BLOCK_BYTES_MAX + 1))


@given(block=st.binary(max_size=200))
def test_any_bytes_are_a_node_or_refused(block: bytes) -> None:
    try:
        node = dagpb.decode(block)
    except BadDagPB:
        return
    assert dagpb.decode(dagpb.encode(node.links, node.data or b"")).links == node.links
