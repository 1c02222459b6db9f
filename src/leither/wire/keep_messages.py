"""The messages of `/leither/keep/1`: what paired nodes keep for each other. Formats: `spec/format/keeping.md`."""

from typing import Annotated, ClassVar, Final

from msgspec import Meta, Struct

from leither import limits
from leither.codec import dagcbor
from leither.codec.record import U64, Id, NotARecord, Record, TimeMs
from leither.errors import PeerError

KEEP: Final = "/leither/keep/1"
MARK_BYTES = 16
Mark = Annotated[bytes, Meta(min_length=MARK_BYTES, max_length=MARK_BYTES)]
Device = Annotated[bytes, Meta(min_length=1, max_length=limits.PAIRING_MESSAGE_BYTES_MAX)]


class BadKeeping(PeerError):
    """Another node said what it should not about what nodes keep for each other."""

    code = "bad-keeping"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"another node breaks off from /leither/keep/1: {reason}; what it said before stays as it was")


class Wished(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A MiMei that is to be kept. mark: stands for its control and heads. sealed: it is private."""

    mimei: Id
    mark: Mark
    sealed: bool


class Wish(Record, frozen=True, kw_only=True, tag="keep-wish"):
    """All that the sender wants the other to keep for it, in pages, by id. Answered by `Kept`, in pages.

    device: the record by which the sender's person says that it acts for them.
    """

    KIND: ClassVar[str] = "keep-wish"

    device: Device
    mimei: Annotated[tuple[Wished, ...], Meta(max_length=limits.KEPT_PAGE)] = ()
    more: bool = False


class Held(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """How a MiMei is kept. mark: of what is here, None before anything is. at: when it was last found to be that.

    reason: the code of what stands in the way of more, empty for nothing. sealed: it is private.
    """

    mimei: Id
    mark: Mark | None
    at: TimeMs
    size_bytes: U64
    reason: Annotated[str, Meta(max_length=64)]
    sealed: bool


class Kept(Record, frozen=True, kw_only=True, tag="keep-kept"):
    """What the sender keeps for the other, in pages, by id: as an answer, or unasked when something has come.

    Fields: device: as in `Wish`. quota: how much it gives the other, None for no bound. whole: it is all, not news.
    """

    KIND: ClassVar[str] = "keep-kept"

    device: Device
    mimei: Annotated[tuple[Held, ...], Meta(max_length=limits.KEPT_PAGE)] = ()
    more: bool = False
    whole: bool = False
    quota: U64 | None = None


class Return(Record, frozen=True, kw_only=True, tag="keep-return"):
    """A person is back on a new node: keep for it what was kept for them. Answered by `Kept`.

    device: the record by which the person says that the new node, which the connection has shown, acts for them.
    """

    KIND: ClassVar[str] = "keep-return"

    device: Device


class Refused(Record, frozen=True, kw_only=True, tag="keep-refused"):
    """No, with the code of an error."""

    KIND: ClassVar[str] = "keep-refused"

    reason: Annotated[str, Meta(min_length=1, max_length=64)]


Message = Wish | Kept | Return | Refused
_MESSAGES: dict[str, type[Wish] | type[Kept] | type[Return] | type[Refused]] = {
    kind.KIND: kind for kind in (Wish, Kept, Return, Refused)
}


def decode(data: bytes) -> Message:
    """Return the message. Raises: BadKeeping."""
    try:
        plain = dagcbor.decode(data)
        kind = _MESSAGES.get(str(plain.get("kind"))) if isinstance(plain, dict) else None
        if kind is None:
            raise BadKeeping("a message of no known kind")
        message = kind.decode(data)
    except (dagcbor.NotCanonical, dagcbor.RecordTooLarge, NotARecord) as error:
        raise BadKeeping(str(error)) from None
    if isinstance(message, Wish | Kept):
        ids = [each.mimei for each in message.mimei]
        if ids != sorted(set(ids)):
            raise BadKeeping("ids are not sorted")
        if message.more and not ids:
            raise BadKeeping("a page with nothing on it, and more to come")
    return message
