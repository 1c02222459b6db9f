"""An entry in words, for whoever compares two states of a database."""

import struct
from typing import NamedTuple

from leither.db import layout
from leither.db.layout import user_key
from leither.db.reply import format_double

_PARTS = {
    layout.EXPIRY: "expiry",
    layout.STRING: "string",
    layout.PART: "counter",
    layout.FIELD: "field",
    layout.MEMBER: "member",
    layout.SCORE: "score",
    layout.ELEMENT: "element",
    layout.FIELD_PART: "field counter",
}
_NUMBERS = (layout.PART, layout.FIELD_PART)
_LENGTH = 4


class Described(NamedTuple):
    """What an entry is about.

    Fields: part: what it is to its key: string, counter, field, member, score, element, expiry, field counter.
    key: the key it belongs to. place: the field or member, None for others. value: what it holds, as clients see it.
    """

    part: str
    key: bytes
    place: bytes | None
    value: bytes


def describe(entry_key: bytes, value: bytes) -> Described | None:
    """Return what an entry is about, or None where it follows from others or is of use to writers alone."""
    kind = entry_key[:1]
    part = _PARTS.get(kind)
    key = user_key(entry_key)
    if part is None or key is None:
        return None
    within = entry_key[1 + _LENGTH + len(key) :]
    content = value[1:]
    if kind in (layout.FIELD, layout.MEMBER):
        return Described(part, key, within, content)
    if kind == layout.SCORE:
        return Described(part, key, within, format_double(struct.unpack(">d", content)[0]))
    if kind == layout.FIELD_PART:
        size = int.from_bytes(within[:_LENGTH])
        return Described(part, key, within[_LENGTH : _LENGTH + size], str(layout.read_signed(value)).encode())
    if kind in _NUMBERS:
        return Described(part, key, None, str(layout.read_signed(value)).encode())
    if kind == layout.EXPIRY:
        return Described(part, key, None, str(int.from_bytes(content)).encode())
    return Described(part, key, None, content)
