"""Bitswap messages: the bytes that other implementations send, and bounds on what is read."""

from __future__ import annotations

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, Cid
from leither.codec.foreign import ForeignCid
from leither.wire.bitswap_message import (
    Message,
    Name,
    Payload,
    Want,
    decode,
    encode,
    name_of,
    parse_name,
    payload_bytes,
    payload_for,
)
from leither.wire.protobuf import BadProtobuf, bytes_field

HELLO = Cid.of(RAW, b"hello")
V0 = Name(b"\x12\x20" + hashlib.sha256(b"node").digest())

NAMES = st.binary(min_size=1, max_size=limits.BITSWAP_CID_BYTES_MAX).map(Name)
WANTS = st.builds(
    Want,
    NAMES,
    priority=st.integers(-(1 << 31), (1 << 31) - 1),
    cancel=st.booleans(),
    only_have=st.booleans(),
    send_dont_have=st.booleans(),
)
PAYLOADS = st.builds(Payload, prefix=st.binary(max_size=20), data=st.binary(max_size=200))
MESSAGES = st.builds(
    Message,
    wants=st.lists(WANTS).map(tuple),
    full=st.booleans(),
    payload=st.lists(PAYLOADS).map(tuple),
    haves=st.lists(NAMES).map(tuple),
    dont_haves=st.lists(NAMES).map(tuple),
    pending_bytes=st.integers(0, (1 << 31) - 1),
)


@given(MESSAGES)
def test_a_message_reads_back_as_it_was_written(message: Message) -> None:
    assert decode(encode(message)) == message


def test_a_want_has_the_bytes_that_other_implementations_send() -> None:
    message = Message(wants=(Want(name_of(HELLO), priority=5, only_have=True, send_dont_have=True),), full=True)
    entry = "0a24" + HELLO.hex() + "1005" + "2001" + "2801"
    assert encode(message).hex() == "0a30" + "0a2c" + entry + "1001"


def test_a_block_and_presences_have_the_bytes_that_other_implementations_send() -> None:
    message = Message(payload=(payload_for(name_of(HELLO), b"hello"),), haves=(name_of(HELLO),), dont_haves=(V0,))
    block = "0a0401551220" + "1205" + b"hello".hex()
    have, dont_have = "0a24" + HELLO.hex(), "0a22" + V0.hex() + "1001"
    assert encode(message).hex() == f"1a0d{block}2226{have}2226{dont_have}"


def test_a_negative_priority_is_read() -> None:
    entry = bytes_field(1, HELLO) + bytes.fromhex("10ffffffffffffffffff01")
    (want,) = decode(bytes_field(1, bytes_field(1, entry))).wants
    assert want.priority == -1


def test_a_block_of_the_first_version_of_the_protocol_is_read_as_one_of_a_version_0_cid() -> None:
    (block,) = decode(bytes_field(2, b"node")).payload
    assert block.cid() == Cid.of(DAG_PB, b"node")


def test_fields_that_are_not_known_are_passed_over() -> None:
    assert decode(bytes_field(9, b"later") + encode(Message(haves=(V0,)))) == Message(haves=(V0,))


def test_a_version_0_cid_names_a_dag_pb_block_and_is_answered_as_version_0() -> None:
    assert parse_name(V0) == Cid.of(DAG_PB, b"node")
    assert payload_for(V0, b"node").prefix == bytes.fromhex("00701220")
    assert payload_for(V0, b"node").cid() == Cid.of(DAG_PB, b"node")


@pytest.mark.parametrize("codec", [RAW, DAG_PB, DAG_CBOR])
def test_a_version_1_cid_is_answered_with_its_own_prefix(codec: int) -> None:
    cid = Cid.of(codec, b"data")
    assert parse_name(name_of(cid)) == cid
    assert payload_for(name_of(cid), b"data").cid() == cid


def test_a_cid_of_another_hash_is_told_apart() -> None:
    blake = Name(bytes.fromhex("0155a0e40220") + bytes(32))
    assert isinstance(parse_name(blake), ForeignCid)
    assert payload_for(name_of(HELLO), b"x").cid() != HELLO
    assert Payload(blake[:5], b"x").cid() is None


@given(st.binary(max_size=60).map(Name))
def test_any_bytes_are_a_cid_or_none(name: Name) -> None:
    cid = parse_name(name)
    assert cid is None or len(name) in (34, len(cid))


def test_the_room_that_a_block_takes_is_not_underrated() -> None:
    block = bytes(limits.BLOCK_BYTES_MAX)
    assert len(encode(Message(payload=(payload_for(name_of(HELLO), block),)))) <= payload_bytes(len(block))


@pytest.mark.parametrize(
    "message",
    [
        pytest.param(bytes(limits.BITSWAP_MESSAGE_BYTES_MAX + 1), id="message too long"),
        pytest.param(bytes_field(2, bytes(limits.BLOCK_BYTES_MAX + 1)), id="block too long"),
        pytest.param(
            bytes_field(3, bytes_field(1, b"\1") + bytes_field(2, bytes(limits.BLOCK_BYTES_MAX + 1))),
            id="payload too long",
        ),
        pytest.param(bytes_field(3, bytes_field(1, bytes(129))), id="prefix too long"),
        pytest.param(bytes_field(4, bytes_field(1, bytes(129))), id="CID too long"),
        pytest.param(bytes_field(4, b""), id="presence of nothing"),
        pytest.param(bytes_field(1, bytes_field(1, b"\x10\x01")), id="want of nothing"),
        pytest.param(bytes_field(1, bytes_field(1, bytes_field(1, b""))), id="want of an empty CID"),
        pytest.param(bytes_field(4, bytes_field(1, V0)) * (limits.BITSWAP_ENTRIES_MAX + 1), id="too many presences"),
        pytest.param(
            bytes_field(1, bytes_field(1, bytes_field(1, V0)) * (limits.BITSWAP_ENTRIES_MAX + 1)), id="too many wants"
        ),
        pytest.param(
            bytes_field(1, bytes_field(1, bytes_field(1, V0)) * (limits.BITSWAP_ENTRIES_MAX // 2 + 1)) * 2,
            id="too many wants in two lists",
        ),
        pytest.param(b"\x08\x01", id="a number for a wantlist"),
        pytest.param(bytes_field(5, b"\x01"), id="bytes for a number"),
    ],
)
def test_what_is_no_message_or_beyond_its_bounds_is_refused(message: bytes) -> None:
    with pytest.raises(BadProtobuf):
        decode(message)


@given(st.binary(max_size=300))
def test_any_bytes_are_a_message_or_refused(data: bytes) -> None:
    try:
        message = decode(data)
    except BadProtobuf:
        return
    assert decode(encode(message)) == message
