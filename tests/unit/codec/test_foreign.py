"""CIDs of others."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_PB, RAW, Cid, NotACid
from leither.codec.foreign import ForeignCid, parse_binary, read_prefix
from leither.codec.varint import BadVarint


def test_a_cid_this_node_stores_is_a_cid() -> None:
    assert parse_binary(Cid.of(RAW, b"x")) == Cid.of(RAW, b"x")
    assert isinstance(parse_binary(Cid.of(RAW, b"x")), Cid)


def test_a_version_0_cid_is_the_dag_pb_cid() -> None:
    assert parse_binary(b"\x12\x20" + Cid.of(DAG_PB, b"x").digest) == Cid.of(DAG_PB, b"x")


def test_an_identity_cid_holds_its_block() -> None:
    cid = parse_binary(b"\x01\x55\x00\x03abc")
    assert isinstance(cid, ForeignCid)
    assert (cid.codec, cid.inline, cid.text) == (RAW, b"abc", "f01550003616263")


@pytest.mark.parametrize("data", [b"\x01\x55\x1e\x20" + bytes(32), b"\x01\x85\x02\x12\x20" + bytes(32)])
def test_another_hash_or_codec_is_foreign_and_holds_nothing(data: bytes) -> None:
    cid = parse_binary(data)
    assert isinstance(cid, ForeignCid)
    assert cid.inline is None


@pytest.mark.parametrize(
    "data",
    [
        b"\x12\x20" + bytes(31),
        b"\x02\x55\x12\x20" + bytes(32),
        b"\x00\x55\x12\x20" + bytes(32),
        b"\x01\x55\x12\x1f" + bytes(31),
        b"\x01\x55\x12\x20" + bytes(31),
        b"\x01\x55\x12\x20" + bytes(33),
        b"\x01\x55\x00\xff\x01" + bytes(255),
    ],
)
def test_malformed_bytes_are_no_cid(data: bytes) -> None:
    with pytest.raises(NotACid):
        parse_binary(data)


@pytest.mark.parametrize("data", [b"", b"\x01", b"\x01\x55", b"\x81\x00\x55\x00\x00"])
def test_malformed_numbers_are_told_as_such(data: bytes) -> None:
    with pytest.raises(BadVarint):
        parse_binary(data)


@given(data=st.binary(max_size=limits.FOREIGN_DIGEST_BYTES_MAX), after=st.binary(max_size=5))
def test_a_cid_is_read_from_the_front_of_more_bytes(data: bytes, after: bytes) -> None:
    size = len(data)
    head = b"\x01\x55\x00" + (bytes((size,)) if size < 128 else bytes((size & 127 | 128, size >> 7)))
    assert read_prefix(head + data + after) == (head + data, len(head + data))
