"""Canonical DAG-CBOR for records, with an explicit link type.

Links are `Cid` values and travel as tag 42. Floats, tags other than 42, undefined, indefinite lengths, duplicate
keys and non-minimal forms are refused: what is decoded is encoded again and compared. Bytes: spec/format/record.md.
Source: ipld.io/specs/codecs/dag-cbor/spec.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Never

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


_ENCODERS: dict[type, Callable[[cbor2.CBOREncoder, Any], None]] = {Cid: _encode_link, BoxedLink: _encode_boxed}


def _decode_link(tag: cbor2.CBORTag, immutable: bool) -> BoxedLink:  # the library's signature
    payload = tag.value
    if tag.tag != LINK_TAG or not isinstance(payload, bytes) or payload[:1] != b"\0":
        raise NotCanonical(f"tag {tag.tag} is not a link")
    return BoxedLink(Cid.read(payload[1:]))


def _refuse_tag(value: object, immutable: bool) -> Never:  # the library's signature
    raise NotCanonical("a tag that is not 42")


# The tags that cbor2 knows. Shared values and string references among them would make a value that holds itself, or
# one that a megabyte of input unfolds into terabytes; the others cost work and have no place in a record.
_LIBRARY_TAGS = (0, 1, 2, 3, 4, 5, 25, 28, 29, 30, 35, 36, 37, 52, 54, 100, 256, 258, 260, 261, 1004, 43000, 55799)
_DECODERS = dict.fromkeys(_LIBRARY_TAGS, _refuse_tag)


def encode(value: object) -> bytes:
    """Return the canonical bytes of `value`: maps with text keys, lists, ints, text, bytes, bools, None, Cid.

    Raises: RecordTooLarge: past limits.RECORD_BYTES_MAX. NotCanonical: for text with a lone surrogate.
    """
    try:
        data = cbor2.dumps(value, canonical=True, encoders=_ENCODERS)
    except UnicodeEncodeError:
        raise NotCanonical("text with a lone surrogate, which UTF-8 has no form for") from None
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
            semantic_decoders=_DECODERS,
            max_depth=limits.RECORD_DEPTH_MAX,
            allow_indefinite=False,
            allow_duplicate_keys=False,
            strict_hashable_types=True,
        )
    except cbor2.CBORDecodeError as error:
        cause = error.__cause__
        raise NotCanonical(cause.reason if isinstance(cause, NotCanonical | NotACid) else str(error)[:200]) from None
    _refuse_foreign_types(value)
    if cbor2.dumps(value, canonical=True, encoders=_ENCODERS) != data:
        raise NotCanonical("encoding it again gives other bytes")
    return value


def _refuse_foreign_types(value: object) -> None:
    """Refuse what cbor2 can decode and DAG-CBOR has no place for, floats among it (no record uses them)."""
    match value:
        case bool() | None | int() | str() | bytes() | BoxedLink():
            return
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
