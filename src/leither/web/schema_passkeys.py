"""What the HTTP API takes and gives about passkeys."""

from typing import Annotated, Any

from msgspec import Meta, Struct

from leither import limits
from leither.web.schema import Moment


def _about(text: str) -> Meta:
    return Meta(description=text)


_ENCODED_MAX = 16 * 1024
"""Longest part of an authenticator's answer, in base64."""
Encoded = Annotated[str, Meta(max_length=_ENCODED_MAX)]
Name = Annotated[str, Meta(min_length=1, max_length=limits.TOKEN_NAME_BYTES_MAX, description="What lists show it as.")]


class PasskeyOptions(Struct, frozen=True):
    """What a browser is to be asked for."""

    options: Annotated[
        dict[str, Any],
        _about(
            "PublicKeyCredentialCreationOptionsJSON or PublicKeyCredentialRequestOptionsJSON, as WebAuthn defines them."
        ),
    ]


class NewPasskey(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A passkey that a browser made; what is binary is base64url without padding."""

    name: Name
    id: Annotated[Encoded, _about("The credential's id.")]
    client_data: Annotated[Encoded, _about("`clientDataJSON` of the response.")]
    attestation: Annotated[Encoded, _about("`attestationObject` of the response.")]


class PasskeyUsed(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a browser answers by a passkey; what is binary is base64url without padding."""

    id: Annotated[Encoded, _about("The credential's id.")]
    client_data: Annotated[Encoded, _about("`clientDataJSON` of the response.")]
    authenticator_data: Annotated[Encoded, _about("`authenticatorData` of the response.")]
    signature: Annotated[Encoded, _about("`signature` of the response.")]


class PasskeyChange(Struct, frozen=True, forbid_unknown_fields=True):
    """What to change of a passkey."""

    name: Name


class PasskeyInfo(Struct, frozen=True, kw_only=True):
    """A passkey, as whose it is sees it."""

    id: Annotated[str, _about("What it is renamed and removed by.")]
    name: Name
    origin: Annotated[str, _about("Where it was made. It works wherever this node has the same host.")]
    created: Annotated[Moment | None, _about("When it was made.")]
    last_used: Annotated[Moment | None, _about("When somebody last signed in by it; null for never.")]
