"""The key of an epoch, and what is sealed under it: each block under a key of its own.

A block's key follows from the epoch key and the block's 24-byte nonce, so ChaCha20-Poly1305 runs under every key with
one nonce, of zeros, once. The nonce is a keyed hash of what is sealed: equal things seal alike under one epoch key, and
two different things never share a nonce. `cryptography` is imported on first use: 7 MB that a node without anything
private does without. Bytes: spec/format/sealed-block.md. Source: RFC 5869, RFC 8439.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from leither.crypto.derive import hkdf
from leither.crypto.keyed_hash import KeyedHash

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

EPOCH_KEY_BYTES = 32
SEAL_NONCE_BYTES = 24
SEAL_TAG_BYTES = 16
SEALED_KEY_BYTES = EPOCH_KEY_BYTES + SEAL_TAG_BYTES
_ZEROS = bytes(12)
_BLOCK_INFO = b"leither/seal-block/1\0"


def epoch_secret(seed: bytes, mimei: bytes, epoch: int) -> bytes:
    """Return the 32 bytes of the key of one epoch of a MiMei whose author's seed this is.

    It follows from the seed, so the words alone open what a keeper kept, and all nodes that hold the seed agree.
    """
    return hkdf(seed, purpose="leither/epoch-key/1", context=mimei + epoch.to_bytes(8))


class EpochKey:
    """The key that a MiMei's blocks are sealed under in one key epoch. Its secret never shows in `repr`."""

    __slots__ = ("_block", "_nonce", "epoch", "secret")

    def __init__(self, secret: bytes, epoch: int) -> None:
        assert len(secret) == EPOCH_KEY_BYTES
        self.secret = secret
        self.epoch = epoch
        self._nonce = KeyedHash(hkdf(secret, purpose="leither/seal-nonce/1"))
        self._block = KeyedHash(KeyedHash(bytes(32)).digest(secret))

    def nonce(self, message: bytes) -> bytes:
        """Return the 24-byte nonce of what `message` stands for."""
        return self._nonce.digest(message)[:SEAL_NONCE_BYTES]

    def seal(self, nonce: bytes, head: bytes, plaintext: bytes) -> bytes:
        """Return `plaintext` sealed under the key of `nonce`, 16 bytes longer, and bound to `head`."""
        return self._cipher(nonce).encrypt(_ZEROS, plaintext, head)

    def open(self, nonce: bytes, head: bytes, ciphertext: bytes | memoryview) -> bytes | None:
        """Return what was sealed, or None if it was not sealed so: under this key, that nonce, with that head."""
        from cryptography.exceptions import InvalidTag

        try:
            return self._cipher(nonce).decrypt(_ZEROS, ciphertext, head)
        except InvalidTag:
            return None

    def seal_previous(self, previous: EpochKey, mimei: bytes) -> bytes:
        """Return the secret of the epoch before, sealed under this key: 48 bytes."""
        return _cipher(self._previous_key(mimei)).encrypt(_ZEROS, previous.secret, None)

    def open_previous(self, sealed: bytes, mimei: bytes) -> EpochKey | None:
        """Return the key of the epoch before that `seal_previous` sealed, or None if it was not."""
        from cryptography.exceptions import InvalidTag

        try:
            secret = _cipher(self._previous_key(mimei)).decrypt(_ZEROS, sealed, None)
        except InvalidTag:
            return None
        return EpochKey(secret, self.epoch - 1)

    def _previous_key(self, mimei: bytes) -> bytes:
        return hkdf(self.secret, purpose="leither/seal-previous/1", context=mimei + self.epoch.to_bytes(8))

    def _cipher(self, nonce: bytes) -> ChaCha20Poly1305:
        # HKDF of the secret with this info: the extraction is done once, and one block of output is enough.
        return _cipher(self._block.digest(_BLOCK_INFO + nonce + b"\x01"))

    def __repr__(self) -> str:
        return f"EpochKey(epoch={self.epoch})"


def _cipher(key: bytes) -> ChaCha20Poly1305:
    from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305

    return ChaCha20Poly1305(key)
