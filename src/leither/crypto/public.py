"""Whole public keys as text: lower-case RFC 4648 base32 without padding, as ids are.

A person's key alone has 52 characters. Who reads private MiMei tells two, the one that they sign with and the one that
keys are sent to them with: 103 characters.
"""

import base64
import re

from leither.errors import InputError

KEY_BYTES = 32
KEY_TEXT = re.compile(r"[a-z2-7]{51}[aq]")
READER_TEXT = re.compile(r"[a-z2-7]{102}[aiqy]")
_PADDING = "===="
_READER_PADDING = "="


class NotAKey(InputError):
    """The text is no whole public key."""

    code = "not-a-key"

    def __init__(self, given: str) -> None:
        self.given = given[:100]
        super().__init__(
            f"{self.given!r} is not a whole key: expected 52 characters of a-z and 2-7, as `leither share key` prints "
            "them; an id alone, of 32 characters, doesn't hold the key"
        )


def key_text(public: bytes) -> str:
    """Return the text of a whole key (32 bytes)."""
    return base64.b32encode(public).decode("ascii").lower().rstrip("=")


def parse_key(text: str) -> bytes:
    """Return the 32 bytes of a key's text. Raises: NotAKey."""
    if not KEY_TEXT.fullmatch(text):
        raise NotAKey(text)
    return base64.b32decode(text.upper() + _PADDING)


def reader_text(public: bytes, seal: bytes) -> str:
    """Return the text of the key that a person signs with and of the one that keys are sent to them with."""
    return base64.b32encode(public + seal).decode("ascii").lower().rstrip("=")


def parse_reader(text: str) -> tuple[bytes, bytes | None]:
    """Return the key that a person signs with and, where the text holds both, the other one. Raises: NotAKey."""
    if not READER_TEXT.fullmatch(text):
        return parse_key(text), None
    both = base64.b32decode(text.upper() + _READER_PADDING)
    return both[:KEY_BYTES], both[KEY_BYTES:]
