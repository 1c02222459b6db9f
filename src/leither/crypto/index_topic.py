"""The topic of a private MiMei under its person's seed, as the person's index has it, which others may keep.

Keys: HKDF of the seed with the MiMei's id, one for the nonce and one for the cipher. The nonce is a keyed hash of what
is sealed, so the same topic seals alike each time and two never share one. ChaCha20-Poly1305: nonce of 12 bytes,
ciphertext, tag of 16. Source: RFC 5869, RFC 8439.
"""

import hashlib
import hmac

import nacl.bindings as sodium
from nacl.exceptions import CryptoError

from leither.crypto.derive import hkdf
from leither.crypto.ids import MimeiId

_NONCE_BYTES = 12


def seal_topic(topic: bytes, seed: bytes, mimei: MimeiId) -> bytes:
    """Return `topic` under the seed: 28 bytes more."""
    nonce = _nonce(topic, seed, mimei)
    return nonce + sodium.crypto_aead_chacha20poly1305_ietf_encrypt(topic, None, nonce, _key(seed, mimei))


def open_topic(sealed: bytes, seed: bytes, mimei: MimeiId) -> bytes | None:
    """Return the topic of a MiMei, or None if `seal_topic` didn't put it under this seed."""
    nonce, rest = sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:]
    try:
        topic = sodium.crypto_aead_chacha20poly1305_ietf_decrypt(rest, None, nonce, _key(seed, mimei))
    except (CryptoError, ValueError, TypeError):
        return None
    return topic if _nonce(topic, seed, mimei) == nonce else None


def _key(seed: bytes, mimei: MimeiId) -> bytes:
    return hkdf(seed, purpose="leither/index-topic/1", context=mimei)


def _nonce(topic: bytes, seed: bytes, mimei: MimeiId) -> bytes:
    key = hkdf(seed, purpose="leither/index-topic-nonce/1", context=mimei)
    return hmac.digest(key, topic, hashlib.sha256)[:_NONCE_BYTES]
