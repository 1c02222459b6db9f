"""Entries of the side map: every type comes back, and nothing else is taken for one."""

import struct

import pytest

from leither import limits
from leither.codec import DAG_CBOR, RAW, Cid
from leither.crypto import KeyId, MimeiId, id_text
from leither.mimei.entry import (
    BadEntry,
    EntryType,
    PathEntry,
    Reference,
    decode_count,
    decode_grant_key,
    decode_path_entry,
    decode_record_value,
    decode_reference,
    encode_count,
    encode_record_value,
    grant_key,
    tag_key,
)

CID, VERSION = Cid.of(RAW, b"content"), Cid.of(DAG_CBOR, b"version")
MIMEI = MimeiId(bytes(range(20)))
HEAD = b"\x01\xa4" + (1_700_000_000_123).to_bytes(8, "big")
SIZE = (7).to_bytes(8, "big")

ENTRIES = [
    (PathEntry(EntryType.FILE, 0o644, 1_700_000_000_123, CID, 7), b"\x81" + HEAD + SIZE + CID),
    (PathEntry(EntryType.DIRECTORY, 0o644, 1_700_000_000_123), b"\x82" + HEAD),
    (PathEntry(EntryType.DIRECTORY), b"\x82" + bytes(10)),
    (PathEntry(EntryType.SYMLINK, 0o644, 1_700_000_000_123, target="../ü"), b"\x83" + HEAD + "../ü".encode()),
    (PathEntry(EntryType.REFERENCE, 0o644, 1_700_000_000_123, mimei=MIMEI), b"\x84" + HEAD + MIMEI),
    (
        PathEntry(EntryType.REFERENCE, 0o644, 1_700_000_000_123, cid=CID, mimei=MIMEI, version=VERSION),
        b"\x84" + HEAD + MIMEI + VERSION + CID,
    ),
]


@pytest.mark.parametrize(
    ("entry", "value"), ENTRIES, ids=lambda found: getattr(found, "type", None) and found.type.name
)
def test_an_entry_and_its_bytes_lead_to_each_other(entry: PathEntry, value: bytes) -> None:
    assert entry.encode() == value
    assert decode_path_entry(value) == entry


def test_only_a_directory_of_this_mimei_is_one() -> None:
    assert [entry.is_directory for entry, _ in ENTRIES] == [False, True, True, False, False, False]


def test_a_largest_entry_of_each_kind_is_read() -> None:
    head = struct.pack(">HQ", 0o7777, limits.TIME_MS_MAX)
    assert decode_path_entry(b"\x81" + head + struct.pack(">Q", limits.FILE_BYTES_MAX) + CID).mode == 0o7777
    longest = b"x" * limits.SYMLINK_TARGET_BYTES_MAX
    assert decode_path_entry(b"\x83" + head + longest).target.encode() == longest


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x82",
        b"\x82" + bytes(9),
        b"\x80" + bytes(10),
        b"\x85" + bytes(10),
        b"\xff" + bytes(10),
        b"\x82" + b"\x10\x00" + bytes(8),  # a bit above the permissions
        b"\x82\0\0" + (limits.TIME_MS_MAX + 1).to_bytes(8, "big"),
        b"\x82" + HEAD + b"\0",
        b"\x81" + HEAD,
        b"\x81" + HEAD + SIZE + CID[:-1],
        b"\x81" + HEAD + SIZE + CID + b"\0",
        b"\x81" + HEAD + SIZE + b"\x02" + CID[1:],
        b"\x81" + HEAD + (limits.FILE_BYTES_MAX + 1).to_bytes(8, "big") + CID,
        b"\x83" + HEAD,
        b"\x83" + HEAD + b"\xff",
        b"\x83" + HEAD + b"a\0b",
        b"\x83" + HEAD + b"x" * (limits.SYMLINK_TARGET_BYTES_MAX + 1),
        b"\x84" + HEAD,
        b"\x84" + HEAD + MIMEI[:-1],
        b"\x84" + HEAD + MIMEI + VERSION,
        b"\x84" + HEAD + MIMEI + VERSION + CID + b"\0",
        b"\x84" + HEAD + MIMEI + bytes(36) + CID,
        b"\x84" + HEAD + MIMEI + VERSION + bytes(36),
    ],
)
def test_a_hostile_path_entry_is_refused(value: bytes) -> None:
    with pytest.raises(BadEntry) as caught:
        decode_path_entry(value)
    assert caught.value.code == "bad-entry"


def test_an_entry_that_could_not_be_read_again_is_never_made() -> None:
    for entry in (
        PathEntry(EntryType.DIRECTORY, 0o100644),
        PathEntry(EntryType.FILE),
        PathEntry(EntryType.REFERENCE),
        PathEntry(EntryType.REFERENCE, mimei=MIMEI, version=VERSION),
    ):
        with pytest.raises(AssertionError):
            entry.encode()


@pytest.mark.parametrize("version", [None, VERSION])
def test_a_reference_and_its_key_lead_to_each_other(version: Cid | None) -> None:
    reference = Reference(MIMEI, version)
    assert reference.key == b"\x82" + MIMEI + (version or b"")
    assert decode_reference(reference.key) == reference


def test_a_reference_is_shown_as_an_address() -> None:
    assert str(Reference(MIMEI, None)) == f"{id_text(MIMEI)}@release"
    assert str(Reference(MIMEI, VERSION)) == f"{id_text(MIMEI)}@{VERSION}"


@pytest.mark.parametrize(
    "key",
    [
        b"",
        b"\x82",
        b"\x82" + MIMEI[:-1],
        b"\x83" + MIMEI,
        b"\x82" + MIMEI + b"\0",
        b"\x82" + MIMEI + VERSION[:-1],
        b"\x82" + MIMEI + bytes(36),
    ],
)
def test_a_hostile_reference_key_is_refused(key: bytes) -> None:
    with pytest.raises(BadEntry):
        decode_reference(key)


@pytest.mark.parametrize("count", [1, 2, (1 << 63) - 1])
def test_a_count_and_its_bytes_lead_to_each_other(count: int) -> None:
    assert encode_count(count) == b"\x85" + count.to_bytes(8, "big")
    assert decode_count(encode_count(count)) == count


@pytest.mark.parametrize(
    "value",
    [
        b"",
        b"\x85",
        b"\x85" + bytes(7) + b"\1\1",
        b"\x86" + bytes(7) + b"\1",
        b"\x85" + bytes(8),
        b"\x85\x80" + bytes(7),
    ],
)
def test_a_hostile_count_is_refused(value: bytes) -> None:
    with pytest.raises(BadEntry):
        decode_count(value)


@pytest.mark.parametrize("count", [0, -1, 1 << 63])
def test_a_count_that_could_not_be_read_again_is_never_made(count: int) -> None:
    with pytest.raises(AssertionError):
        encode_count(count)


def test_a_tag_key_ends_with_the_tagger() -> None:
    assert tag_key("topic", "a:ü", MIMEI) == b"\x83topic\0a:\xc3\xbc\0" + MIMEI


def test_a_grant_key_names_the_holder_and_then_the_grant() -> None:
    holder = KeyId(bytes(20))
    key = grant_key(holder, bytes(range(32)))
    assert key == b"\x84" + bytes(20) + bytes(range(32))
    assert decode_grant_key(key) == (holder, bytes(range(32)))


@pytest.mark.parametrize("key", [b"", b"\x84", b"\x83" + bytes(52), b"\x84" + bytes(51), b"\x84" + bytes(53)])
def test_a_hostile_grant_key_is_refused(key: bytes) -> None:
    with pytest.raises(BadEntry):
        decode_grant_key(key)


def test_a_record_stands_behind_its_type_byte() -> None:
    assert encode_record_value(b"\xa0") == b"\x86\xa0"
    assert decode_record_value(b"\x86\xa0") == b"\xa0"


@pytest.mark.parametrize("value", [b"", b"\xa0", b"\x85\xa0"])
def test_what_is_no_record_value_is_refused(value: bytes) -> None:
    with pytest.raises(BadEntry):
        decode_record_value(value)
