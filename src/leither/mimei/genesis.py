"""Genesis: what a MiMei is about. Its hash is the id, so the same topic is the same MiMei, wherever it is made."""

from typing import Annotated, ClassVar, Literal, get_args

from msgspec import Meta

from leither import limits
from leither.crypto import MimeiId, id_text, mimei_id
from leither.mimei.record import Key, Record

Kind = Literal["file", "db", "fs", "stream"]
KINDS: tuple[str, ...] = get_args(Kind)


class Genesis(Record, frozen=True, kw_only=True, tag="genesis"):
    """The topic of a MiMei. Without `salt` the MiMei is public by genesis; `stream` is reserved."""

    KIND: ClassVar[str] = "genesis"

    author: Key
    app: Annotated[str, Meta(max_length=limits.APP_BYTES_MAX)]
    ext: Annotated[str, Meta(max_length=limits.EXT_BYTES_MAX)]
    mark: Annotated[str, Meta(max_length=limits.MARK_BYTES_MAX)]
    type: Kind
    salt: Annotated[bytes, Meta(min_length=16, max_length=16)] | None = None

    @property
    def id(self) -> MimeiId:
        """The 20-byte id of the MiMei."""
        return mimei_id(self.encode())

    @property
    def id_text(self) -> str:
        """The id as 32 characters."""
        return id_text(self.id)

    def validate(self) -> None:
        """Check the lengths in bytes. Raises: NotARecord."""
        for name, text, bound in (
            ("app", self.app, limits.APP_BYTES_MAX),
            ("ext", self.ext, limits.EXT_BYTES_MAX),
            ("mark", self.mark, limits.MARK_BYTES_MAX),
        ):
            if len(text.encode()) > bound:
                raise self.refuse(f"{name} of {len(text.encode()):,} bytes exceeds the limit of {bound:,}; shorten it")
