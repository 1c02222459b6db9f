"""Control: the author's word on who writes a MiMei and what everyone may do with it."""

from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta, Struct

from leither import limits
from leither.codec import Cid
from leither.mimei.record import U64, Id, Key, Seq, SignedRecord, TimeMs, Writer
from leither.people import right as rights


class WriterEntry(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A writer: a number given once and never reused, its key, and the acts it may sign."""

    number: Writer
    key: Key
    rights: U64


class Cut(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """The last head accepted of a revoked writer."""

    number: Writer
    seq: Seq
    head: Cid


class Control(SignedRecord, frozen=True, kw_only=True, tag="control"):
    """Signed by the author; each names the one before it. `cut` and `writers` are sorted by number."""

    KIND: ClassVar[str] = "control"

    genesis: Cid
    created: TimeMs
    epoch: U64
    right: U64
    writers: Annotated[tuple[WriterEntry, ...], Meta(min_length=1, max_length=limits.WRITERS_MAX)]
    org: Id | None = None
    prev: Cid | None = None
    cut: Annotated[tuple[Cut, ...], Meta(max_length=limits.WRITERS_MAX)] = ()
    key_epoch: U64 | None = None
    dropped: Annotated[tuple[Cid, ...], Meta(max_length=limits.DROPPED_MAX)] = ()
    quota: U64 | None = None
    revoked: Cid | None = None
    ipns: Key | None = None
    fresh_until: TimeMs | None = None

    def validate(self) -> None:
        """Check order, uniqueness and reserved bits. Raises: NotARecord."""
        try:
            rights.check(self.right)
        except rights.NotARight as error:
            raise self.refuse(error.reason) from None
        for name, numbers in (("writers", [w.number for w in self.writers]), ("cut", [c.number for c in self.cut])):
            if numbers != sorted(set(numbers)):
                raise self.refuse(f"{name} are not sorted by number")
        if any(writer.rights & ~int(rights.ALL) for writer in self.writers):
            raise self.refuse("reserved bits are set in a writer's rights")
        keys = [writer.key for writer in self.writers]
        if len(set(keys)) != len(keys):
            raise self.refuse("a key has two writer numbers")
        if list(self.dropped) != sorted(set(self.dropped)):
            raise self.refuse("dropped versions are not sorted")

    def writer(self, key: bytes) -> WriterEntry | None:
        """Return the writer whose key this is, or None."""
        return next((writer for writer in self.writers if writer.key == key), None)

    def cut_of(self, number: int) -> Cut | None:
        """Return where the writer was cut off, or None while it stands."""
        return next((cut for cut in self.cut if cut.number == number), None)

    def following(self, **changes: object) -> Self:
        """Return the unsigned control that follows this one with `changes`."""
        return msgspec.structs.replace(self, prev=self.cid, sig=None, **changes)
