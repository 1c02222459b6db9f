"""What the HTTP API takes and gives about MiMei. The names are a contract: `spec/openapi.json` is made from them."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from leither import limits


def _about(text: str) -> Meta:
    return Meta(description=text)


Id = Annotated[str, _about("The id of a MiMei: 32 characters of lower-case base32.")]
KeyText = Annotated[str, _about("The id of a public key: 32 characters of lower-case base32.")]
CidText = Annotated[str, _about("A CIDv1 in base32.")]
Bytes = Annotated[int, Meta(ge=0, description="A size in bytes.")]
Count = Annotated[int, Meta(ge=0, description="How many there are.")]
Moment = Annotated[datetime, _about("A time in UTC, as RFC 3339 writes it.")]
PathText = Annotated[str, _about("A path inside a MiMei, with slashes and none in front; empty for the root.")]
ModeText = Annotated[str, Meta(pattern="^[0-7]{1,4}$", description="Permission bits in octal, for instance 644.")]
TimeMs = Annotated[int, Meta(ge=0, le=limits.TIME_MS_MAX, description="Milliseconds since 1970-01-01 UTC.")]
SelectorText = Annotated[
    str, Meta(max_length=200, description="cur, last, release, a version number, or a version's CID.")
]
RefText = Annotated[str, Meta(max_length=200, description="`<id>` or `<id>@<selector>`.")]
RightText = Annotated[
    str, Meta(max_length=1000, description="Who may do what, for instance `everyone=read-release`, or `private`.")
]
QuotaBytes = Annotated[
    int, Meta(ge=0, le=limits.QUOTA_BYTES_MAX, description="The largest size `cur` may take, in bytes.")
]
MarkText = Annotated[
    str, Meta(max_length=limits.MARK_BYTES_MAX, description="What tells this MiMei from others of its app.")
]
AppText = Annotated[
    str, Meta(max_length=limits.APP_BYTES_MAX, description="The app a MiMei belongs to, or its content type.")
]
PathGiven = Annotated[
    str, Meta(max_length=limits.PATH_BYTES_MAX + 2, description="A path inside the MiMei, with slashes.")
]
EntryKind = Literal["file", "directory", "symlink", "reference"]


class MimeiInfo(Struct, frozen=True, kw_only=True):
    """A MiMei. Where the caller may not read `cur` or the versions, the numbers are those of what it may read."""

    id: Id
    url: Annotated[str, _about("The MiMei's own origin, where an app runs.")]
    type: Annotated[str, _about("file, fs, or a type that a later node made.")]
    author: KeyText
    app: Annotated[str, _about("The app it belongs to, or its content type.")]
    ext: Annotated[str, _about("An extension of the topic, often a file name's.")]
    mark: Annotated[str, _about("What tells it from others of its app and author.")]
    private: Annotated[bool, _about("Whether what it holds is stored sealed.")]
    on_demand: Annotated[bool, _about("Whether its files come from other nodes when they are read here.")]
    ipns: Annotated[
        str | None, _about("The IPNS name under which any IPFS peer finds its release, once it was put there.")
    ]
    right: Annotated[str, _about("Who may do what, for instance `everyone=read-release`, or `private`.")]
    created: Annotated[Moment | None, _about("When it was made.")]
    versions: Annotated[int, _about("How many numbered versions there are.")]
    last: Annotated[int | None, _about("The newest version's number.")]
    last_cid: Annotated[CidText | None, _about("The newest version.")]
    release: Annotated[int | None, _about("The released version's number.")]
    release_cid: Annotated[CidText | None, _about("The released version.")]
    bytes: Annotated[int, _about("Size of `cur` in bytes.")]
    entries: Annotated[int, _about("Entries of `cur`.")]
    unsaved: Annotated[int, _about("Entries of `cur` changed since the last backup.")]
    quota: Annotated[Bytes | None, _about("The largest size `cur` may take, in bytes.")]
    writer: Annotated[bool, _about("Whether this node may write it.")]
    references: Annotated[int, _about("How many others it refers to.")]
    referrers: Annotated[int, _about("How many others refer to it.")]


class MimeiPage(Struct, frozen=True):
    """A page of MiMei."""

    items: Annotated[list[MimeiInfo], _about("The MiMei, by id.")]
    next: Annotated[str | None, _about("What to pass as `cursor` for the next page.")]


class NewMimei(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The topic of a MiMei: the same topic is the same MiMei."""

    type: Annotated[Literal["file", "fs", "db"], _about("One file, a tree of files and directories, or a database.")]
    app: AppText = ""
    ext: Annotated[str, Meta(max_length=limits.EXT_BYTES_MAX, description="An extension of the topic.")] = ""
    mark: MarkText = ""
    right: Annotated[RightText, _about("Counts for a new one; the default is private.")] = "private"
    quota: QuotaBytes | None = None
    private: Annotated[bool, _about("Whether what it holds is stored sealed.")] = False


class VersionInfo(Struct, frozen=True, kw_only=True):
    """A read-only version."""

    id: Id
    n: Annotated[int | None, _about("Its number; null for a version that was merged in.")]
    cid: CidText
    parents: Annotated[list[CidText], _about("The versions it follows.")]
    content: Annotated[CidText, _about("Root of its files: what `ipfs add` gives for the same tree.")]
    side: Annotated[CidText, _about("Root of the map with modes, times, references and tags.")]
    siblings: Annotated[CidText | None, _about("Root of the map of what lost in merges.")]
    bytes: Bytes
    note: Annotated[str, _about("What its maker said about it.")]
    time: Annotated[Moment | None, _about("When it was made; null for a merge.")]
    by: Annotated[KeyText | None, _about("Who signed it; null for a merge.")]
    merge: Annotated[bool, _about("Whether it follows from its parents alone.")]
    released: Annotated[bool, _about("Whether it is the release.")]
    last: Annotated[bool, _about("Whether it is the newest.")]


class VersionPage(Struct, frozen=True):
    """A page of versions, newest first."""

    items: Annotated[list[VersionInfo], _about("The versions.")]
    next: Annotated[int | None, _about("What to pass as `before` for the next page.")]


class PathInfo(Struct, frozen=True, kw_only=True):
    """What stands at a path."""

    path: PathText
    name: Annotated[str, _about("The path's last name; empty for the root.")]
    type: Annotated[EntryKind, _about("What kind of entry it is.")]
    cid: Annotated[CidText | None, _about("Root of a file's content.")]
    bytes: Bytes
    mode: Annotated[str | None, _about("Permission bits in octal; null where unknown.")]
    mtime: Annotated[Moment | None, _about("When it was last changed; null where unknown.")]
    target: Annotated[str | None, _about("Where a symlink leads, or `<id>@<version|release>` of a reference.")]
    content_type: Annotated[str | None, _about("A file's media type, guessed from its name.")]


class PathPage(Struct, frozen=True):
    """A page of a listing."""

    items: Annotated[list[PathInfo], _about("The entries, by name.")]
    next: Annotated[str | None, _about("What to pass as `after` for the next page.")]


class PathChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One change at a path: exactly one of directory, symlink, reference, move_to, copy_to, or mode and mtime."""

    directory: Annotated[bool, _about("True makes a directory here.")] = False
    symlink: Annotated[str, _about("Makes a symbolic link to this target.")] | None = None
    reference: Annotated[RefText, _about("Makes a reference to another MiMei.")] | None = None
    follow: Annotated[bool, _about("Whether the reference follows the other's release instead of one version.")] = False
    move_to: Annotated[PathGiven, _about("Moves what stands here.")] | None = None
    copy_to: Annotated[PathGiven, _about("Copies what stands here; no bytes are copied.")] | None = None
    mode: ModeText | None = None
    mtime: TimeMs | None = None


class TreeSummary(Struct, frozen=True):
    """What an upload of a tree held."""

    files: Count
    directories: Count
    symlinks: Count
    bytes: Bytes
    changed: Annotated[int, _about("Entries that differ from what was there.")]


class Size(Struct, frozen=True, forbid_unknown_fields=True):
    """A file's size."""

    bytes: Annotated[int, Meta(ge=0, le=limits.FILE_BYTES_MAX, description="The size in bytes.")]


class BackupRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """How to back up."""

    note: Annotated[str, Meta(max_length=limits.NOTE_BYTES_MAX, description="What to say about the version.")] = ""


class BackupDone(Struct, frozen=True):
    """What a backup did."""

    changed: Annotated[int, _about("Entries saved; 0 where nothing had changed.")]
    version: Annotated[VersionInfo | None, _about("The newest version.")]


class ReleaseRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What to release."""

    version: SelectorText = "last"


class RestoreRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to restore."""

    version: SelectorText
    discard: Annotated[bool, _about("Whether unsaved changes may be lost.")] = False


class Discarded(Struct, frozen=True):
    """What was thrown away."""

    discarded: Annotated[int, _about("Unsaved changes that are gone.")]


class ForkRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The topic of the fork."""

    mark: MarkText
    app: AppText | None = None


class TagText(Struct, frozen=True, forbid_unknown_fields=True):
    """A tag to add."""

    tag: Annotated[str, Meta(max_length=1000, description="`dimension:value`.")]


class TagInfo(Struct, frozen=True):
    """A tag."""

    dimension: Annotated[str, _about("What the tag speaks of, for instance topic.")]
    value: Annotated[str, _about("What it says, for instance music.")]
    by: Annotated[KeyText, _about("Who said so.")]
    at: Annotated[Moment | None, _about("When it was said.")]


class Binary(Struct, frozen=True):
    """Bytes that are no UTF-8 text."""

    base64: Annotated[str, _about("Standard base64 with padding.")]


Text = str | Binary


class DiffItem(Struct, frozen=True, kw_only=True):
    """One difference."""

    kind: Annotated[
        Literal["path", "property", "reference", "tag", "grant", "entry"], _about("What kind of entry differs.")
    ]
    change: Annotated[Literal["added", "removed", "modified"], _about("How it differs.")]
    path: Annotated[PathText | UnsetType, _about("Where it is, for kinds path and property.")] = UNSET
    key: Annotated[Text | UnsetType, _about("The property, reference, tag, hash of the grant, or database key.")] = (
        UNSET
    )
    before: Annotated[PathInfo | None, _about("What stood at the path.")] = None
    after: Annotated[PathInfo | None, _about("What stands at the path.")] = None
    part: Annotated[str | UnsetType, _about("What a database's entry is to its key: string, field, member ...")] = UNSET
    place: Annotated[Text | UnsetType, _about("The field or member of a database's entry.")] = UNSET
    value_before: Annotated[Text | UnsetType, _about("What a database's entry held.")] = UNSET
    value_after: Annotated[Text | UnsetType, _about("What a database's entry holds.")] = UNSET


class DiffPage(Struct, frozen=True):
    """A page of differences."""

    items: Annotated[list[DiffItem], _about("The differences, by key.")]
    next: Annotated[str | None, _about("What to pass as `after` for the next page.")]


class MergeRequest(Struct, frozen=True, rename={"others": "with"}, forbid_unknown_fields=True):
    """What to merge with."""

    others: Annotated[
        list[RefText],
        Meta(
            max_length=limits.PARENTS_MAX, description="`<id>@<selector>` or version CIDs; none merges the known tips."
        ),
    ] = []


class Merged(Struct, frozen=True):
    """What a merge did."""

    merged: Annotated[bool, _about("Whether there was anything to merge.")]
    version: Annotated[VersionInfo | None, _about("The newest version now.")]
    conflicts: Annotated[int, _about("Places where something lost and waits to be looked at.")]


class ConflictOther(Struct, frozen=True):
    """What lost at a path."""

    writer: Annotated[int, _about("Number of the writer that set it.")]
    seq: Annotated[int, _about("The writer's count of versions when it did.")]
    entry: Annotated[PathInfo | None, _about("What it put at a path.")]
    value: Annotated[Text | None, _about("What it set in a database.")]


class ConflictPlace(Struct, frozen=True):
    """Where in a database writers disagreed."""

    part: Annotated[str, _about("What it is to its key: string, field, score, element.")]
    key: Annotated[Text, _about("The key.")]
    place: Annotated[Text | None, _about("The field, or the member of a sorted set.")]


class ConflictInfo(Struct, frozen=True, kw_only=True):
    """A place at which writers disagreed: a path, or an entry of a database."""

    name: Annotated[str, _about("How it is named to take one: the path, or what stands for the entry.")]
    path: PathText | None
    shown: Annotated[PathInfo | None, _about("What stands at the path.")]
    database: Annotated[ConflictPlace | None, _about("Where in the database it is.")]
    value: Annotated[Text | None, _about("What stands in the database.")]
    writer: Annotated[int | None, _about("Number of the writer that set what stands there.")]
    seq: Annotated[int | None, _about("That writer's count of versions when it did.")]
    others: Annotated[list[ConflictOther], _about("What else was put there.")]


class ConflictPage(Struct, frozen=True):
    """A page of conflicts."""

    items: Annotated[list[ConflictInfo], _about("The conflicts.")]
    next: Annotated[str | None, _about("What to pass as `after` for the next page.")]


class TakeRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """Which side of a conflict to take."""

    name: Annotated[str, Meta(max_length=2 * limits.MAP_SIBLING_KEY_BYTES_MAX, description="As the conflict gives it.")]
    writer: Annotated[int, Meta(ge=1, lt=1 << 32, description="Number of the writer whose entry is taken.")]
    seq: Annotated[int, Meta(ge=0, le=limits.MAP_SEQ_MAX, description="Its count, as the conflict gives it.")]


class Taken(Struct, frozen=True):
    """What a conflict was settled with."""

    entry: Annotated[PathInfo | None, _about("What stands at the path now.")]
    value: Annotated[Text | None, _about("What stands in the database now.")]


class SplitRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which directory becomes a MiMei of its own."""

    path: PathGiven
    mark: MarkText
    follow: Annotated[bool, _about("Whether the reference left behind follows the new one's release.")] = False


class VersionRange(Struct, frozen=True, forbid_unknown_fields=True):
    """Versions by number, both ends included."""

    first: Annotated[int, Meta(ge=0, lt=1 << 53, description="The lowest number.")]
    last: Annotated[int, Meta(ge=0, lt=1 << 53, description="The highest number.")]


class VersionsDeleted(Struct, frozen=True):
    """What was deleted."""

    deleted: Annotated[list[CidText], _about("The versions that are gone.")]
    kept: Annotated[int, _about("Numbered versions that are left.")]


class ReferenceInfo(Struct, frozen=True):
    """A counted reference to another MiMei."""

    target: Id
    version: Annotated[CidText | None, _about("The version referred to; null where it follows the release.")]
    n: Annotated[int | None, _about("That version's number, where this node knows it.")]
    count: Count


class ReferenceRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A reference to count up or down."""

    target: RefText
    follow: Annotated[bool, _about("Whether it follows the release instead of one version.")] = False
    count: Annotated[int, Meta(ge=-(1 << 32), le=1 << 32, description="How much to add; negative takes away.")] = 1


class ReferrerInfo(Struct, frozen=True):
    """Another MiMei that refers to this one."""

    source: Id
    version: Annotated[CidText | None, _about("The version referred to; null where it follows the release.")]
    count: Count


class RightInfo(Struct, frozen=True, forbid_unknown_fields=True):
    """Who may do what."""

    right: RightText


class QuotaRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """A quota, or null for none."""

    quota: QuotaBytes | None


class QuotaInfo(Struct, frozen=True):
    """A quota and what is used of it."""

    quota: Annotated[Bytes | None, _about("The largest size `cur` may take, in bytes; null for no limit.")]
    bytes: Annotated[int, _about("Size of `cur` in bytes.")]
