"""Erasure: a node's word that it has deleted all that was a person's, for that person to keep.

Format: `spec/format/erasure.md`.
"""

from itertools import pairwise
from typing import Annotated, ClassVar

from msgspec import Meta

from leither import limits
from leither.codec.record import U64, Id, Key, SignedRecord, TimeMs


class Erasure(SignedRecord, frozen=True, kw_only=True, tag="erasure"):
    """Signed by the node.

    Fields: person: whose data it was, their whole key. at: when it was done. mimei: the MiMei that were deleted, and
    more: how many beside them, where they are too many to name. keys: whole keys of which the node no longer has the
    secret halves. blocks, bytes: what was theirs alone and is gone. shared_blocks, shared_bytes: what was theirs and
    stays because it is others' as well. ended: tokens, sessions and passkeys.
    """

    KIND: ClassVar[str] = "erasure"

    person: Key
    at: TimeMs
    mimei: Annotated[tuple[Id, ...], Meta(max_length=limits.ERASED_MIMEI_MAX)] = ()
    more: U64 = 0
    keys: Annotated[tuple[Key, ...], Meta(max_length=limits.ERASED_KEYS_MAX)] = ()
    blocks: U64 = 0
    bytes: U64 = 0
    shared_blocks: U64 = 0
    shared_bytes: U64 = 0
    ended: U64 = 0

    def validate(self) -> None:
        """Check that what it lists stands once, in order. Raises: NotARecord."""
        for name, listed in (("MiMei", self.mimei), ("keys", self.keys)):
            if any(before >= after for before, after in pairwise(listed)):
                raise self.refuse(f"its {name} are not in order, each once")
