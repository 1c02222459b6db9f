"""Bytes of records inside JSON: base64 in the alphabet of URLs, without padding."""

import re
from base64 import urlsafe_b64decode, urlsafe_b64encode

from leither.errors import InputError

_TEXT = re.compile(r"[A-Za-z0-9_-]*")


class NotBytes(InputError):
    """The text is no base64url."""

    code = "not-bytes"

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"{what} is not base64 in the alphabet of URLs without padding; send the record's bytes so")


def record_text(data: bytes) -> str:
    """Return `data` as text."""
    return urlsafe_b64encode(data).decode().rstrip("=")


def record_bytes(what: str, text: str) -> bytes:
    """Return the bytes of `text`; `what` names it in the error. Raises: NotBytes."""
    if not _TEXT.fullmatch(text) or len(text) % 4 == 1:
        raise NotBytes(what)
    return urlsafe_b64decode(text + "=" * (-len(text) % 4))
