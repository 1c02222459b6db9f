"""Control: the author's word on who writes a MiMei and what everyone may do with it."""

from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta, Struct

from leither import limits
from leither.codec import Cid
from leither.mimei.record import U64, Id, Key, Seq, SignedRecord, TimeMs, Writer
from leither.people import right as rights
from leither.people.successor import Successor, lineage


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


Succession = Annotated[bytes, Meta(max_length=limits.SUCCESSOR_BYTES_MAX)]
Digest = Annotated[bytes, Meta(min_length=32, max_length=32)]


class Control(SignedRecord, frozen=True, kw_only=True, tag="control"):
    """Signed by the author; each names the one before it. `cut` and `writers` are sorted by number.

    Fields: succession: successor records that lead from the genesis' author to `by`, the first one first; none
    while the author has their first key. upheld: SHA-256, sorted, of the grants by a key before `by` that go on
    counting.
    """

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
    ring: Cid | None = None
    dropped: Annotated[tuple[Cid, ...], Meta(max_length=limits.DROPPED_MAX)] = ()
    quota: U64 | None = None
    revoked: Cid | None = None
    ipns: Key | None = None
    fresh_until: TimeMs | None = None
    succession: Annotated[tuple[Succession, ...], Meta(max_length=limits.SUCCESSORS_MAX)] = ()
    upheld: Annotated[tuple[Digest, ...], Meta(max_length=limits.GRANTS_MAX)] = ()

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
        if list(self.upheld) != sorted(set(self.upheld)):
            raise self.refuse("the grants that it upholds are not sorted")
        if self.upheld and not self.succession:
            raise self.refuse("it upholds grants of a former key, and there is none")
        if self.ring is not None and self.key_epoch is None:
            raise self.refuse("a key ring without its epoch")
        self._validate_succession()

    def _validate_succession(self) -> None:
        lineage = self.lineage
        if lineage[-1] != self.by or tuple(record.by for record in self._successors) != lineage[:-1]:
            raise self.refuse("its succession does not lead to who signed it")
        if len(set(lineage)) != len(lineage):
            raise self.refuse("its succession comes back to a key before")

    def check(self) -> Self:
        """Return this record if its signature holds, and those of each key that took another's place.

        Cost: two signatures a successor.  Raises: BadSignature.
        """
        lineage(self.author, self._successors)
        return super().check()

    @property
    def author(self) -> bytes:
        """The key of the genesis' author, as this control says it."""
        return self.lineage[0]

    @property
    def lineage(self) -> tuple[bytes, ...]:
        """The keys of the author, the first one first, up to the one that signed this."""
        records = self._successors
        return (records[0].by, *(record.new for record in records)) if records else (self.by,)

    @property
    def _successors(self) -> list[Successor]:
        return [Successor.decode(record) for record in self.succession]

    def writer(self, key: bytes) -> WriterEntry | None:
        """Return the writer whose key this is, or None."""
        return next((writer for writer in self.writers if writer.key == key), None)

    def cut_of(self, number: int) -> Cut | None:
        """Return where the writer was cut off, or None while it stands."""
        return next((cut for cut in self.cut if cut.number == number), None)

    def following(self, **changes: object) -> Self:
        """Return the unsigned control that follows this one with `changes`."""
        return msgspec.structs.replace(self, prev=self.cid, sig=None, **changes)
