"""A person's seed under a passphrase: Argon2id, then ChaCha20-Poly1305.

Layout (bytes): `LSEED1` ‖ ops u32 ‖ memory KiB u32 ‖ salt 16 ‖ nonce 12 ‖ ciphertext of the 32-byte seed with its
16-byte tag. All before the ciphertext is associated data. The passphrase is taken in Unicode's form NFC, so that the
same characters open it on every keyboard. Bytes: `spec/format/seedfile.md`. Source: RFC 9106, RFC 8439.
"""

import struct
import unicodedata

import nacl.bindings as sodium
from nacl.exceptions import CryptoError
from nacl.pwhash import argon2id

from leither import limits
from leither.errors import DeniedError, InputError

MAGIC = b"LSEED1"
_HEAD = struct.Struct(">6sII16s12s")
OPS = 3
MEMORY_KIB = 64 * 1024
_MEMORY_KIB_MIN = 8
"""Argon2's own least, for one lane (RFC 9106 section 3.1)."""
SALT_BYTES = 16
NONCE_BYTES = 12
SEED_BYTES = 32
_TAG_BYTES = 16
SEALED_BYTES = _HEAD.size + SEED_BYTES + _TAG_BYTES


class WrongPassphrase(DeniedError):
    """The passphrase does not open the seed, or the file was changed."""

    code = "wrong-passphrase"

    def __init__(self) -> None:
        super().__init__("the passphrase does not open this identity; check it and try again")


class NotASeed(InputError):
    """The bytes are not an encrypted seed."""

    code = "not-a-seed"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"not an encrypted identity: {reason}")


def seal_seed(
    seed: bytes, passphrase: str, *, salt: bytes, nonce: bytes, ops: int = OPS, memory_kib: int = MEMORY_KIB
) -> bytes:
    """Return `seed` (32 bytes) encrypted. `salt` (16) and `nonce` (12) are fresh random bytes. Cost: 64 MiB, 0.1 s."""
    assert (len(seed), len(salt), len(nonce)) == (SEED_BYTES, SALT_BYTES, NONCE_BYTES)
    head = _HEAD.pack(MAGIC, ops, memory_kib, salt, nonce)
    key = _derive(passphrase, salt, ops, memory_kib)
    return head + sodium.crypto_aead_chacha20poly1305_ietf_encrypt(seed, head, nonce, key)


def open_seed(sealed: bytes, passphrase: str) -> bytes:
    """Return the 32-byte seed. Cost: what the file asks for, within limits. Raises: NotASeed, WrongPassphrase."""
    if len(sealed) != SEALED_BYTES:
        raise NotASeed(f"{len(sealed)} bytes, expected {SEALED_BYTES}")
    head = sealed[: _HEAD.size]
    magic, ops, memory_kib, salt, nonce = _HEAD.unpack(head)
    if magic != MAGIC:
        raise NotASeed("unknown format")
    if not (1 <= ops <= limits.SEED_OPS_MAX and _MEMORY_KIB_MIN <= memory_kib <= limits.SEED_MEMORY_KIB_MAX):
        raise NotASeed(
            f"it asks for {ops:,} passes over {memory_kib:,} KiB; the limits are {limits.SEED_OPS_MAX} passes "
            f"and {limits.SEED_MEMORY_KIB_MAX:,} KiB"
        )
    key = _derive(passphrase, salt, ops, memory_kib)
    try:
        return sodium.crypto_aead_chacha20poly1305_ietf_decrypt(sealed[_HEAD.size :], head, nonce, key)
    except CryptoError:
        raise WrongPassphrase from None


def _derive(passphrase: str, salt: bytes, ops: int, memory_kib: int) -> bytes:
    # A terminal's stray bytes arrive as lone surrogates; they count as they are.
    secret = unicodedata.normalize("NFC", passphrase).encode("utf-8", "surrogatepass")
    return argon2id.kdf(32, secret, salt, opslimit=ops, memlimit=memory_kib * 1024)
