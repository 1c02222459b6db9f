"""An authenticator and its browser in software: one ES256 key, answers as WebAuthn has them."""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass, field
from typing import Any

import cbor2
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from leither.service.passkey_ceremony import Answer

PRESENT, VERIFIED, ATTESTED = 0x01, 0x04, 0x40


def encoded(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def decoded(text: str) -> bytes:
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass
class Authenticator:
    """What it says can be bent: `origin` and `host` of the page, flags, and how far it counts."""

    origin: str = "http://localhost:4800"
    host: str = "localhost"
    credential: bytes = b"credential"
    count: int = 0
    counts: bool = True
    flags: int = PRESENT | VERIFIED
    cross_origin: bool = False
    key: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.derive_private_key(7, ec.SECP256R1()))

    def make(self, options: dict[str, Any]) -> Answer:
        """Answer PublicKeyCredentialCreationOptionsJSON."""
        numbers = self.key.public_key().public_numbers()
        cose = {1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        held = bytes(16) + len(self.credential).to_bytes(2, "big") + self.credential + cbor2.dumps(cose)
        data = self._data(self.flags | ATTESTED) + held
        attestation = cbor2.dumps({"fmt": "none", "attStmt": {}, "authData": data})
        return Answer(encoded(self.credential), encoded(self._client("webauthn.create", options)), encoded(attestation))

    def use(self, options: dict[str, Any]) -> Answer:
        """Answer PublicKeyCredentialRequestOptionsJSON."""
        self.count += self.counts
        data, client = self._data(self.flags), self._client("webauthn.get", options)
        signature = self.key.sign(data + hashlib.sha256(client).digest(), ec.ECDSA(hashes.SHA256()))
        return Answer(encoded(self.credential), encoded(client), encoded(data), encoded(signature))

    def _data(self, flags: int) -> bytes:
        return hashlib.sha256(self.host.encode()).digest() + bytes([flags]) + self.count.to_bytes(4, "big")

    def _client(self, kind: str, options: dict[str, Any]) -> bytes:
        members = {"type": kind, "challenge": options["challenge"], "origin": self.origin}
        return json.dumps(members | {"crossOrigin": self.cross_origin}).encode()
