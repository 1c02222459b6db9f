"""Records: canonical, bounded, versioned, some of them signed.

A record is a DAG-CBOR map with `v: 1` and `kind`. Its class is a frozen msgspec struct, so unknown fields and wrong
types are refused, and a field that holds its default is absent from the bytes. Formats: `spec/format/`.
"""

from functools import cache
from typing import Annotated, Any, ClassVar, Self, TypeVar

import msgspec
from msgspec import Meta, Struct

from leither import limits
from leither.codec import dagcbor
from leither.codec.block import Block
from leither.codec.cid import DAG_CBOR, Cid
from leither.crypto import KeyPair, verify
from leither.errors import CorruptionError, InputError

Id = Annotated[bytes, Meta(min_length=20, max_length=20)]
Key = Annotated[bytes, Meta(min_length=32, max_length=32)]
Signature = Annotated[bytes, Meta(min_length=64, max_length=64)]
U64 = Annotated[int, Meta(ge=0, le=(1 << 63) - 1)]
"""Unsigned, up to 2^63 - 1: what every language's signed 64-bit integer holds."""
TimeMs = Annotated[int, Meta(ge=0, le=limits.TIME_MS_MAX)]
"""Milliseconds since 1970-01-01 UTC, up to the year 9999: what every calendar can show."""


class NotARecord(InputError):
    """The bytes are not a valid record of the kind expected."""

    code = "not-a-record"

    def __init__(self, kind: str, reason: str) -> None:
        self.kind = kind
        self.reason = reason
        super().__init__(f"not a valid {kind} record: {reason}")


class BadSignature(CorruptionError):
    """A record's signature is not its signer's."""

    code = "bad-signature"

    def __init__(self, kind: str) -> None:
        self.kind = kind
        super().__init__(f"the signature of this {kind} record does not match its signer; the record is refused")


class Record(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True, tag_field="kind"):
    """Base of all records."""

    KIND: ClassVar[str]

    def encode(self) -> bytes:
        """Return the canonical bytes. Raises: RecordTooLarge; NotCanonical for text with a lone surrogate."""
        return dagcbor.encode({"v": 1, "kind": self.KIND} | _fields(self))

    @property
    def block(self) -> Block:
        """The record as a block, its CID with codec dag-cbor."""
        return Block.of(DAG_CBOR, self.encode())

    @property
    def cid(self) -> Cid:
        """The CID of the record's bytes. Cost: one encoding and one hash."""
        return self.block.cid

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the record in `data`. Raises: NotARecord."""
        try:
            plain = dagcbor.decode(data)
        except InputError as error:
            raise NotARecord(cls.KIND, str(error)) from None
        if not isinstance(plain, dict) or plain.pop("v", None) != 1:
            raise NotARecord(cls.KIND, "not a map with v = 1")
        if plain.get("kind") != cls.KIND:
            raise NotARecord(cls.KIND, f"its kind is {str(plain.get('kind'))[:40]!r}")
        try:
            record = msgspec.convert(plain, cls, dec_hook=_unbox, builtin_types=(bytes,))
        except msgspec.ValidationError as error:
            raise NotARecord(cls.KIND, str(error)) from None
        record.validate()
        if record.encode() != data:
            raise NotARecord(cls.KIND, "not in canonical form (a field holds its default)")
        return record

    def validate(self) -> None:
        """Check what types can't say. Raises: NotARecord."""

    def refuse(self, reason: str) -> NotARecord:
        """Return the error that says why this record is not valid."""
        return NotARecord(self.KIND, reason)


R = TypeVar("R", bound="SignedRecord")


class SignedRecord(Record, frozen=True, kw_only=True):
    """A record with its signer's whole key and an Ed25519 signature over everything else."""

    by: Key
    sig: Signature | None = None

    def signed(self, key: KeyPair) -> Self:
        """Return this record signed with `key`, whose public half `by` must be."""
        assert key.public == self.by
        unsigned = msgspec.structs.replace(self, sig=None)
        return msgspec.structs.replace(self, sig=key.sign(self.KIND, unsigned.encode()))

    def check(self) -> Self:
        """Return this record if its signature holds. Raises: BadSignature."""
        unsigned = msgspec.structs.replace(self, sig=None)
        if self.sig is None or not verify(self.by, self.KIND, unsigned.encode(), self.sig):
            raise BadSignature(self.KIND)
        return self


_fields_of = cache(msgspec.structs.fields)
"""A class's fields; to list them takes longer than to encode a record."""


def _fields(struct: Struct) -> dict[str, Any]:
    """Return the struct's fields that differ from their defaults, as plain values."""
    found = {}
    for field in _fields_of(type(struct)):
        value = getattr(struct, field.name)
        if field.required or value != field.default:
            found[field.encode_name] = _plain(value)
    return found


def _plain(value: object) -> object:
    if isinstance(value, Struct):
        return [_plain(getattr(value, field.name)) for field in _fields_of(type(value))]
    if isinstance(value, tuple):
        return [_plain(item) for item in value]
    return value


def _unbox(kind: type, value: object) -> object:
    if kind is Cid and isinstance(value, dagcbor.BoxedLink):
        return value.cid
    raise ValueError("expected a link")
