"""160-bit ids and their text form.

An id is the first 20 bytes of a SHA-256: of a raw public key (people, nodes), or of a genesis record (MiMei). Its text
is 32 characters of lower-case RFC 4648 base32 without padding, so it is also a DNS label, a user name and a
path segment.
"""

import base64
import hashlib
import re
from typing import NewType

from leither.errors import InputError

ID_BYTES = 20
ID_TEXT = re.compile(r"[a-z2-7]{32}")

KeyId = NewType("KeyId", bytes)
MimeiId = NewType("MimeiId", bytes)


class NotAnId(InputError):
    """The text is not a 32-character base32 id."""

    code = "not-an-id"

    def __init__(self, given: str) -> None:
        self.given = given[:100]
        super().__init__(f"{self.given!r} is not an id: expected 32 characters of a-z and 2-7")


def derive_id(data: bytes) -> bytes:
    """Return the first 160 bits of SHA-256 of `data`."""
    return hashlib.sha256(data).digest()[:ID_BYTES]


def key_id(public_key: bytes) -> KeyId:
    """Return the id of a raw Ed25519 public key (32 bytes)."""
    return KeyId(derive_id(public_key))


def mimei_id(genesis: bytes) -> MimeiId:
    """Return the id of the MiMei whose canonical genesis record is `genesis`."""
    return MimeiId(derive_id(genesis))


def id_text(raw: bytes) -> str:
    """Return the 32-character text of a 20-byte id."""
    return base64.b32encode(raw).decode("ascii").lower()


def parse_id(text: str) -> bytes:
    """Return the 20 bytes of an id's text. Raises: NotAnId."""
    if not ID_TEXT.fullmatch(text):
        raise NotAnId(text)
    return base64.b32decode(text.upper())
