"""The links of blocks of every codec."""

from __future__ import annotations

import contextlib

import cbor2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, Cid, dagpb
from leither.codec.dagpb import PBLink
from leither.codec.foreign import AnyCid, parse_binary
from leither.codec.links import BadDagCbor, all_links, links

FIRST, SECOND = Cid.of(RAW, b"1"), Cid.of(DAG_PB, b"2")
RECORD = Cid.of(DAG_CBOR, b"")
BLAKE = parse_binary(b"\x01\x55\x1e\x20" + bytes(32))


def tagged(cid: AnyCid) -> cbor2.CBORTag:
    return cbor2.CBORTag(42, b"\0" + bytes(cid))


def test_a_raw_block_has_none() -> None:
    assert links(FIRST, FIRST + SECOND) == []


def test_a_dag_pb_block_has_those_of_its_links_in_order() -> None:
    block = dagpb.encode([PBLink(b"", SECOND, 0), PBLink(b"", FIRST, 0), PBLink(b"", SECOND, 0)], bytes(FIRST))
    assert links(Cid.of(DAG_PB, block), block) == [SECOND, FIRST, SECOND]


def test_a_record_has_its_tagged_links_and_no_bytes_that_look_like_one() -> None:
    block = cbor2.dumps({"a": [tagged(FIRST), 1.5, {"b": tagged(SECOND)}], "c": bytes(FIRST), "d": [None, True, -7]})
    assert links(RECORD, block) == [FIRST, SECOND]


def test_foreign_links_are_left_out_or_listed_as_such() -> None:
    block = cbor2.dumps([tagged(BLAKE), tagged(FIRST)])
    assert links(RECORD, block) == [FIRST]
    assert all_links(RECORD, block) == [BLAKE, FIRST]


def test_links_within_an_inlined_block_count_as_its_holders() -> None:
    inner = cbor2.dumps([tagged(FIRST)])
    inline = parse_binary(b"\x01\x71\x00" + bytes((len(inner),)) + inner)
    assert links(RECORD, cbor2.dumps([tagged(inline), tagged(SECOND)])) == [FIRST, SECOND]


def test_a_block_of_an_unknown_codec_has_none_that_can_be_known() -> None:
    assert links(BLAKE, b"\xff") == []
    assert links(parse_binary(b"\x01\x85\x02\x12\x20" + bytes(32)), b"\xff") == []


@pytest.mark.parametrize(
    ("block", "reason"),
    [
        (b"", "an item is missing"),
        (b"\x82\x00", "2 items are cut off"),
        (b"\xa1\x61a", "an item is missing"),
        (b"\x9b" + b"\xff" * 8, "items are cut off"),
        (b"\xbb" + b"\xff" * 8, "items are cut off"),
        (b"\x5b" + b"\xff" * 8, "is cut off"),
        (b"\x19\x00", "a number is cut off"),
        (b"\x00\x00", "1 bytes follow"),
        (b"\x9f\xff", "indefinite length"),
        (b"\x5f\x41a\xff", "indefinite length"),
        (b"\x1c", "reserved form"),
        (b"\xf7", "simple value 23"),
        (b"\xf8\x20", "reserved form"),
        (b"\xc2\x41\x01", "tag 2"),
        (b"\xd8\x2a\x00", "no byte string that begins with 0"),
        (b"\xd8\x2a\x40", "no byte string that begins with 0"),
        (b"\xd8\x2a\x58\x25\x01" + FIRST, "no byte string that begins with 0"),
        (b"\xd8\x2a\x41\x00", "link"),
        (b"\xd8\x2a\xd8\x2a\x58\x25\x00" + FIRST, "link"),
        (b"\x81" * 100_000 + b"\x00", "nested deeper than 128"),
        (bytes(limits.BLOCK_BYTES_MAX + 1), "larger than"),
    ],
)
def test_a_malformed_record_is_refused(block: bytes, reason: str) -> None:
    with pytest.raises(BadDagCbor, match=reason):
        links(RECORD, block)


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(1 << 64), (1 << 64) - 1) | st.floats() | st.text() | st.binary(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
)


@given(value=VALUES, cids=st.lists(st.binary(max_size=2).map(lambda data: Cid.of(RAW, data)), max_size=5))
def test_links_are_found_among_any_values(value: object, cids: list[Cid]) -> None:
    block = cbor2.dumps([value, [tagged(cid) for cid in cids], {"then": value}])
    assert links(RECORD, block) == cids


@given(block=st.binary(max_size=60))
def test_any_bytes_are_walked_or_refused_by_name(block: bytes) -> None:
    with contextlib.suppress(BadDagCbor):
        assert len(all_links(RECORD, block)) <= len(block) // 4
