"""Canonical DAG-CBOR for records, with an explicit link type.

Links are `Cid` values and travel as tag 42. Floats, tags other than 42, undefined, indefinite lengths, duplicate
keys and non-minimal forms are refused: what is decoded is encoded again and compared.
Source: ipld.io/specs/codecs/dag-cbor/spec.
"""

from dataclasses import dataclass

import cbor2

from leither import limits
from leither.codec.cid import Cid, NotACid
from leither.errors import InputError

LINK_TAG = 42


class NotCanonical(InputError):
    """The bytes are not the one canonical form of a value, or no DAG-CBOR at all."""

    code = "not-canonical"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"record is not canonical DAG-CBOR: {reason}")


class RecordTooLarge(InputError):
    """An encoded record exceeds the limit."""

    code = "record-too-large"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(
            f"record of {size_bytes:,} bytes exceeds the limit of {limits.RECORD_BYTES_MAX:,}; store it as a file"
        )


def _encode_link(encoder: cbor2.CBOREncoder, link: Cid) -> None:
    encoder.encode(cbor2.CBORTag(LINK_TAG, b"\0" + bytes(link)))


@dataclass(frozen=True, slots=True)
class BoxedLink:
    """A link that can't be taken for bytes, as `decode` gives it."""

    cid: Cid


def _encode_boxed(encoder: cbor2.CBOREncoder, link: BoxedLink) -> None:
    _encode_link(encoder, link.cid)


_ENCODERS = {Cid: _encode_link, BoxedLink: _encode_boxed}


def _decode_link(tag: cbor2.CBORTag, immutable: bool) -> BoxedLink:  # the library's signature
    payload = tag.value
    if tag.tag != LINK_TAG or not isinstance(payload, bytes) or payload[:1] != b"\0":
        raise NotCanonical(f"tag {tag.tag} is not a link")
    return BoxedLink(Cid.read(payload[1:]))


def encode(value: object) -> bytes:
    """Return the canonical bytes of `value`: maps with text keys, lists, ints, text, bytes, bools, None, Cid.

    Raises: RecordTooLarge: past limits.RECORD_BYTES_MAX.
    """
    data = cbor2.dumps(value, canonical=True, encoders=_ENCODERS)
    if len(data) > limits.RECORD_BYTES_MAX:
        raise RecordTooLarge(len(data))
    return data


def decode(data: bytes) -> object:
    """Return the value of canonical `data`, its links as `BoxedLink`, so that a link never passes for bytes.

    Raises: RecordTooLarge, NotCanonical. Cost: one decode and one encode.
    """
    if len(data) > limits.RECORD_BYTES_MAX:
        raise RecordTooLarge(len(data))
    try:
        value = cbor2.loads(
            data,
            tag_hook=_decode_link,
            max_depth=limits.RECORD_DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
        _refuse_foreign_types(value)
        again = cbor2.dumps(value, canonical=True, encoders=_ENCODERS)
    except NotCanonical:
        raise
    except NotACid as error:
        raise NotCanonical(error.reason) from None
    except (cbor2.CBORError, ValueError, TypeError, OverflowError) as error:
        raise NotCanonical(str(error)[:200]) from None
    if again != data:
        raise NotCanonical("encoding it again gives other bytes")
    return value


def _refuse_foreign_types(value: object) -> None:
    """Refuse what cbor2 can decode and DAG-CBOR has no place for, floats among it (no record uses them)."""
    match value:
        case bool() | None | str() | bytes() | BoxedLink():
            return
        case int():
            if not -(1 << 64) <= value < 1 << 64:
                raise NotCanonical("integer beyond 64 bits")
        case list():
            for item in value:
                _refuse_foreign_types(item)
        case dict():
            for key, item in value.items():
                if not isinstance(key, str):
                    raise NotCanonical("map key is not text")
                _refuse_foreign_types(item)
        case _:
            raise NotCanonical(f"type {type(value).__name__} has no place in a record")
