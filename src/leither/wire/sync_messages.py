"""The messages of `/leither/sync/1`: one node asks, the other answers.

Unsigned: what a message names proves itself. Bytes: spec/format/sync.md.
"""

from typing import Annotated, ClassVar, Final

from msgspec import Meta, Struct

from leither import limits
from leither.codec import Cid
from leither.codec.record import U64, Id, Record
from leither.mimei.record import Seq, Writer

SYNC: Final = "/leither/sync/1"
NEWS: Final = "/leither/news/1"

Heads = Annotated[tuple[Cid, ...], Meta(max_length=limits.WRITERS_MAX)]
Carried = Annotated[bytes, Meta(max_length=limits.GRANT_BYTES_MAX)]


class Hello(Record, frozen=True, kw_only=True, tag="sync-hello"):
    """Who asks, said once and first: records that the asking node's key is a person's device, and grants to them.

    The connection has shown the node's key, so no more is signed. Whoever sends none asks as a guest.
    """

    KIND: ClassVar[str] = "sync-hello"

    devices: Annotated[tuple[Carried, ...], Meta(max_length=limits.SYNC_DEVICES_MAX)] = ()
    grants: Annotated[tuple[Carried, ...], Meta(max_length=limits.SYNC_GRANTS_MAX)] = ()


class Ask(Record, frozen=True, kw_only=True, tag="sync-ask"):
    """How does a MiMei stand? `control`, `heads` and `drafts` are what the asking node has.

    `skip` versions were listed already. `live`: drafts are wanted as well.
    Answered by `Standing`, then the records that it names and the asker did not, then `Done`; or by `No`.
    """

    KIND: ClassVar[str] = "sync-ask"

    mimei: Id
    control: Cid | None = None
    heads: Heads = ()
    drafts: Heads = ()
    skip: U64 = 0
    live: bool = False


class Listed(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A version. `numbered`: it is the one that its number names."""

    version: Cid
    numbered: bool


class Standing(Record, frozen=True, kw_only=True, tag="sync-standing"):
    """How a MiMei stands here, as far as the asker may know.

    Fields: versions: what the asker lacks, those below before those above. more: there are more of them. released:
    only the released version may be read. sealed: it is private; then `genesis` and `versions` are sealed forms.
    drafts: those that the asker lacks.
    partial: the bytes of its files may be lacking here, for they come when they are read.
    """

    KIND: ClassVar[str] = "sync-standing"

    mimei: Id
    genesis: Cid
    control: Cid
    heads: Heads = ()
    versions: Annotated[tuple[Listed, ...], Meta(max_length=limits.SYNC_VERSIONS_MAX)] = ()
    more: bool = False
    released: bool = False
    sealed: bool = False
    drafts: Heads = ()
    partial: bool = False


class Want(Record, frozen=True, kw_only=True, tag="sync-want"):
    """Blocks, each named by one that was answered before. Answered by those there are, in order, then `Done`."""

    KIND: ClassVar[str] = "sync-want"

    blocks: Annotated[tuple[Cid, ...], Meta(min_length=1, max_length=limits.SYNC_WANTED_MAX)]


class Done(Record, frozen=True, kw_only=True, tag="sync-done"):
    """The end of an answer. `left`: how many blocks at the question's end were not looked at, the answer being long."""

    KIND: ClassVar[str] = "sync-done"

    left: Annotated[int, Meta(ge=0, le=limits.SYNC_WANTED_MAX)] = 0


class No(Record, frozen=True, kw_only=True, tag="sync-no"):
    """The question is not answered. `reason` is the code of an error; `absent` where nothing may be read, or is."""

    KIND: ClassVar[str] = "sync-no"

    reason: Annotated[str, Meta(min_length=1, max_length=64)]


class Watch(Record, frozen=True, kw_only=True, tag="sync-watch"):
    """Tell me of new heads of these MiMei, as long as we are connected; `live`: of drafts too. Not answered."""

    KIND: ClassVar[str] = "sync-watch"

    mimei: Annotated[tuple[Id, ...], Meta(max_length=limits.SYNC_WATCHED_MAX)] = ()
    live: bool = False


class News(Record, frozen=True, kw_only=True, tag="sync-news"):
    """A writer's head, the record's bytes, and the control: one of them is new. Comes to who watches."""

    KIND: ClassVar[str] = "sync-news"

    control: Cid

    head: Annotated[bytes, Meta(max_length=limits.GRANT_BYTES_MAX)]


class Shared(Record, frozen=True, kw_only=True, tag="sync-shared"):
    """A writer has shared its working copy again: its draft of this seq is here. Comes to who watches live."""

    KIND: ClassVar[str] = "sync-shared"

    mimei: Id
    writer: Writer
    seq: Seq


Message = Hello | Ask | Standing | Want | Done | No | Watch | News | Shared
MESSAGES: dict[str, type[Record]] = {
    kind.KIND: kind for kind in (Hello, Ask, Standing, Want, Done, No, Watch, News, Shared)
}
