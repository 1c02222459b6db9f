"""Records: one form of bytes, nothing unknown in it, and a signature over all of it."""

import msgspec
import pytest

from leither import limits
from leither.codec import DAG_CBOR, Block, NotCanonical
from leither.mimei.control import Control
from leither.mimei.genesis import Genesis
from leither.mimei.head import Head
from leither.mimei.record import BadSignature, NotARecord, Record, SignedRecord
from leither.mimei.tag import Tag
from leither.mimei.version import Version
from tests.unit.mimei.samples import (
    AUTHOR,
    CONTROL,
    GENESIS,
    HEAD,
    RECORDS,
    STRANGER,
    TAG,
    VERSION,
    WRITER,
    changed,
    cid,
)

SIGNED = (CONTROL, HEAD, TAG)


def names(record: Record) -> str:
    return record.KIND


def reason(kind: type[Record], data: bytes) -> str:
    with pytest.raises(NotARecord) as caught:
        kind.decode(data)
    assert caught.value.details == {"kind": kind.KIND, "reason": caught.value.reason}
    return caught.value.reason


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_a_record_comes_back_from_its_bytes(record: Record) -> None:
    assert type(record).decode(record.encode()) == record


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_a_record_is_a_dag_cbor_block_under_its_cid(record: Record) -> None:
    assert record.block == Block.of(DAG_CBOR, record.encode())
    assert record.cid == record.block.cid


@pytest.mark.parametrize("record", RECORDS, ids=names)
@pytest.mark.parametrize("kind", [Genesis, Control, Version, Head, Tag])
def test_a_record_of_one_kind_is_not_read_as_another(record: Record, kind: type[Record]) -> None:
    if type(record) is not kind:
        assert reason(kind, record.encode()) == f"its kind is '{record.KIND}'"


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_an_unknown_field_is_refused(record: Record) -> None:
    assert "unknown field `colour`" in reason(type(record), changed(record, colour="red"))


@pytest.mark.parametrize("record", RECORDS, ids=names)
@pytest.mark.parametrize("version", [0, 2, "1", None, ...])
def test_another_version_of_the_format_is_refused(record: Record, version: object) -> None:
    assert reason(type(record), changed(record, v=version)) == "not a map with v = 1"


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_true_does_not_count_as_version_1(record: Record) -> None:
    assert "canonical form" in reason(type(record), changed(record, v=True))


@pytest.mark.parametrize("record", RECORDS, ids=names)
@pytest.mark.parametrize("kind", [..., None, "", "Head", 1])
def test_a_record_without_its_kind_is_refused(record: Record, kind: object) -> None:
    reason(type(record), changed(record, kind=kind))


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_every_field_without_a_default_is_needed(record: Record) -> None:
    for field in msgspec.structs.fields(record):
        if field.required:
            assert f"missing required field `{field.encode_name}`" in reason(
                type(record), changed(record, **{field.encode_name: ...})
            )


@pytest.mark.parametrize("record", RECORDS, ids=names)
def test_a_field_that_holds_its_default_is_refused(record: Record) -> None:
    for field in msgspec.structs.fields(record):
        if not field.required and field.encode_name != "sig":
            default = list(field.default) if isinstance(field.default, tuple) else field.default
            reason(type(record), changed(record, **{field.encode_name: default}))


@pytest.mark.parametrize("data", [b"", b"\x80", b"\xf6", b"\x01", b"\xa0", b"\x81\xa1avA\1"])
def test_what_is_no_map_of_this_version_is_refused(data: bytes) -> None:
    reason(Head, data)


def test_bytes_that_are_not_canonical_are_refused_with_the_reason() -> None:
    assert "other bytes" in reason(Head, b"\xb8\x01\x61\x76\x01")


def test_bytes_where_a_link_belongs_are_refused() -> None:
    assert reason(Head, changed(HEAD, tip=bytes(HEAD.tip))) == "expected a link - at `$.tip`"


def test_a_link_where_bytes_belong_is_refused() -> None:
    assert "Expected `bytes`" in reason(Head, changed(HEAD, mimei=HEAD.tip))


def test_text_where_bytes_belong_is_refused() -> None:
    assert "Expected `bytes`" in reason(Head, changed(HEAD, mimei="a" * 20))


@pytest.mark.parametrize("crafted", [b"\x01\x71\x12\x20" + bytes(16), b"\x12\x20" + bytes(18), b"\x01\x55" + bytes(18)])
def test_an_id_that_looks_like_a_cid_stays_an_id(crafted: bytes) -> None:
    assert Head.decode(changed(HEAD, mimei=crafted)).mimei == crafted


def test_a_record_past_the_limit_is_refused_before_it_is_read() -> None:
    assert "exceeds the limit" in reason(Head, bytes(limits.RECORD_BYTES_MAX + 1))


def test_text_without_a_utf8_form_is_not_encoded() -> None:
    with pytest.raises(NotCanonical, match="lone surrogate"):
        msgspec.structs.replace(GENESIS, mark="\udcff").encode()


@pytest.mark.parametrize("record", SIGNED, ids=names)
def test_a_signature_holds(record: SignedRecord) -> None:
    assert type(record).decode(record.encode()).check() == record


@pytest.mark.parametrize("record", SIGNED, ids=names)
def test_an_unsigned_record_does_not_pass(record: SignedRecord) -> None:
    unsigned = type(record).decode(changed(record, sig=...))
    with pytest.raises(BadSignature, match=f"signature of this {record.KIND} record"):
        unsigned.check()


@pytest.mark.parametrize("record", SIGNED, ids=names)
def test_a_signature_of_another_key_does_not_pass(record: SignedRecord) -> None:
    forged = msgspec.structs.replace(
        record, sig=msgspec.structs.replace(record, by=STRANGER.public).signed(STRANGER).sig
    )
    with pytest.raises(BadSignature):
        forged.check()


@pytest.mark.parametrize("record", SIGNED, ids=names)
def test_a_signature_covers_every_field(record: SignedRecord) -> None:
    for name in ("by", "mimei" if hasattr(record, "mimei") else "genesis"):
        value = getattr(record, name)
        other = type(value)(value[:-1] + bytes([value[-1] ^ 1]))
        with pytest.raises(BadSignature):
            type(record).decode(changed(record, **{name: other})).check()


@pytest.mark.parametrize("record", [*SIGNED, VERSION], ids=names)
def test_a_flipped_bit_of_a_signature_does_not_pass(record: SignedRecord | Version) -> None:
    assert record.sig is not None
    for position in (0, 31, 32, 63):
        sig = bytearray(record.sig)
        sig[position] ^= 0x10
        with pytest.raises(BadSignature):
            type(record).decode(changed(record, sig=bytes(sig))).check()


def test_a_signature_for_one_kind_does_not_count_for_another() -> None:
    unsigned = msgspec.structs.replace(HEAD, sig=None)
    crossed = msgspec.structs.replace(HEAD, sig=WRITER.sign("version", unsigned.encode()))
    with pytest.raises(BadSignature):
        crossed.check()


def test_only_the_signer_named_in_a_record_can_sign_it() -> None:
    with pytest.raises(AssertionError):
        TAG.signed(STRANGER)


def test_signing_twice_gives_the_same_bytes() -> None:
    assert TAG.signed(AUTHOR).encode() == TAG.encode()


def test_a_cid_follows_the_signature() -> None:
    assert HEAD.cid != msgspec.structs.replace(HEAD, sig=None).cid
    assert HEAD.cid != cid("head before")
