"""The two ceremonies of a passkey, checked: one is made, and somebody signs in by it.  Source: WebAuthn 3, section 7.

To be imported late: the library takes about 0.1 s and a few MB, and most requests are about something else.
"""

import struct
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from cryptography.exceptions import UnsupportedAlgorithm
from fido2 import cbor
from fido2.cose import ES256, RS256, CoseKey, EdDSA
from fido2.server import Fido2Server
from fido2.utils import websafe_decode, websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestedCredentialData,
    AuthenticationResponse,
    AuthenticatorData,
    CollectedClientData,
    PublicKeyCredentialDescriptor,
    PublicKeyCredentialParameters,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialType,
    PublicKeyCredentialUserEntity,
    RegistrationResponse,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from leither import limits
from leither.errors import DeniedError

T = TypeVar("T")
_KINDS: tuple[type[CoseKey], ...] = (ES256, EdDSA, RS256)
_KEY_BYTES_MAX = 1024
"""Longest public key; RSA with 4,096 bits takes 540."""
_CREDENTIAL_BYTES_MAX = 1023
"""Longest id of a credential, as WebAuthn has it."""
_PREFERRED = UserVerificationRequirement.PREFERRED
_MALFORMED = (
    ValueError,
    KeyError,
    TypeError,
    IndexError,
    AttributeError,
    AssertionError,
    OverflowError,
    NotImplementedError,
    RecursionError,
    struct.error,
    UnsupportedAlgorithm,
)
"""What the library raises for answers that are none."""


class BadPasskey(DeniedError):
    """What came from the authenticator is not what was asked for, or not signed by the passkey."""

    code = "bad-passkey"

    def __init__(self, reason: str) -> None:
        self.reason = reason[:200]
        super().__init__(f"the passkey was refused ({self.reason}); try again, or sign in with `leither link`")


class ForeignPasskey(DeniedError):
    """The passkey was used on a page of another origin."""

    code = "foreign-passkey"

    def __init__(self, origin: str, expected: str) -> None:
        self.origin = origin[:200]
        self.expected = expected
        super().__init__(
            f"the passkey was used at {self.origin!r}, and this is {expected!r}; use it on this node's page"
        )


@dataclass(frozen=True, slots=True)
class Party:
    """Whom a passkey is for: the host alone, as browsers have it, and the exact origin that a page must be of."""

    host: str
    origin: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What a browser hands over, in base64url as it has it. `proof` is an attestation, or what was signed."""

    credential: str
    client_data: str
    proof: str
    signature: str = ""


@dataclass(frozen=True, slots=True)
class Made:
    """A new credential: its id, its public key as COSE has it, and what its authenticator counted so far."""

    credential: bytes
    key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Used:
    """A credential that was used, whose signature is not checked yet."""

    party: Party
    challenge: bytes
    credential: bytes
    sign_count: int
    response: AuthenticationResponse


def creation_options(party: Party, challenge: bytes, *, handle: bytes, name: str, held: list[bytes]) -> dict[str, Any]:
    """Return what a browser needs to make a passkey, as PublicKeyCredentialCreationOptionsJSON.

    Args: handle: of the person, telling nothing of them. name: shown by the authenticator. held: their credentials.
    """
    options, _ = _server(party).register_begin(
        PublicKeyCredentialUserEntity(id=handle, name=name, display_name=name),
        [PublicKeyCredentialDescriptor(type=PublicKeyCredentialType.PUBLIC_KEY, id=one) for one in held],
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=_PREFERRED,
        challenge=challenge,
    )
    return dict(options.public_key)


def request_options(party: Party, challenge: bytes) -> dict[str, Any]:
    """Return what a browser needs to use a passkey, as PublicKeyCredentialRequestOptionsJSON. It names nobody."""
    options, _ = _server(party).authenticate_begin(user_verification=_PREFERRED, challenge=challenge)
    return dict(options.public_key)


def challenge_of(answer: Answer) -> bytes:
    """Return the challenge that an answer says it answers; nothing else is checked. Raises: BadPasskey."""
    return _parsed(lambda: bytes(_client_data(answer).challenge))


def check_made(party: Party, answer: Answer) -> Made:
    """Return the credential that was made; its challenge has been checked. Raises: BadPasskey, ForeignPasskey."""

    def work() -> Made:
        client = _client_data(answer)
        _check_page(party, client)
        response = RegistrationResponse.from_dict(
            _response(answer, {"clientDataJSON": answer.client_data, "attestationObject": answer.proof})
        )
        data = _server(party).register_complete(_state(client.challenge), response)
        held = data.credential_data
        if held is None or held.credential_id != response.raw_id:
            raise ValueError("it is about another credential")
        if not isinstance(held.public_key, _KINDS):
            raise ValueError("keys of that kind are not taken")
        key = cbor.encode(held.public_key)
        if len(key) > _KEY_BYTES_MAX or len(held.credential_id) > _CREDENTIAL_BYTES_MAX:
            raise ValueError("the credential is too long")
        return Made(held.credential_id, key, data.counter)

    return _parsed(work)


def read_used(party: Party, answer: Answer) -> Used:
    """Return which credential was used, for whoever has its key to check. Raises: BadPasskey, ForeignPasskey."""

    def work() -> Used:
        client = _client_data(answer)
        _check_page(party, client)
        response = AuthenticationResponse.from_dict(
            _response(
                answer,
                {
                    "clientDataJSON": answer.client_data,
                    "authenticatorData": answer.proof,
                    "signature": answer.signature,
                },
            )
        )
        data: AuthenticatorData = response.response.authenticator_data
        return Used(party, client.challenge, response.raw_id, data.counter, response)

    return _parsed(work)


def check_used(used: Used, key: bytes) -> None:
    """Check that the credential with this public key signed. Raises: BadPasskey."""

    def work() -> None:
        held = AttestedCredentialData.create(Aaguid.NONE, used.credential, CoseKey.parse(_mapping(cbor.decode(key))))
        _server(used.party).authenticate_complete(_state(used.challenge), [held], used.response)

    _parsed(work)


def _mapping(value: object) -> dict[int, Any]:
    assert isinstance(value, dict), "a stored key is a map"
    return value


def _server(party: Party) -> Fido2Server:
    server = Fido2Server(
        PublicKeyCredentialRpEntity(name="Leither", id=party.host), verify_origin=lambda origin: origin == party.origin
    )
    server.timeout = limits.PASSKEY_CHALLENGE_S * 1000  # type: ignore[assignment]  # its hints know only the default
    server.allowed_algorithms = [
        PublicKeyCredentialParameters(type=PublicKeyCredentialType.PUBLIC_KEY, alg=kind.ALGORITHM) for kind in _KINDS
    ]
    return server


def _state(challenge: bytes) -> dict[str, Any]:
    return {"challenge": websafe_encode(challenge), "user_verification": _PREFERRED}


def _response(answer: Answer, response: dict[str, str]) -> dict[str, Any]:
    return {"id": answer.credential, "rawId": answer.credential, "type": "public-key", "response": response}


def _client_data(answer: Answer) -> CollectedClientData:
    return CollectedClientData(websafe_decode(answer.client_data))


def _check_page(party: Party, client: CollectedClientData) -> None:
    """Check whose page asked. All ports of a host share its passkeys, so that the exact origin has to be compared."""
    if client.origin != party.origin:
        raise ForeignPasskey(str(client.origin), party.origin)
    if client.cross_origin is not False:
        raise ValueError("the page stood inside another one")


def _parsed(work: Callable[[], T]) -> T:
    try:
        return work()
    except _MALFORMED as error:
        raise BadPasskey(str(error) or type(error).__name__) from error
