"""Whole public keys as text: 52 characters of lower-case RFC 4648 base32 without padding, as ids are 32."""

import base64
import re

from leither.errors import InputError

KEY_BYTES = 32
KEY_TEXT = re.compile(r"[a-z2-7]{51}[aq]")
_PADDING = "===="


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
