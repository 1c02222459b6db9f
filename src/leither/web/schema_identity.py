"""What the HTTP API gives about who somebody is, and by which devices they act."""

from typing import Annotated

from msgspec import Meta, Struct

from leither.web.schema import Id, KeyText


def _about(text: str) -> Meta:
    return Meta(description=text)


class ListedMimei(Struct, frozen=True):
    """A MiMei that a person's index names."""

    id: Id
    type: Annotated[str, _about("file, db or fs.")]
    app: Annotated[str, _about("What it is for.")]
    ext: Annotated[str, _about("The extension of its topic.")]
    mark: Annotated[str, _about("Its name among those of one app.")]
    nodes: Annotated[list[str], _about("The ids of the nodes that had it.")]
    held: Annotated[bool, _about("Whether it is on this node.")]


class IdentityInfo(Struct, frozen=True, kw_only=True):
    """Who the caller is as a person."""

    person: Annotated[KeyText, _about("The id of the person.")]
    key: Annotated[str, _about("Their whole public key, in hex.")]
    node: Annotated[KeyText, _about("The id of this node, which acts for them.")]
    former: Annotated[list[KeyText], _about("The ids that they had before, the first one first; these go on working.")]
    index: Annotated[Id, _about("The private MiMei that names what they have; its id follows from their key.")]
    mimei: Annotated[list[ListedMimei], _about("What the index names, by id.")]
    passphrase: Annotated[
        bool | None, _about("Whether the seed of a user is under a passphrase; null for the owner, whose home tells.")
    ]


class DeviceInfo(Struct, frozen=True, kw_only=True):
    """A key that writes what the caller made, or of which they have said that it acts for them."""

    id: Annotated[KeyText, _about("The id of its key.")]
    name: Annotated[str | None, _about("What they call it.")]
    here: Annotated[bool, _about("Whether it is this node.")]
    mimei: Annotated[int, _about("How many MiMei of the caller's on this node name it as a writer.")]
    cut: Annotated[int, _about("In how many of those it was cut off.")]


class DeviceRevoked(Struct, frozen=True):
    """A device that acts no longer."""

    id: Annotated[KeyText, _about("The id of its key.")]
    cut: Annotated[int, _about("In how many MiMei it was cut off now.")]


PassphraseText = Annotated[str, Meta(min_length=1, max_length=1024, description="A passphrase.")]


class NewPassphrase(Struct, frozen=True, forbid_unknown_fields=True):
    """What a seed is to be kept under; null for nothing."""

    passphrase: Annotated[PassphraseText | None, _about("A passphrase that the user chooses, or null.")]


class Passphrase(Struct, frozen=True, forbid_unknown_fields=True):
    """What a seed is kept under."""

    passphrase: Annotated[PassphraseText, _about("What the user chose.")]


class RotateRequest(Struct, frozen=True, forbid_unknown_fields=True):
    """What taking a new key needs."""

    passphrase: Annotated[
        PassphraseText | None, _about("What the seed is kept under, if it is; the new one goes under the same.")
    ] = None


class KeyReplacedInfo(Struct, frozen=True, kw_only=True):
    """A new key in the place of another."""

    person: Annotated[KeyText, _about("The id of the person from now on.")]
    former: Annotated[KeyText, _about("The id before.")]
    words: Annotated[str, _about("The new recovery words.")]
