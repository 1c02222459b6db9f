"""A seed under the seed that took its place, so that whoever has the present words has what was made before too.

Key: HKDF of the present seed for `leither/former-seed/1` and the former person's id, used once, so the nonce is zeros.
ChaCha20-Poly1305, 48 bytes. Source: RFC 5869, RFC 8439.
"""

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from leither.crypto.derive import hkdf
from leither.crypto.ids import KeyId
from leither.crypto.keys import person_key

FORMER_SEED_BYTES = 48
_NONCE = bytes(12)


def seal_former_seed(former: bytes, present: bytes) -> bytes:
    """Return the seed `former` under the seed `present`: 48 bytes."""
    key = _key(present, person_key(former).id)
    return sodium.crypto_aead_chacha20poly1305_ietf_encrypt(former, None, _NONCE, key)


def open_former_seed(sealed: bytes, present: bytes, person: KeyId) -> bytes | None:
    """Return the seed of the former `person`, or None if it is not one that `seal_former_seed` put under `present`."""
    try:
        former = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(sealed, None, _NONCE, _key(present, person))
    except (CryptoError, ValueError):
        return None
    return former if person_key(former).id == person else None


def _key(present: bytes, person: KeyId) -> bytes:
    return hkdf(present, purpose="leither/former-seed/1", context=person)
