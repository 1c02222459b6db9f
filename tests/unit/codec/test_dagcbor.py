"""Canonical DAG-CBOR: one form for each value, and nothing that isn't a record's."""

from typing import Any

import cbor2
import pytest

from leither import limits
from leither.codec import DAG_CBOR, RAW, Cid, NotCanonical, RecordTooLarge, dagcbor

LINK = Cid.of(DAG_CBOR, b"\xa0")


def refused(hexadecimal: str) -> str:
    with pytest.raises(NotCanonical) as caught:
        dagcbor.decode(bytes.fromhex(hexadecimal))
    assert caught.value.code == "not-canonical"
    return caught.value.reason


def test_a_value_of_every_kind_comes_back() -> None:
    value = {"a": None, "b": [True, False, 0, -1, "é", b"\0"], "c": {"d": (1 << 64) - 1}}
    assert dagcbor.decode(dagcbor.encode(value)) == value


def test_map_keys_stand_shorter_first_then_in_byte_order() -> None:
    assert dagcbor.encode({"bb": 0, "b": 0, "aa": 0}).hex() == "a36162006261610062626200"


def test_a_link_is_tag_42_over_a_zero_byte_and_the_cid() -> None:
    assert dagcbor.encode(LINK).hex() == "d82a582500" + LINK.hex()


def test_a_link_comes_back_boxed_and_is_encoded_to_the_same_bytes() -> None:
    boxed = dagcbor.decode(dagcbor.encode([LINK]))
    assert boxed == [dagcbor.BoxedLink(LINK)]
    assert dagcbor.encode(boxed) == dagcbor.encode([LINK])


@pytest.mark.parametrize("looks_like_a_link", [bytes.fromhex("01550000"), b"\x12\x20" + bytes(32), bytes(LINK), b""])
def test_bytes_that_look_like_a_cid_stay_bytes(looks_like_a_link: bytes) -> None:
    back: Any = dagcbor.decode(dagcbor.encode([looks_like_a_link]))
    assert back == [looks_like_a_link]
    assert type(back[0]) is bytes


@pytest.mark.parametrize(
    "hexadecimal",
    [
        "1800",  # 0 in two bytes
        "190017",
        "1a00000017",
        "1b0000000000000017",
        "3800",  # -1 in two bytes
        "5800",  # a length in two bytes
        "7800",
        "9800",
        "b800",
        "d9002a5825000171122000" + "00" * 31,  # tag 42 in three bytes
    ],
)
def test_a_number_longer_than_needed_is_refused(hexadecimal: str) -> None:
    assert refused(hexadecimal) == "encoding it again gives other bytes"


@pytest.mark.parametrize("hexadecimal", ["9f00ff", "bf616100ff", "5f4100ff", "7f6161ff"])
def test_an_indefinite_length_is_refused(hexadecimal: str) -> None:
    assert "indefinite" in refused(hexadecimal)


@pytest.mark.parametrize("hexadecimal", ["f90000", "fa00000000", "fb0000000000000000", "f97e00", "f97c00"])
def test_a_float_is_refused(hexadecimal: str) -> None:
    assert refused(hexadecimal) == "type float has no place in a record"


@pytest.mark.parametrize("hexadecimal", ["f7", "e0", "f0", "f8ff"])
def test_a_simple_value_other_than_false_true_and_null_is_refused(hexadecimal: str) -> None:
    assert "has no place in a record" in refused(hexadecimal)


def test_unsorted_keys_are_refused() -> None:
    assert refused("a2616200616100") == "encoding it again gives other bytes"


def test_keys_in_byte_order_with_the_longer_first_are_refused() -> None:
    assert refused("a262616100616200") == "encoding it again gives other bytes"


def test_a_key_given_twice_is_refused() -> None:
    assert "Duplicate" in refused("a2616100616101")


@pytest.mark.parametrize("hexadecimal", ["a10000", "a1410000", "a18000", "a1a000", "a1f600"])
def test_a_key_that_is_not_text_is_refused(hexadecimal: str) -> None:
    assert "key" in refused(hexadecimal)


@pytest.mark.parametrize(
    "hexadecimal", ["", "61", "8100" + "00", "0000", "ff", "1c", "9bffffffffffffffff", "5b7fffffffffffffff"]
)
def test_what_is_cut_off_or_followed_by_more_is_refused(hexadecimal: str) -> None:
    refused(hexadecimal)


@pytest.mark.parametrize("hexadecimal", ["61ff", "63eda080", "62c080"])
def test_text_that_is_not_utf8_is_refused(hexadecimal: str) -> None:
    refused(hexadecimal)


def test_text_with_a_lone_surrogate_is_not_encoded() -> None:
    with pytest.raises(NotCanonical, match="lone surrogate"):
        dagcbor.encode({"note": "\ud800"})


@pytest.mark.parametrize(
    "hexadecimal",
    [
        "d82a00",
        "d82a6161",
        "d82a40",
        "d82a4101",
        "d82a4100",
        "d82a582500" + "00" * 36,
        "d82a58250001551220" + "00" * 31 + "00" + "00",
    ],
)
def test_tag_42_over_anything_but_a_known_cid_is_refused(hexadecimal: str) -> None:
    refused(hexadecimal)


def test_a_link_without_its_zero_byte_is_refused() -> None:
    assert refused("d82a5824" + LINK.hex()) == "tag 42 is not a link"


def test_a_link_to_a_hash_this_format_does_not_know_is_refused() -> None:
    assert "codec and hash" in refused("d82a58250001551320" + "00" * 32)


def tag(number: int) -> bytes:
    return cbor2.dumps(cbor2.CBORTag(number, 0))[:-1]


@pytest.mark.parametrize("body", ["00", "6161", "4101", "80", "820102", "a0", "8161ff"])
def test_every_other_tag_is_refused_for_being_one(body: str) -> None:
    others = [number for number in range(1 << 16) if number != dagcbor.LINK_TAG]
    for number in [*others[:300], *others[300::97], 1004, 43000, 55799]:
        reason = refused(tag(number).hex() + body)
        assert "tag" in reason or body == "8161ff", number


def test_a_value_that_holds_itself_is_refused() -> None:
    assert refused("d81c81d81d00") == "a tag that is not 42"


def test_string_references_that_unfold_are_refused() -> None:
    assert refused("d901008263616161d81900") == "a tag that is not 42"


@pytest.mark.parametrize("opening", ["81", "a16161", "c1", "d82a", "d81c"])
@pytest.mark.parametrize("depth", [limits.RECORD_DEPTH_MAX + 1, 100_000])
def test_deep_nesting_is_refused_without_recursion(opening: str, depth: int) -> None:
    assert "depth" in refused(opening * depth + "00")


def test_the_deepest_nesting_allowed_is_read() -> None:
    data = b"\x81" * limits.RECORD_DEPTH_MAX + b"\0"
    assert dagcbor.encode(dagcbor.decode(data)) == data


def test_a_record_of_the_largest_size_is_read_and_one_byte_more_is_not() -> None:
    fits = bytes(limits.RECORD_BYTES_MAX - 5)
    assert dagcbor.decode(dagcbor.encode(fits)) == fits
    with pytest.raises(RecordTooLarge, match="1,048,577 bytes exceeds the limit of 1,048,576"):
        dagcbor.encode(fits + b"\0")
    with pytest.raises(RecordTooLarge):
        dagcbor.decode(b"\x5a" + len(fits + b"\0").to_bytes(4, "big") + fits + b"\0")


def test_a_link_of_every_codec_is_read() -> None:
    assert dagcbor.decode(dagcbor.encode(Cid.of(RAW, b""))) == dagcbor.BoxedLink(Cid.of(RAW, b""))
