"""What the HTTP API gives of an audit."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from leither.web.schema import Count, KeyText, Moment


def _about(text: str) -> Meta:
    return Meta(description=text)


KindText = Literal[
    "read",
    "change",
    "backup",
    "release",
    "fork",
    "rights",
    "grant",
    "revoke",
    "create",
    "delete",
    "sign-in",
    "sign-out",
    "denied",
    "export",
]
FrontText = Literal["api", "gateway", "websocket", "redis", "dav", "node"]
RoleText = Literal["owner", "user", "visitor", "guest", "several"]


class AuditEntry(Struct, frozen=True, kw_only=True):
    """What somebody did, counted within an hour."""

    kind: Annotated[KindText, _about("What was done.")]
    front: Annotated[FrontText, _about("Through which front door; `node` for the node itself.")]
    role: Annotated[
        RoleText, _about("What they are to this node; `several` where too many were at work at once to tell apart.")
    ]
    who: Annotated[KeyText | None, _about("The id of a user, or of a visitor's key; null for the owner and guests.")]
    name: Annotated[str | None, _about("What they are called, to the owner, and to themselves.")]
    yours: Annotated[bool, _about("Whether it was the caller, or a program or browser of theirs.")]
    device: Annotated[KeyText | None, _about("The id of the key that signed for a visitor: theirs, or a device's.")]
    session: Annotated[str | None, _about("Which token or session it was, of the caller's own.")]
    label: Annotated[str | None, _about("The token's name, or how the browser named itself.")]
    mimei: Annotated[KeyText | None, _about("To which MiMei it was done; null for none, or for all.")]
    right: Annotated[
        str | None,
        _about(
            "By which right: own, everyone, author, writer, members, or a grant by its name. Of what was denied, what "
            "was asked for; of a sign-in, what for."
        ),
    ]
    count: Annotated[Count, _about("How often, within one hour.")]
    first: Annotated[Moment, _about("When first.")]
    last: Annotated[Moment, _about("When last.")]


class AuditPage(Struct, frozen=True):
    """What was done, the newest first."""

    items: Annotated[list[AuditEntry], _about("The entries of this page.")]
    next: Annotated[str | None, _about("`cursor` of the page that follows; null at the end.")]
