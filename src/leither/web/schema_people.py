"""What the HTTP API takes and gives about grants, visitors and passports."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from leither import limits
from leither.web.schema import Id, KeyText, Moment


def _about(text: str) -> Meta:
    return Meta(description=text)


WholeKey = Annotated[str, Meta(pattern="^[a-z2-7]{52}$", description="A whole public key: 52 characters of base32.")]
ReaderKeys = Annotated[
    str,
    Meta(
        pattern="^[a-z2-7]{52}([a-z2-7]{51})?$",
        description="A whole public key, or both keys of a reader of private MiMei: 103 characters of base32.",
    ),
]
Acts = Annotated[str, Meta(max_length=200, description="Acts with commas between them, for instance read-cur,write.")]
RecordText = Annotated[str, Meta(max_length=limits.GRANT_BYTES_MAX * 2, description="A record's bytes, base64url.")]


class GrantInfo(Struct, frozen=True, kw_only=True):
    """A grant that is kept with a MiMei."""

    name: Annotated[str, _about("What it is called: the SHA-256 of its bytes, in hex.")]
    to: Annotated[WholeKey, _about("Whose it is.")]
    to_id: Annotated[KeyText, _about("The id of that key.")]
    by_id: Annotated[KeyText, _about("The id of the key that gave it.")]
    rights: Annotated[Acts, _about("What it allows.")]
    start: Annotated[Moment | None, _about("When it begins to count.")]
    until: Annotated[Moment | None, _about("When it ends.")]
    passed_on: Annotated[bool, _about("Whether somebody passed on what was granted to them.")]
    state: Annotated[Literal["counts", "early", "expired", "revoked", "foreign"], _about("How it stands now.")]
    opens: Annotated[
        bool | None,
        _about("Of a private MiMei, whether its holder gets the keys, and so opens copies; null of one that is not."),
    ] = None
    record: Annotated[RecordText | None, _about("Its bytes, which its holder needs to pass it on; null to others.")] = (
        None
    )


class GrantRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to grant; or `record` alone, a grant that its holder has signed."""

    to: (
        Annotated[
            str,
            Meta(
                max_length=110,
                description="A whole key, or the id of one known here; for a private MiMei both keys of a reader.",
            ),
        ]
        | None
    ) = None
    rights: Acts | None = None
    seconds: (
        Annotated[int, Meta(ge=1, le=limits.TIME_MS_MAX // 1000, description="How long it counts; a year by default.")]
        | None
    ) = None
    record: RecordText | None = None


class PassOnRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A grant of the caller's that is to be passed on, to be signed here and brought to where its MiMei is."""

    record: RecordText
    to: ReaderKeys
    rights: Annotated[Acts | None, _about("What to pass on; all but share by default.")] = None
    seconds: (
        Annotated[int, Meta(ge=1, le=limits.TIME_MS_MAX // 1000, description="For how long; as long as one's own.")]
        | None
    ) = None


class ReaderInfo(Struct, frozen=True):
    """Somebody who may read a private MiMei."""

    id: Annotated[KeyText, _about("The id of their key.")]
    until: Annotated[Moment | None, _about("When what they were granted ends; null for the author.")]
    has_key: Annotated[
        bool | None, _about("Whether the newest key was wrapped for them; null where only the author could tell.")
    ]


class KeyEpoch(Struct, frozen=True):
    """The key that is sealed under now."""

    epoch: Annotated[int, _about("Its number; the first key's is 0.")]


class PassedOn(Struct, frozen=True):
    """A signed grant."""

    record: RecordText


class Challenge(Struct, frozen=True, kw_only=True):
    """What a visitor needs in order to sign in."""

    node: Annotated[WholeKey, _about("This node's key, for which a passport or presentation is made.")]
    nonce: Annotated[str, _about("What a presentation answers, base64url.")]
    expires: Moment


class VisitRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a visitor shows: a passport, or a presentation that answers a challenge."""

    passport: (
        Annotated[str, Meta(max_length=limits.PASSPORT_BYTES_MAX * 2, description="As `leither passport` prints it.")]
        | None
    ) = None
    presentation: RecordText | None = None
    devices: Annotated[
        list[RecordText],
        Meta(max_length=limits.VISIT_DEVICES_MAX, description="Records of the device that signed."),
    ] = []
    successors: Annotated[
        list[RecordText],
        Meta(
            max_length=limits.SUCCESSORS_MAX,
            description="Records by which the person's key took the place of others, to whom something was granted.",
        ),
    ] = []


class VisitMade(Struct, frozen=True, kw_only=True):
    """The session of a visitor."""

    token: Annotated[str, _about("The secret, to be sent as `Authorization: Bearer`.")]
    expires: Moment
    name: Annotated[KeyText, _about("The id of the person.")]
    rights: Annotated[Acts, _about("All that it may be used for, whatever the person may do.")]
    only: Annotated[Id | None, _about("The one MiMei it is for; null for all.")]


class RevocationRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A person's word that a device or passport of theirs counts no longer."""

    revocation: RecordText


class PassportRequest(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passport to make."""

    node: Annotated[WholeKey, _about("The node that it is for.")]
    seconds: Annotated[int, Meta(ge=1, le=limits.PASSPORT_S_MAX, description="How long it counts.")] = (
        limits.PASSPORT_S_MAX
    )
    rights: Annotated[Acts | None, _about("All that it may be used for; everything by default.")] = None
    only: Annotated[Id, _about("The one MiMei that it is for.")] | None = None


class PassportMade(Struct, frozen=True, kw_only=True):
    """A passport: it opens one session, once. Whoever has it can use it."""

    passport: Annotated[str, _about("What to show to that node, at `/session/visit`.")]
    expires: Moment
    successors: Annotated[
        list[str], _about("To be shown beside it: by which the person's key took the place of former ones.")
    ]
