"""The inputs of the published profile vectors: ChaCha20's key stream under the SHA-256 of a seed, all else 0."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms

ALPHABET = "abcdefghijklmnopqrstuvwxyz01234567890-_"
PIECE_BYTES = 1 << 20


def stream(size_bytes: int, seed: str, piece_bytes: int = PIECE_BYTES) -> Iterator[bytes]:
    key = hashlib.sha256(seed.encode()).digest()
    encryptor = Cipher(algorithms.ChaCha20(key, bytes(16)), None).encryptor()
    zeros = bytes(piece_bytes)
    while size_bytes:
        piece = min(piece_bytes, size_bytes)
        yield encryptor.update(zeros[:piece])
        size_bytes -= piece


def names(count: int, length: int, last_length: int, seed: str) -> list[str]:
    """`count` names of `length` characters, the last of `last_length`, drawn from the first MiB of the stream."""
    source = b"".join(stream(PIECE_BYTES, seed))
    lengths = [length] * (count - 1) + [last_length]
    found = []
    start = 0
    for size in lengths:
        found.append("".join(ALPHABET[byte % len(ALPHABET)] for byte in source[start : start + size]))
        start += size
    return found
