"""IPNS records: signed here, read here, and nothing else passes."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.codec import dagcbor
from leither.crypto import KeyPair
from leither.wire.ipns import BadIpnsRecord, IpnsRecord, ipns_key, ipns_name, read_ipns, sign_ipns
from leither.wire.moment import format_moment, parse_moment
from leither.wire.protobuf import bytes_field

KEY = KeyPair(bytes(32))
OTHER = KeyPair(bytes(31) + b"\1")
NOW_MS = 1_700_000_000_000
RECORD = IpnsRecord(b"/ipfs/bafkreigh2akiscaildc", 7, NOW_MS * 1_000_000 + 5, 3600 * 10**9)

MADE_BY_JS = bytes.fromhex(
    "0a0e2f697066732f6261666b716161611240d2352a31696412e1a72d33596c0ae7e4fdfa60ead63ffd29ec51cd483e948d4c"
    "593f5cea09eccc6a3a806dfc87cd8ea5e28714f5a14517799ac1cfea95f480031800221e323032362d31312d32365430373a"
    "35393a30302e3739353030303030305a28033080f092cbdd084240e6a76e73e1b154e40f12b3e46e3c8f69525a3a2824f232"
    "31cde6cf8754d1e0cd1df2fcafc1c1db5eb463d7c415444d7ce0326c07ec79de02d219cc5d93666b0f4a64a56354544c1b00"
    "000045d964b8006556616c75654e2f697066732f6261666b716161616853657175656e6365036856616c6964697479581e32"
    "3032362d31312d32365430373a35393a30302e3739353030303030305a6c56616c69646974795479706500"
)
"""A record of the same key, made with js-ipns 10.1.6."""


def test_a_record_made_elsewhere_is_read() -> None:
    found = read_ipns(KEY.public, MADE_BY_JS, now_ms=NOW_MS)
    assert (found.value, found.sequence, found.ttl_ns) == (b"/ipfs/bafkqaaa", 3, 300 * 10**9)


def test_what_is_signed_is_read() -> None:
    assert read_ipns(KEY.public, sign_ipns(KEY, RECORD), now_ms=NOW_MS) == RECORD


def test_a_name_is_the_keys_cid_in_base_36() -> None:
    assert ipns_name(KEY.public) == "k51qzi5uqu5dhnwe629wdlncpql6frppdpwnz4wtlcw816aysd5wwlk63g4wmh"
    assert ipns_key(KEY.public).startswith(b"/ipns/\x00\x24\x08\x01\x12\x20" + KEY.public[:4])


@pytest.mark.parametrize(
    ("message", "now_ms", "says"),
    [
        (sign_ipns(OTHER, RECORD), NOW_MS, "not signed by the key"),
        (sign_ipns(KEY, RECORD), NOW_MS + 1, "no longer valid"),
        (sign_ipns(KEY, RECORD) + bytes_field(1, b"/ipfs/else"), NOW_MS, "another Value outside"),
        (sign_ipns(KEY, RECORD)[:-1], NOW_MS, "malformed"),
        (b"", NOW_MS, "lacks the signed data"),
        (bytes(20_000), NOW_MS, "more than 10,240"),
    ],
)
def test_what_is_wrong_with_a_record_is_said(message: bytes, now_ms: int, says: str) -> None:
    with pytest.raises(BadIpnsRecord, match=says):
        read_ipns(KEY.public, message, now_ms=now_ms)


@pytest.mark.parametrize(
    ("said", "says"),
    [
        ([], "no map"),
        ({"Value": b"/x"}, "valid in a way"),
        ({"Value": b"/x", "ValidityType": 1}, "valid in a way"),
        ({"Value": "/x", "ValidityType": 0}, "lacks its Value"),
        ({"Value": b"/x", "ValidityType": 0, "Validity": b"soon"}, "no time"),
        ({"Value": b"/x", "ValidityType": 0, "Validity": b"2100-01-01T00:00:00Z"}, "lacks its Sequence"),
        (
            {"Value": b"/x", "ValidityType": 0, "Validity": b"2100-01-01T00:00:00Z", "Sequence": -1},
            "lacks its Sequence",
        ),
        ({"Value": b"/x", "ValidityType": 0, "Validity": b"2100-01-01T00:00:00Z", "Sequence": 1}, "lacks its TTL"),
    ],
)
def test_signed_data_that_is_no_record_is_refused(said: object, says: str) -> None:
    data = dagcbor.encode(said)
    message = bytes_field(8, KEY.sign_bare(b"ipns-signature:" + data)) + bytes_field(9, data)
    with pytest.raises(BadIpnsRecord, match=says):
        read_ipns(KEY.public, message, now_ms=NOW_MS)


def test_signed_data_that_is_not_canonical_is_refused() -> None:
    data = b"\xbf\xff"
    message = bytes_field(8, KEY.sign_bare(b"ipns-signature:" + data)) + bytes_field(9, data)
    with pytest.raises(BadIpnsRecord, match="canonical"):
        read_ipns(KEY.public, message, now_ms=NOW_MS)


@given(st.integers(0, 400), st.integers(1, 255))
def test_a_changed_byte_is_refused_or_changes_nothing(place: int, change: int) -> None:
    message = bytearray(sign_ipns(KEY, RECORD))
    message[place % len(message)] ^= change
    try:
        found = read_ipns(KEY.public, bytes(message), now_ms=NOW_MS)
    except BadIpnsRecord:
        return
    assert found == RECORD


def test_the_record_with_the_higher_sequence_is_newer_and_then_the_one_valid_for_longer() -> None:
    later = IpnsRecord(RECORD.value, RECORD.sequence, RECORD.valid_until_ns + 1, RECORD.ttl_ns)
    next_one = IpnsRecord(RECORD.value, RECORD.sequence + 1, RECORD.valid_until_ns - 1, RECORD.ttl_ns)
    assert RECORD.rank < later.rank < next_one.rank


@given(st.integers(0, 253_402_300_799 * 10**9))
def test_a_moment_reads_back_from_its_text(unix_ns: int) -> None:
    assert parse_moment(format_moment(unix_ns).encode()) == unix_ns


@pytest.mark.parametrize(
    ("text", "unix_ns"),
    [
        (b"1970-01-01T00:00:01Z", 10**9),
        (b"1970-01-01T01:00:00.5+01:00", 5 * 10**8),
        (b"1970-01-01T00:00:00-00:30", 1800 * 10**9),
        (b"1970-02-30T00:00:00Z", None),
        (b"1970-01-01 00:00:00Z", None),
        (b"", None),
    ],
)
def test_a_moment_is_read_as_the_standard_says(text: bytes, unix_ns: int | None) -> None:
    assert parse_moment(text) == unix_ns
