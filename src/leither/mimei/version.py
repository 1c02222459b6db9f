"""Version: a read-only state of a MiMei. Its id is its CID."""

from typing import Annotated, ClassVar

from msgspec import Meta

from leither import limits
from leither.mimei.contents import Contents, Seen, seen_tuple
from leither.mimei.record import U64, TimeMs

__all__ = ["Seen", "Version", "seen_tuple"]


class Version(Contents, frozen=True, kw_only=True, tag="version"):
    """What a MiMei held, for good. n: 0 or the highest parent's n + 1. note, time: absent in a merge."""

    KIND: ClassVar[str] = "version"

    n: U64
    note: Annotated[str, Meta(max_length=limits.NOTE_BYTES_MAX)] = ""
    time: TimeMs | None = None

    def validate(self) -> None:
        """Check order, uniqueness and that a merge carries nobody's word. Raises: NotARecord."""
        super().validate()
        if self.n and not self.parents:
            raise self.refuse("numbered above 0, but without a parent")
        if len(self.note.encode()) > limits.NOTE_BYTES_MAX:
            raise self.refuse(f"the note exceeds the limit of {limits.NOTE_BYTES_MAX:,} bytes; shorten it")
        if self.by is None:
            if self.note or self.time is not None:
                raise self.refuse("a merge has no time, note or signature")
            if not self.n:
                raise self.refuse("not a merge of two or more parents, numbered above them")


Contents.KINDS[Version.KIND] = Version
