"""What a MiMei held at one moment: what versions and drafts have in common."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta, Struct

from leither import limits
from leither.codec import Cid, dagcbor
from leither.crypto import KeyPair, verify
from leither.errors import InputError
from leither.mimei.record import U64, BadSignature, Id, Key, NotARecord, Record, Seq, Signature, Writer


class Seen(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The highest seq of one writer that a version or draft includes."""

    writer: Writer
    seq: Seq


class Contents(Record, frozen=True, kw_only=True):
    """A version or a draft. Signed by its writer, unless it is a merge: that follows from its parents alone.

    Fields: mimei: the id. parents: sorted. seen: sorted by writer. content: root of the content (UnixFS for file and
    fs). side: root of the side map. siblings: root of the siblings map, if any. salt: of the maps. size_bytes (`bytes`
    in the record): the content's size. by, sig: absent in a merge.
    """

    KIND: ClassVar[str] = "contents"
    KINDS: ClassVar[dict[str, type["Contents"]]] = {}

    mimei: Id
    content: Cid
    side: Cid
    salt: Annotated[bytes, Meta(min_length=16, max_length=16)]
    size_bytes: U64 = msgspec.field(name="bytes")
    parents: Annotated[tuple[Cid, ...], Meta(max_length=limits.PARENTS_MAX)] = ()
    seen: Annotated[tuple[Seen, ...], Meta(max_length=limits.WRITERS_MAX)] = ()
    siblings: Cid | None = None
    key_epoch: U64 | None = None
    by: Key | None = None
    sig: Signature | None = None

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the record in `data`; asked of `Contents`, one of either kind. Raises: NotARecord."""
        if cls is not Contents:
            return super().decode(data)
        try:
            plain = dagcbor.decode(data)
        except InputError as error:
            raise NotARecord(cls.KIND, str(error)) from None
        kind = cls.KINDS.get(str(plain.get("kind"))) if isinstance(plain, dict) else None
        if kind is None:
            raise NotARecord(cls.KIND, "neither a version nor a draft")
        return kind.decode(data)  # type: ignore[return-value]

    def validate(self) -> None:
        """Check order, uniqueness and that a merge is one. Raises: NotARecord."""
        if list(self.parents) != sorted(set(self.parents)):
            raise self.refuse("parents are not sorted")
        numbers = [seen.writer for seen in self.seen]
        if numbers != sorted(set(numbers)):
            raise self.refuse("seen is not sorted by writer")
        if self.by is None:
            if self.sig is not None:
                raise self.refuse("a merge has no time, note or signature")
            if len(self.parents) < 2:
                raise self.refuse("unsigned, but not a merge of two or more parents")

    @property
    def is_merge(self) -> bool:
        """Whether nobody made it: it follows from its parents."""
        return self.by is None

    @property
    def seen_map(self) -> dict[int, int]:
        """`seen` as {writer: seq}."""
        return {seen.writer: seen.seq for seen in self.seen}

    def signed(self, key: KeyPair) -> Self:
        """Return this record signed by its writer's `key`."""
        unsigned = msgspec.structs.replace(self, by=key.public, sig=None)
        return msgspec.structs.replace(unsigned, sig=key.sign(self.KIND, unsigned.encode()))

    def check(self) -> Self:
        """Return this record if its signature holds, or if it is a merge. Raises: BadSignature."""
        if self.by is None:
            return self
        unsigned = msgspec.structs.replace(self, sig=None)
        if self.sig is None or not verify(self.by, self.KIND, unsigned.encode(), self.sig):
            raise BadSignature(self.KIND)
        return self


def seen_tuple(seen: Mapping[int, int]) -> tuple[Seen, ...]:
    """Return {writer: seq} as the sorted field of a record."""
    return tuple(Seen(writer, seq) for writer, seq in sorted(seen.items()))
