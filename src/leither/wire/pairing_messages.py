"""The messages of `/leither/pair/1`. Formats: `spec/format/pairing.md`."""

from typing import Annotated, ClassVar

from msgspec import Meta

from leither import limits
from leither.codec.record import Record

PROTOCOL = "/leither/pair/1"
SPAKE_BYTES = 33
PROOF_BYTES = 32

Spake = Annotated[bytes, Meta(min_length=SPAKE_BYTES, max_length=SPAKE_BYTES)]
Proof = Annotated[bytes, Meta(min_length=PROOF_BYTES, max_length=PROOF_BYTES)]
Carried = Annotated[bytes, Meta(min_length=1, max_length=limits.PAIRING_MESSAGE_BYTES_MAX)]
Address = Annotated[str, Meta(min_length=1, max_length=limits.PAIRING_ADDRESS_BYTES_MAX)]


class Begin(Record, frozen=True, kw_only=True, tag="pair-begin"):
    """What SPAKE2 sends first, one from each side. It tells nothing of the code."""

    KIND: ClassVar[str] = "pair-begin"

    spake: Spake


class Introduction(Record, frozen=True, kw_only=True, tag="pair-introduction"):
    """Who a node is: the record by which a person says that it acts for them, and where it is reached."""

    KIND: ClassVar[str] = "pair-introduction"

    device: Carried
    addresses: Annotated[tuple[Address, ...], Meta(max_length=limits.PAIRING_ADDRESSES_MAX)] = ()


class Prove(Record, frozen=True, kw_only=True, tag="pair-prove"):
    """A proof that the sender knows the code, over what it says beside it."""

    KIND: ClassVar[str] = "pair-prove"

    proof: Proof
    introduction: Annotated[bytes, Meta(max_length=limits.PAIRING_MESSAGE_BYTES_MAX)] = b""


class Refuse(Record, frozen=True, kw_only=True, tag="pair-refuse"):
    """No, with the code of an error."""

    KIND: ClassVar[str] = "pair-refuse"

    reason: Annotated[str, Meta(min_length=1, max_length=64)]
