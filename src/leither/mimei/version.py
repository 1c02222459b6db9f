"""Version: a read-only state of a MiMei. Its id is its CID."""

from collections.abc import Mapping
from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta, Struct

from leither import limits
from leither.codec import Cid
from leither.crypto import KeyPair, verify
from leither.mimei.record import U64, BadSignature, Id, Key, Record, Seq, Signature, TimeMs, Writer


class Seen(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The highest seq of one writer that a version includes."""

    writer: Writer
    seq: Seq


class Version(Record, frozen=True, kw_only=True, tag="version"):
    """What a MiMei held. Signed by its writer, unless it is a merge: that follows from its parents alone.

    Fields: mimei: the id. n: 0 or the highest parent's n + 1. parents: sorted. seen: sorted by writer. content: root of
    the content (UnixFS for file and fs). side: root of the side map. siblings: root of the siblings map, if any.
    salt: of the maps. size_bytes (`bytes` in the record): the content's size. note, time, by, sig: absent in a merge.
    """

    KIND: ClassVar[str] = "version"

    mimei: Id
    n: U64
    content: Cid
    side: Cid
    salt: Annotated[bytes, Meta(min_length=16, max_length=16)]
    size_bytes: U64 = msgspec.field(name="bytes")
    parents: Annotated[tuple[Cid, ...], Meta(max_length=limits.PARENTS_MAX)] = ()
    seen: Annotated[tuple[Seen, ...], Meta(max_length=limits.WRITERS_MAX)] = ()
    siblings: Cid | None = None
    key_epoch: U64 | None = None
    note: Annotated[str, Meta(max_length=limits.NOTE_BYTES_MAX)] = ""
    time: TimeMs | None = None
    by: Key | None = None
    sig: Signature | None = None

    def validate(self) -> None:
        """Check order, uniqueness and that a merge carries nobody's word. Raises: NotARecord."""
        if list(self.parents) != sorted(set(self.parents)):
            raise self.refuse("parents are not sorted")
        if self.n and not self.parents:
            raise self.refuse("numbered above 0, but without a parent")
        numbers = [seen.writer for seen in self.seen]
        if numbers != sorted(set(numbers)):
            raise self.refuse("seen is not sorted by writer")
        if len(self.note.encode()) > limits.NOTE_BYTES_MAX:
            raise self.refuse(f"the note exceeds the limit of {limits.NOTE_BYTES_MAX:,} bytes; shorten it")
        if self.by is None:
            if self.sig is not None or self.note or self.time is not None:
                raise self.refuse("a merge has no time, note or signature")
            if len(self.parents) < 2 or not self.n:
                raise self.refuse("unsigned, but not a merge of two or more parents, numbered above them")

    @property
    def is_merge(self) -> bool:
        """Whether nobody made this version: it follows from its parents."""
        return self.by is None

    @property
    def seen_map(self) -> dict[int, int]:
        """`seen` as {writer: seq}."""
        return {seen.writer: seen.seq for seen in self.seen}

    def signed(self, key: KeyPair) -> Self:
        """Return this version signed by its writer's `key`."""
        unsigned = msgspec.structs.replace(self, by=key.public, sig=None)
        return msgspec.structs.replace(unsigned, sig=key.sign(self.KIND, unsigned.encode()))

    def check(self) -> Self:
        """Return this version if its signature holds, or if it is a merge. Raises: BadSignature."""
        if self.by is None:
            return self
        unsigned = msgspec.structs.replace(self, sig=None)
        if self.sig is None or not verify(self.by, self.KIND, unsigned.encode(), self.sig):
            raise BadSignature(self.KIND)
        return self


def seen_tuple(seen: Mapping[int, int]) -> tuple[Seen, ...]:
    """Return {writer: seq} as the sorted field of a version."""
    return tuple(Seen(writer, seq) for writer, seq in sorted(seen.items()))
