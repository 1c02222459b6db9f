"""What the HTTP API takes and gives about the users of a node."""

from typing import Annotated, Literal

from msgspec import UNSET, Meta, Struct, UnsetType

from leither import limits
from leither.web.schema import Count, KeyText, Moment


def _about(text: str) -> Meta:
    return Meta(description=text)


Name = Annotated[str, Meta(min_length=1, max_length=limits.USER_NAME_BYTES_MAX, description="What they are called.")]
Quota = Annotated[
    Annotated[int, Meta(ge=0, le=limits.QUOTA_BYTES_MAX)] | None,
    _about("What the working copies of all that is theirs may hold, in bytes; null for any amount."),
]
Settings = Annotated[dict[str, str], _about("What they have set for themselves, such as a language.")]
Phrase = Annotated[
    str, Meta(max_length=limits.PHRASE_BYTES_MAX, description="24 recovery words, with white space between them.")
]


class UserInfo(Struct, frozen=True, kw_only=True):
    """A user, as the owner of the node and they themselves see them."""

    id: Annotated[KeyText, _about("The id of the person.")]
    name: Name
    quota: Quota
    bytes: Annotated[int, _about("What the working copies of all that is theirs hold.")]
    created: Annotated[Moment | None, _about("When they joined.")]
    suspended: Annotated[bool, _about("Whether their tokens and sessions don't count for now.")]


class InvitationInfo(Struct, frozen=True):
    """An invitation that nobody has used yet, without its link."""

    name: Name
    quota: Quota
    expires: Moment


class UserList(Struct, frozen=True):
    """The users of a node beside its owner."""

    users: Annotated[list[UserInfo], _about("Who is here, by name.")]
    invitations: Annotated[list[InvitationInfo], _about("Who was invited and did not come yet.")]


class NewInvitation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Somebody to invite."""

    name: Name
    quota: Quota = None
    host: (
        Annotated[
            str,
            Meta(max_length=255, description="The host that the link leads to, as that of a sign-in link."),
        ]
        | None
    ) = None


class InvitationMade(Struct, frozen=True):
    """A link by which somebody becomes a user, once."""

    url: Annotated[str, _about("Where to go. It is shown here and never again.")]
    name: Name
    expires: Moment


class JoinRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An invitation to redeem."""

    code: Annotated[str, Meta(max_length=200, description="The code of the link.")]
    phrase: Annotated[Phrase, _about("To be who these words are; without them a new seed is drawn.")] | None = None


class Joined(Struct, frozen=True, kw_only=True):
    """A new user, signed in."""

    id: Annotated[KeyText, _about("The id of the person.")]
    name: Name
    token: Annotated[str, _about("The secret of the session, to be sent as `Authorization: Bearer`.")]
    expires: Moment
    words: Annotated[str | None, _about("The 24 recovery words of a new seed; shown here and never again.")]
    returned: Annotated[int, _about("How many MiMei of theirs this node held, which are theirs again.")]


class UserChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change of a user; what is left out stays."""

    name: Name | UnsetType = UNSET
    quota: Quota | UnsetType = UNSET
    suspended: Annotated[bool, _about("Whether to let their tokens and sessions count no longer.")] | UnsetType = UNSET


class OwnSettings(Struct, frozen=True, forbid_unknown_fields=True):
    """What a user has set for themselves."""

    settings: Settings


class Removal(Struct, frozen=True, forbid_unknown_fields=True):
    """What becomes of the data of a user who is removed."""

    data: Annotated[
        Literal["keep", "delete"], _about("`keep`: the owner holds it, unchanged from now on. `delete`: it is gone.")
    ]


class SealedExport(Struct, frozen=True, forbid_unknown_fields=True):
    """What the identity in an export is encrypted under."""

    passphrase: Annotated[str, Meta(min_length=1, max_length=1024, description="A passphrase that the user chooses.")]


class Removed(Struct, frozen=True, kw_only=True):
    """What a removal did."""

    mimei: Annotated[int, _about("How many MiMei were theirs.")]
    versions: Annotated[int, _about("How many versions these had.")]
    bytes: Annotated[int, _about("What their working copies held.")]
    sessions: Annotated[int, _about("Tokens and sessions that ended.")]
    blocks_dropped: Count
    bytes_reclaimed: Annotated[int, _about("What was given back to the disk; nothing if the owner keeps it.")]
    receipt: Annotated[
        str | None,
        _about("Of a deletion, the node's signed word on it, an erasure record in base64url, for the person to keep."),
    ]
    compacted: Annotated[
        bool,
        _about("Of a deletion, whether nothing of it is left in any file; if not, collect garbage thoroughly later."),
    ]
