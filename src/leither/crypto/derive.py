"""HKDF-SHA256 (RFC 5869), the one way keys and salts are derived from a seed."""

import hashlib
import hmac

_HASH_BYTES = 32


def hkdf(secret: bytes, *, purpose: str, context: bytes = b"", size_bytes: int = 32) -> bytes:
    """Return `size_bytes` derived from `secret` for one named purpose.

    Args: secret: uniformly random, at least 16 bytes. purpose: a name such as "leither/person/1". context: what
        else the result depends on, for instance an id; a zero byte separates it from the purpose.
    Source: RFC 5869 section 2, with an empty salt.
    """
    info = purpose.encode("ascii") + b"\0" + context
    return expand(hmac.digest(bytes(_HASH_BYTES), secret, hashlib.sha256), info, size_bytes)


def expand(key: bytes, info: bytes, size_bytes: int) -> bytes:
    """Return RFC 5869 section 2.3's output keying material. `size_bytes` is at most 8160."""
    assert 0 < size_bytes <= 255 * _HASH_BYTES
    block, output = b"", b""
    counter = 1
    while len(output) < size_bytes:
        block = hmac.digest(key, block + info + bytes((counter,)), hashlib.sha256)
        output += block
        counter += 1
    return output[:size_bytes]
