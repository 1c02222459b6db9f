"""Successor: a key that takes another's place; ids of the old one keep resolving.

Format: `spec/format/successor.md`.
"""

from collections.abc import Iterable
from typing import ClassVar, Self

import msgspec

from leither import limits
from leither.codec.record import BadSignature, Key, Signature, SignedRecord, TimeMs
from leither.crypto import KeyPair, id_text, key_id, verify
from leither.errors import Conflict


class Successor(SignedRecord, frozen=True, kw_only=True, tag="successor"):
    """Signed by both keys: `by` gives way to `new`.

    Fields: at: when, for people. accepted: the new key's signature over the record without both signatures; `sig`,
    the old key's, covers it as well.
    """

    KIND: ClassVar[str] = "successor"

    new: Key
    at: TimeMs
    accepted: Signature | None = None

    @classmethod
    def make(cls, old: KeyPair, new: KeyPair, *, at: int) -> Self:
        """Return the record by which `new` takes the place of `old`."""
        draft = cls(by=old.public, new=new.public, at=at)
        return msgspec.structs.replace(draft, accepted=new.sign(cls.KIND, draft._offered())).signed(old)

    def _offered(self) -> bytes:
        """Return what the new key signs."""
        return msgspec.structs.replace(self, accepted=None, sig=None).encode()

    def validate(self) -> None:
        """Check that the keys differ. Raises: NotARecord."""
        if self.new == self.by:
            raise self.refuse("a key can't take its own place")

    def check(self) -> Self:
        """Return this record if both signatures hold. Raises: BadSignature."""
        if self.accepted is None or not verify(self.new, self.KIND, self._offered(), self.accepted):
            raise BadSignature(self.KIND)
        return super().check()


class KeysDiverged(Conflict):
    """Two keys claim to take the place of one."""

    code = "keys-diverged"

    def __init__(self, old: bytes) -> None:
        self.key = id_text(key_id(old))
        super().__init__(
            f"two keys were named to take the place of {self.key}, so none of them counts; "
            "ask the person which is theirs, and remove the other record"
        )


class TooManySuccessors(Conflict):
    """A key was replaced more often than is followed."""

    code = "too-many-successors"

    def __init__(self) -> None:
        super().__init__(f"a key was replaced more than {limits.SUCCESSORS_MAX} times, the limit; no more are followed")


def lineage(first: bytes, successors: Iterable[Successor]) -> tuple[bytes, ...]:
    """Return the keys of one person: `first`, then those that took its place, the present one last.

    Records of other keys are passed over, and the order doesn't matter. Cost: two signatures a record that counts.
    Raises: KeysDiverged, TooManySuccessors, BadSignature: of a record that would count.
    """
    after: dict[bytes, list[Successor]] = {}
    for successor in successors:
        after.setdefault(successor.by, []).append(successor)
    keys = [first]
    while keys[-1] in after:
        following = {successor.check().new for successor in after.pop(keys[-1])}
        if len(following) > 1 or following & set(keys):
            raise KeysDiverged(keys[-1])
        if len(keys) > limits.SUCCESSORS_MAX:
            raise TooManySuccessors
        keys += following
    return tuple(keys)
