"""CIDs: 36 bytes, one text, and nothing else taken for one."""

import hashlib

import pytest

from leither.codec import (
    DAG_CBOR,
    DAG_PB,
    EMPTY_RAW,
    RAW,
    Block,
    BlockMismatch,
    BlockMissing,
    BlockTooLarge,
    Cid,
    NotACid,
)
from leither.limits import BLOCK_BYTES_MAX

EMPTY_TEXT = "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"
EMPTY_V0 = "QmdfTbBqBPQ7VNxZEYEj14VmRuZBkqFbiwReogJgS1zR1n"


def test_a_cid_is_version_codec_hash_length_and_digest() -> None:
    cid = Cid.of(RAW, b"")
    assert bytes(cid) == b"\x01\x55\x12\x20" + hashlib.sha256(b"").digest()
    assert (cid.codec, cid.digest) == (RAW, hashlib.sha256(b"").digest())


def test_the_empty_raw_block_has_its_well_known_text() -> None:
    assert (str(EMPTY_RAW), repr(EMPTY_RAW)) == (EMPTY_TEXT, f"Cid({EMPTY_TEXT})")


@pytest.mark.parametrize("codec", [RAW, DAG_PB, DAG_CBOR])
def test_text_and_bytes_lead_back_to_the_cid(codec: int) -> None:
    cid = Cid.of(codec, b"block")
    assert Cid.parse(cid.text) == cid == Cid.read(memoryview(bytes(cid)))


def test_a_version_0_text_is_read_as_dag_pb() -> None:
    assert Cid.parse(EMPTY_V0) == Cid.of(DAG_PB, b"")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not base32 multibase"),
        ("z" + EMPTY_TEXT[1:], "not base32 multibase"),
        ("B" + EMPTY_TEXT[1:].upper(), "not base32 multibase"),
        ("b" + EMPTY_TEXT[1:].upper(), "not in canonical lower-case"),
        (EMPTY_TEXT[:-1] + "v", "not in canonical lower-case"),  # a stray bit in the last character
        (EMPTY_TEXT[:-1], "not base32"),
        (EMPTY_TEXT + "a", "not base32"),
        (EMPTY_TEXT + "=", "not in canonical"),
        (EMPTY_TEXT[:-1] + "1", "not base32"),
        (EMPTY_TEXT[:-1] + "\n", "not base32"),
        ("bé", "not base32"),
        ("bafkqaaa", "not 36 bytes"),  # an identity hash
        ("b" * 129, "longer than any CID"),
        (EMPTY_V0[:-1] + "0", "not base58"),
        ("Qm" + "1" * 44, "not a sha2-256 multihash"),
        ("Qm" + "z" * 44, "not a sha2-256 multihash"),
    ],
)
def test_any_other_text_is_refused(text: str, reason: str) -> None:
    with pytest.raises(NotACid) as caught:
        Cid.parse(text)
    assert caught.value.reason.startswith(reason)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        bytes(EMPTY_RAW)[:-1],
        bytes(EMPTY_RAW) + b"\0",
        b"\x12\x20" + bytes(32),
        b"\x01\x55\x00\x00",
        b"\x02" + bytes(EMPTY_RAW)[1:],
        b"\x01\x72" + bytes(EMPTY_RAW)[2:],
        b"\x01\x55\x13" + bytes(EMPTY_RAW)[3:],
        b"\x01\x55\x12\x21" + bytes(EMPTY_RAW)[4:],
    ],
)
def test_any_other_bytes_are_refused(data: bytes) -> None:
    with pytest.raises(NotACid):
        Cid.read(data)


def test_an_error_shows_a_hundred_characters_of_what_was_given() -> None:
    with pytest.raises(NotACid) as caught:
        Cid.parse("x" * 5_000)
    assert len(str(caught.value)) < 300


def test_a_block_is_named_by_its_hash() -> None:
    block = Block.of(RAW, b"hello")
    assert block.cid == Cid.of(RAW, b"hello")
    assert Block.checked(block.cid, b"hello") == block


def test_a_block_with_other_bytes_is_refused() -> None:
    cid = Cid.of(RAW, b"hello")
    with pytest.raises(BlockMismatch, match="in the archive does not match") as caught:
        Block.checked(cid, b"hellO", where="the archive")
    assert caught.value.details == {"cid": cid.text, "where": "the archive"}


def test_a_block_past_the_limit_is_refused_before_it_is_hashed() -> None:
    big = bytes(BLOCK_BYTES_MAX + 1)
    with pytest.raises(BlockTooLarge):
        Block.of(RAW, big)
    with pytest.raises(BlockTooLarge):
        Block.checked(EMPTY_RAW, big)


def test_a_missing_block_is_named() -> None:
    assert BlockMissing(EMPTY_RAW).details == {"cid": EMPTY_TEXT}
