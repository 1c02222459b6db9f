"""What the HTTP API takes and gives about the node as a whole: status, tokens, sessions, archives, upkeep."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

from leither import limits
from leither.web.schema import Bytes, CidText, Count, Id, KeyText, Moment


def _about(text: str) -> Meta:
    return Meta(description=text)


ScopeText = Literal["owner", "write", "read"]


class Status(Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How the node stands."""

    version: Annotated[str, _about("The software's version.")]
    id: Annotated[KeyText, _about("The node's id.")]
    person: Annotated[KeyText, _about("The id of the person it belongs to.")]
    url: Annotated[str, _about("Where its page is.")]
    mimei: Annotated[int, _about("How many MiMei the caller may read.")]
    started: Annotated[Moment, _about("When it started.")]
    listening: Annotated[list[str], _about("The addresses it listens on.")]
    blocks: Annotated[int | None, _about("How many blocks are stored; told to the owner only.")] = None
    bytes_on_disk: Annotated[
        int | None,
        _about("What the blocks take on disk, garbage not yet collected included; told to the owner only."),
    ] = None
    users: Annotated[int | None, _about("How many users it has; told to the owner only.")] = None
    home: Annotated[str | None, _about("Its home folder; told to the owner only.")] = None
    memory_bytes: Annotated[int | None, _about("Resident memory; told to the owner only.")] = None


class ConfigRow(Struct, frozen=True):
    """A setting."""

    name: Annotated[str, _about("Its name.")]
    value: Annotated[Any, _about("Its value.")]
    source: Annotated[str, _about("Where it came from: default, file, environment or option.")]
    about: Annotated[str, _about("What it does.")]


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token to make."""

    name: Annotated[
        str, Meta(min_length=1, max_length=limits.TOKEN_NAME_BYTES_MAX, description="What lists show it as; unique.")
    ]
    scope: Annotated[ScopeText, _about("What it may do.")]
    only: Annotated[Id, _about("The one MiMei it is for.")] | None = None


class TokenInfo(Struct, frozen=True, kw_only=True):
    """A token, without its secret."""

    name: Annotated[str, _about("What lists show it as.")]
    scope: Annotated[ScopeText, _about("What it may do.")]
    only: Annotated[Id | None, _about("The one MiMei it is for; null for all.")]
    created: Annotated[Moment | None, _about("When it was made.")]
    last_used: Annotated[Moment | None, _about("When it was last used, where that is known.")] = None


class TokenMade(TokenInfo, frozen=True, kw_only=True):
    """A new token with its secret, which is shown here only."""

    token: Annotated[str, _about("The secret, to be sent as `Authorization: Bearer`.")]


class CodeGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """A one-time code to redeem."""

    code: Annotated[str, Meta(max_length=200, description="The code of a sign-in link.")]


class SessionMade(Struct, frozen=True):
    """A session."""

    token: Annotated[str, _about("The secret, to be sent as `Authorization: Bearer`.")]
    expires: Moment


class SessionInfo(Struct, frozen=True):
    """Who asks, as the node sees it."""

    name: Annotated[str, _about("owner, guest, or the name of a user or token.")]
    scope: Annotated[Literal["owner", "write", "read", "none"], _about("What the caller may do.")]
    user: Annotated[KeyText | None, _about("The id of the user for whom the caller acts; null for the owner.")] = None
    key: Annotated[str | None, _about("The whole key of the person, where one is known; friends grant to it.")] = None
    until: Annotated[Moment | None, _about("When a visitor's session ends.")] = None
    reader: Annotated[
        str | None, _about("Both keys of a person of this node; friends who share private MiMei grant to them.")
    ] = None


class PhraseGiven(Struct, frozen=True, forbid_unknown_fields=True):
    """Recovery words to sign in by."""

    phrase: Annotated[
        str, Meta(max_length=limits.PHRASE_BYTES_MAX, description="24 words, with white space between them.")
    ]


class SessionRow(Struct, frozen=True, kw_only=True):
    """A session, without its secret."""

    id: Annotated[str, _about("What it is ended by.")]
    agent: Annotated[str, _about("How the browser names itself.")]
    address: Annotated[str, _about("From where it came: this machine, local network, or internet.")]
    scope: Annotated[ScopeText, _about("What it may do.")]
    only: Annotated[Id | None, _about("The one MiMei it is for; null for all.")]
    created: Annotated[Moment | None, _about("When it began.")]
    last_used: Annotated[Moment | None, _about("When it was last used, where that is known.")]
    expires: Moment
    present: Annotated[bool, _about("Whether it is the one that asks.")]


class SessionsEnded(Struct, frozen=True):
    """How many sessions were ended."""

    ended: Annotated[int, _about("How many.")]


class LinkRequest(Struct, frozen=True, rename={"only": "for"}, forbid_unknown_fields=True):
    """What a sign-in link is for."""

    only: Annotated[Id, _about("The MiMei whose own origin the link opens for reading.")] | None = None
    host: (
        Annotated[
            str,
            Meta(
                max_length=255,
                description="The host that it leads to, of those that other machines reach; by default the one that "
                "this request was sent to.",
            ),
        ]
        | None
    ) = None


class LinkMade(Struct, frozen=True):
    """A sign-in link that works once."""

    url: Annotated[str, _about("Where to go.")]
    expires: Moment


class ExportRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What to export."""

    ids: (
        Annotated[
            list[Id],
            Meta(max_length=limits.LIST_PAGE_MAX, description="The MiMei; null for all of one's own."),
        ]
        | None
    ) = None
    passphrase: (
        Annotated[str, Meta(min_length=1, max_length=1024, description="Adds the person's seed, encrypted under this.")]
        | None
    ) = None
    everyone: Annotated[
        bool, _about("Whether what is the users' goes with it, without their seeds; for the owner, to keep a copy.")
    ] = False


class ImportedInfo(Struct, frozen=True):
    """What an import did to one MiMei."""

    id: Id
    state: Annotated[str, _about("added, updated, merged, unchanged, or kept sealed: nobody here can read it.")]
    versions: Annotated[int, _about("Versions that came.")]


class KeptInfo(Struct, frozen=True):
    """A private MiMei that is kept sealed for its author: nobody here can read it."""

    id: Id
    author: Annotated[KeyText, _about("The id of who signs for it.")]
    versions: Annotated[int, _about("Versions that are kept.")]
    bytes: Bytes


class ImportDone(Struct, frozen=True):
    """What an import did."""

    mimei: Annotated[list[ImportedInfo], _about("What became of each.")]
    blocks: Count
    bytes: Bytes


class FaultInfo(Struct, frozen=True):
    """Something found damaged."""

    cid: Annotated[CidText | None, _about("The block; null where the damage can't be tied to one.")]
    where: Annotated[str, _about("Where it was found.")]
    reason: Annotated[str, _about("What is wrong.")]


class VerifyLine(Struct, frozen=True, omit_defaults=True):
    """One line of a verification: progress, a fault, or the end."""

    checked: Annotated[int | None, _about("Blocks looked at so far.")] = None
    bytes: Annotated[int | None, _about("Bytes read so far; in the last line, all on disk.")] = None
    fault: FaultInfo | None = None
    done: Annotated[bool, _about("True in the last line.")] = False
    faults: Annotated[int | None, _about("How many were found; in the last line.")] = None
    blocks: Annotated[int | None, _about("Blocks stored; in the last line.")] = None


class Collected(Struct, frozen=True):
    """What a collection of garbage did."""

    blocks_kept: Count
    blocks_dropped: Count
    bytes_before: Bytes
    bytes_after: Bytes
    bytes_reclaimed: Annotated[int, _about("What was given back to the disk.")]
    compacted: Annotated[bool, _about("Of a thorough one, whether nothing deleted is left in any file.")]


class WatchRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """The first message of a watcher."""

    token: Annotated[str, Meta(max_length=1024, description="As in `Authorization: Bearer`.")] | None = None
    ids: (
        Annotated[list[Id], Meta(max_length=limits.LIST_PAGE_MAX, description="Only these MiMei; all by default.")]
        | None
    ) = None


class WatchEvent(Struct, frozen=True, omit_defaults=True):
    """A change, or `lagged`: some were not told, look again."""

    event: Annotated[str, _about("create, change, backup, release, restore, merge, control, drop, delete or lagged.")]
    id: Id | None = None
    version: Annotated[CidText | None, _about("The version that the event is about.")] = None


class CertificateInfo(Struct, frozen=True):
    """The certificate that other machines are shown."""

    fingerprint: Annotated[str, _about("Its SHA-256, as systems show it.")]
    names: Annotated[list[str], _about("Whom it is for: DNS names and IP addresses.")]
    begins: Moment
    ends: Moment


class AuthorityInfo(Struct, frozen=True):
    """This node's own authority, which other machines have to trust."""

    fingerprint: Annotated[str, _about("The SHA-256 of its certificate, as systems show it.")]
    ends: Moment
    certificate: Annotated[str, _about("Its certificate, PEM.")]


class AppPort(Struct, frozen=True):
    """An app's port, which is its origin for browsers on other machines."""

    port: Annotated[int, Meta(ge=1, le=65535, description="The port.")]
    id: Id


class LanInfo(Struct, frozen=True, kw_only=True):
    """How other machines reach the node."""

    tls: Annotated[str, _about("The setting: off, local or files.")]
    encrypted: Annotated[bool, _about("Whether they speak TLS.")]
    hosts: Annotated[list[str], _about("The names and addresses it answers to, best first; empty where nobody does.")]
    urls: Annotated[list[str], _about("Its page at each of them.")]
    redis: Annotated[list[str], _about("Where Redis clients go, likewise.")]
    certificate: Annotated[CertificateInfo | None, _about("The certificate they are shown; null without one.")]
    authority: Annotated[AuthorityInfo | None, _about("What they have to trust; null where it is not this node.")]
    warnings: Annotated[list[str], _about("What the owner should know, in words.")]
    apps: Annotated[list[AppPort], _about("Apps that have a port, by port.")]


class Problem(Struct, frozen=True):
    """An error, as RFC 9457 has it; an error's own data stands beside these members."""

    type: Annotated[str, _about("`urn:leither:error:` and the code.")]
    title: Annotated[str, _about("The code in words.")]
    status: Annotated[int, _about("The HTTP status.")]
    detail: Annotated[str, _about("What, where, which limit, and the remedy.")]
    code: Annotated[str, _about("What programs match on; it never changes.")]
