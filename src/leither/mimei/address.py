"""Addresses: `<id>`, `<id>@<version>`; the version is `cur`, `last`, `release`, a number or a CID."""

import re
from dataclasses import dataclass

from leither.codec import Cid, NotACid
from leither.crypto import MimeiId, NotAnId, id_text, parse_id
from leither.errors import InputError

CUR, LAST, RELEASE = "cur", "last", "release"
_NUMBER = re.compile(r"0|[1-9][0-9]{0,17}")  # one text for each number, so that an address has one
Selector = str | int | Cid
"""One of the three names, a version number, or a version's CID."""


class NotAnAddress(InputError):
    """The text names no MiMei or no version."""

    code = "not-an-address"

    def __init__(self, given: str, reason: str) -> None:
        self.given = given[:200]
        self.reason = reason
        super().__init__(
            f"{self.given!r} is not an address: {reason}; write <id>, or <id>@ cur, last, release, a number or a CID"
        )


@dataclass(frozen=True, slots=True)
class Address:
    """A MiMei and which state of it; `version` is None where the text named none."""

    id: MimeiId
    version: Selector | None = None

    def __str__(self) -> str:
        return id_text(self.id) + ("" if self.version is None else f"@{self.version}")


def parse_selector(text: str) -> Selector:
    """Return the version selector in `text`. Raises: NotAnAddress."""
    if text in {CUR, LAST, RELEASE}:
        return text
    if _NUMBER.fullmatch(text):
        return int(text)
    try:
        return Cid.parse(text)
    except NotACid:
        raise NotAnAddress(text, f"no version is called {text[:80]!r}") from None


def parse_address(text: str, *, separator: str = "@") -> Address:
    """Return the address in `text`; `separator` is `.` where `@` is taken. Raises: NotAnAddress."""
    name, found, version = text.partition(separator)
    try:
        raw = MimeiId(parse_id(name))
    except NotAnId:
        raise NotAnAddress(text, "the id is not 32 characters of a-z and 2-7") from None
    return Address(raw, parse_selector(version) if found else None)
