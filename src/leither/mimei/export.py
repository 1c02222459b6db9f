"""Export: what an archive of MiMei begins with. Unsigned: everything it names proves itself.

Bytes: `spec/format/export.md` and `shelf.md`.
"""

from typing import Annotated, ClassVar

from msgspec import Meta

from leither import limits
from leither.codec import Cid
from leither.crypto.seedfile import SEALED_BYTES
from leither.mimei.record import Id, Record


class Shelf(Record, frozen=True, kw_only=True, tag="shelf"):
    """One MiMei in an archive.

    Fields: versions: root of an ordered map whose keys are 0x88 and a version's CID, one for each version held; its
    value is 0x81 where the version is the one its number names, 0x80 where it was merged in beside. cur: root of an
    ordered map of the unsaved changes, a deleted entry as the value 0x8f; absent without any. sealed: the id of a
    private MiMei; then `genesis` and the versions are named by their sealed forms, and there is no `cur`. partial: raw
    blocks of its files may be lacking, for it was on demand; it is so, too, where it comes new.
    """

    KIND: ClassVar[str] = "shelf"

    genesis: Cid
    control: Cid
    versions: Cid
    heads: Annotated[tuple[Cid, ...], Meta(max_length=limits.WRITERS_MAX)] = ()
    cur: Cid | None = None
    sealed: Id | None = None
    partial: bool = False

    def validate(self) -> None:
        """Check that nothing of a private MiMei would stand in the clear, and that it is whole. Raises: NotARecord."""
        if self.sealed is not None and self.cur is not None:
            raise self.refuse("a private MiMei with unsaved changes")
        if self.sealed is not None and self.partial:
            raise self.refuse("a part of a private MiMei")


class Export(Record, frozen=True, kw_only=True, tag="export"):
    """An archive. `identity` is the person's seed under a passphrase, where it was asked for."""

    KIND: ClassVar[str] = "export"

    mimei: Annotated[tuple[Cid, ...], Meta(max_length=limits.EXPORT_MIMEI_MAX)] = ()
    identity: Annotated[bytes, Meta(min_length=SEALED_BYTES, max_length=SEALED_BYTES)] | None = None


VERSION_TYPE = b"\x88"
BESIDE = b"\x80"
NUMBERED = b"\x81"
DELETED = b"\x8f"
