"""Grants: what a named key may do with a MiMei, for a period; and the chain by which such a right was passed on.

A grant carries the bytes of the one before it, so one value proves itself, offline. It is no bearer token: it counts
together with its holder's signature over a session or request. Format: `spec/format/grant.md`.
"""

from typing import Annotated, ClassVar, Self

import msgspec
from msgspec import Meta

from leither import limits
from leither.codec.record import U64, Id, Key, NotARecord, SignedRecord, TimeMs
from leither.people.period import Period
from leither.people.right import ALL, Act


class Grant(SignedRecord, frozen=True, kw_only=True, tag="grant"):
    """Signed by who holds the right: `to` may do `rights` with `mimei` for a period.

    Fields: rights: acts. start_ms (`from` in the record), until_ms (`until`). passed_on: the bytes of the grant that
    `by` holds; None from the author. seal: the X25519 key that `to` is sent keys with, where the MiMei is private.
    """

    KIND: ClassVar[str] = "grant"

    mimei: Id
    to: Key
    rights: U64
    start_ms: TimeMs = msgspec.field(name="from")
    until_ms: TimeMs = msgspec.field(name="until")
    passed_on: Annotated[bytes, Meta(max_length=limits.GRANT_BYTES_MAX)] | None = None
    seal: Key | None = None

    @classmethod
    def decode(cls, data: bytes) -> Self:
        """Return the grant in `data`. Raises: NotARecord."""
        if len(data) > limits.GRANT_BYTES_MAX:
            reason = f"{len(data):,} bytes exceed the limit of {limits.GRANT_BYTES_MAX:,}; pass it on fewer times"
            raise NotARecord(cls.KIND, reason)
        return super().decode(data)

    @property
    def acts(self) -> Act:
        """What it allows."""
        return Act(self.rights)

    @property
    def period(self) -> Period:
        """When it counts."""
        return Period(self.start_ms, self.until_ms)

    def validate(self) -> None:
        """Check acts and period. Raises: NotARecord."""
        if not self.rights or self.rights & ~int(ALL):
            raise self.refuse("it allows nothing, or sets reserved bits")
        if self.start_ms >= self.until_ms:
            raise self.refuse("its period ends before it begins")
