"""Wrapping a key for a reader: HPKE (RFC 9180) in base mode, with X25519, HKDF-SHA256 and ChaCha20-Poly1305.

Opening is the library's. Wrapping is written here, since the library draws the ephemeral key by chance and nothing here
rolls dice: it follows from what is wrapped and for whom, so that all who make a key ring make the same one.
What is opened was wrapped by the standard's rules, then, and tests compare with the standard's vectors as well.
"""

from __future__ import annotations

import hashlib
import hmac
from functools import cache, lru_cache
from typing import TYPE_CHECKING

from leither.crypto.derive import expand, hkdf

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
    from cryptography.hazmat.primitives.hpke import Suite

SEAL_KEY_BYTES = 32
WRAPPED_BYTES = 32 + 32 + 16
"""Ephemeral public key, the 32-byte secret, tag."""
_KEM = b"KEM\x00\x20"
_HPKE = b"HPKE\x00\x20\x00\x01\x00\x03"
_BASE = b"\x00"


class SealKey:
    """The X25519 key pair that a device or person is sent keys with. Its secret never shows in `repr`."""

    __slots__ = ("_private", "public")

    def __init__(self, private: bytes) -> None:
        """Take the 32 bytes of a private key."""
        from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey

        self._private: X25519PrivateKey = X25519PrivateKey.from_private_bytes(private)
        self.public: bytes = self._private.public_key().public_bytes_raw()

    def unwrap(self, wrapped: bytes, info: bytes) -> bytes | None:
        """Return what was wrapped for this key with the same `info`, or None if nothing was. Cost: 0.1 ms."""
        from cryptography.exceptions import InvalidTag

        try:
            return _suite().decrypt(wrapped, self._private, info=info)
        except (InvalidTag, ValueError):
            return None

    def __repr__(self) -> str:
        return f"SealKey(public={self.public.hex()})"


def seal_key(seed: bytes) -> SealKey:
    """Return the seal key that follows from a seed: a person's, or a node's own. Its Ed25519 key is another secret."""
    return SealKey(hkdf(seed, purpose="leither/seal-key/1"))


def wrap(secret: bytes, reader: bytes, info: bytes) -> bytes:
    """Return `secret`, 32 uniformly random bytes, wrapped for the X25519 public key `reader`: the same each time.

    Raises: ValueError: a key of small order, with which no secret can be shared.
    """
    ephemeral = hkdf(secret, purpose="leither/wrap/1", context=reader + info)
    return encapsulate(secret, reader, info, ephemeral=derive_private(ephemeral))


@lru_cache(maxsize=4096)
def is_seal_key(public: bytes) -> bool:
    """Tell whether anything can be wrapped for a key that came from elsewhere: it is none of small order."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey

    try:
        X25519PrivateKey.from_private_bytes(bytes(SEAL_KEY_BYTES)).exchange(X25519PublicKey.from_public_bytes(public))
    except ValueError:
        return False
    return True


def encapsulate(plaintext: bytes, reader: bytes, info: bytes, *, ephemeral: bytes, aad: bytes = b"") -> bytes:
    """Return the ephemeral public key and the ciphertext. Source: RFC 9180 sections 4.1, 5.1, 5.2, 6.1."""
    from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    private = X25519PrivateKey.from_private_bytes(ephemeral)
    enc = private.public_key().public_bytes_raw()
    exchanged = private.exchange(X25519PublicKey.from_public_bytes(reader))
    shared = _expand(_KEM, _extract(_KEM, b"", b"eae_prk", exchanged), b"shared_secret", enc + reader, 32)
    context = _BASE + _extract(_HPKE, b"", b"psk_id_hash", b"") + _extract(_HPKE, b"", b"info_hash", info)
    secret = _extract(_HPKE, shared, b"secret", b"")
    key = _expand(_HPKE, secret, b"key", context, 32)
    nonce = _expand(_HPKE, secret, b"base_nonce", context, 12)
    return enc + ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def derive_private(material: bytes) -> bytes:
    """Return the X25519 private key that follows from `material`. Source: RFC 9180 section 7.1.3."""
    return _expand(_KEM, _extract(_KEM, b"", b"dkp_prk", material), b"sk", b"", 32)


def _extract(suite: bytes, salt: bytes, label: bytes, material: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + material, hashlib.sha256)


def _expand(suite: bytes, key: bytes, label: bytes, info: bytes, size_bytes: int) -> bytes:
    return expand(key, size_bytes.to_bytes(2) + b"HPKE-v1" + suite + label + info, size_bytes)


@cache
def _suite() -> Suite:
    from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite

    return Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
