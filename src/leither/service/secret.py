"""Secrets that are shown once: random, and stored as a hash alone."""

import hashlib
from base64 import b32encode

from leither.ports import Random

_SECRET_BYTES = 32


def new_secret(random: Random) -> str:
    """Return 256 random bits as text."""
    return b32encode(random.token(_SECRET_BYTES)).decode().rstrip("=").lower()


def digest(secret: str) -> bytes:
    """Return what is stored of a secret. With 256 random bits there is nothing to guess, so a plain hash keeps it."""
    return hashlib.sha256(secret.encode(errors="replace")).digest()
