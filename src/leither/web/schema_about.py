"""What the HTTP API gives as all that a node holds about a person, but for the contents of their MiMei."""

from typing import Annotated, Literal

from msgspec import Meta, Struct

from leither.web.schema import Id, KeyText, Moment
from leither.web.schema_audit import AuditEntry
from leither.web.schema_node import SessionRow, TokenInfo
from leither.web.schema_passkeys import PasskeyInfo
from leither.web.schema_people import Acts, RecordText, WholeKey
from leither.web.schema_users import InvitationInfo


def _about(text: str) -> Meta:
    return Meta(description=text)


class AboutMimei(Struct, frozen=True, kw_only=True):
    """A MiMei of the person's."""

    id: Id
    type: Annotated[str, _about("file, fs, db, or a type that a later node made.")]
    app: Annotated[str, _about("What it is for.")]
    ext: Annotated[str, _about("The extension of its topic.")]
    mark: Annotated[str, _about("Its name among those of one app.")]
    private: Annotated[bool, _about("Whether what it holds is stored sealed.")]
    right: Annotated[str, _about("Who may do what.")]
    created: Annotated[Moment | None, _about("When it was made.")]
    versions: Annotated[int, _about("How many versions are held.")]
    bytes: Annotated[int, _about("What its working copy holds.")]


class AboutGrant(Struct, frozen=True, kw_only=True):
    """A grant that the person gave, or was given."""

    mimei: Id
    to: Annotated[WholeKey, _about("Whose it is.")]
    by: Annotated[WholeKey, _about("Who gave it.")]
    rights: Annotated[Acts, _about("What it allows.")]
    start: Annotated[Moment | None, _about("When it begins to count.")]
    until: Annotated[Moment | None, _about("When it ends.")]
    record: Annotated[RecordText, _about("Its bytes.")]


class About(Struct, frozen=True, kw_only=True):
    """All that this node holds about a person. What is in their MiMei is in an export of these."""

    node: Annotated[KeyText, _about("The id of the node.")]
    at: Annotated[Moment, _about("When this was put together.")]
    person: Annotated[KeyText, _about("The id of the person.")]
    key: Annotated[WholeKey, _about("Their whole key.")]
    former: Annotated[list[WholeKey], _about("Keys that they had before.")]
    role: Annotated[Literal["owner", "user"], _about("What they are to the node.")]
    name: Annotated[str | None, _about("What a user is called here.")]
    joined: Annotated[Moment | None, _about("When a user joined.")]
    quota: Annotated[int | None, _about("What all that is a user's may hold, in bytes; null for any amount.")]
    suspended: Annotated[bool, _about("Whether a user is kept out for now.")]
    settings: Annotated[dict[str, str], _about("What a user has set for themselves.")]
    mimei: Annotated[list[AboutMimei], _about("The MiMei that are theirs.")]
    tokens: Annotated[list[TokenInfo], _about("Their tokens, without the secrets, which the node doesn't know.")]
    sessions: Annotated[list[SessionRow], _about("Where they are signed in.")]
    passkeys: Annotated[list[PasskeyInfo], _about("Their passkeys; the secret halves are on their devices.")]
    grants_given: Annotated[list[AboutGrant], _about("Grants that are kept with their MiMei.")]
    grants_held: Annotated[list[AboutGrant], _about("Grants that they were given, as far as the node knows.")]
    invitations: Annotated[list[InvitationInfo], _about("Whom the owner of the node has invited.")]
    audit: Annotated[list[AuditEntry], _about("Who did what with what is theirs, the newest first.")]
