"""Entries that came from elsewhere: whether each is one that a command could have made.

Commands trust what they read. So a map that another node made is checked entry by entry before it becomes anybody's
`cur`, and then its derived entries against the rest, which `agreement` does.
"""

import math

from leither import limits
from leither.db import layout
from leither.db.layout import EXPIRES, HASH_TYPE, HIDDEN, LIST_TYPE, PARTS, REMNANT_TYPE, STRING_TYPE, ZSET_TYPE
from leither.db.number import INTEGER_MAX
from leither.db.position import decode, encode_pair
from leither.db.score import RANK_VALUE, read_score, read_sortable, sortable
from leither.errors import CorruptionError

_WRITER_BYTES = 4
_NUMBER_MIN, _NUMBER_MAX = -(1 << 63) + limits.NUMBER_ROOM, (1 << 63) - 1 - limits.NUMBER_ROOM
"""Numbers in lists that are taken from elsewhere: who pushes counts on from the lowest and the highest."""


class BadDatabaseEntry(CorruptionError):
    """An entry is none that a database holds."""

    code = "bad-database-entry"

    def __init__(self, key: bytes, reason: str) -> None:
        self.key = key[:60].hex()
        self.reason = reason
        super().__init__(f"database entry {self.key!r} is malformed: {reason}; refused")


def check_entry(key: bytes, value: bytes) -> None:
    """Raise BadDatabaseEntry unless the entry is of a form that databases have. Cost: its bytes."""
    if value[:1] != layout.EMPTY_VALUE:
        raise BadDatabaseEntry(key, "its value does not begin with 80")
    kind = key[:1]
    if kind in (layout.HEAD, layout.STRING):
        _require_name(key, key[1:])
        if kind == layout.HEAD:
            _require(key, _is_head(value), "no head of any type")
        else:
            _require(key, len(value) - 1 <= limits.DB_VALUE_BYTES_MAX, "its value is too long")
        return
    if kind == layout.NUMBERS and key[1:5] == layout.RETIRED_KEY[1:]:
        rest = key[5:]
    else:
        size = int.from_bytes(key[1:5])
        _require(key, len(key) >= 5 + size, "its key is cut off")
        _require_name(key, key[5 : 5 + size])
        rest = key[5 + size :]
    _require_rest(key, kind, rest, value)


def _require(key: bytes, holds: bool, reason: str) -> None:
    if not holds:
        raise BadDatabaseEntry(key, reason)


def _require_name(key: bytes, name: bytes) -> None:
    _require(key, len(name) <= limits.DB_KEY_BYTES_MAX, "a key, field or member is too long")


def _require_rest(key: bytes, kind: bytes, rest: bytes, value: bytes) -> None:
    """Check what stands behind the user's key, and the value."""
    match kind:
        case layout.EXPIRY:
            when = int.from_bytes(value[1:])
            _require(key, len(rest) == _WRITER_BYTES and len(value) == 9 and when <= INTEGER_MAX, "no expiry")
        case layout.PART:
            _require(key, len(rest) == _WRITER_BYTES and len(value) == 9, "no part of a counter")
        case layout.NUMBERS:
            low, high = layout.read_numbers(value)
            sound = len(value) == 17 and _NUMBER_MIN <= low <= high <= _NUMBER_MAX
            _require(key, len(rest) == _WRITER_BYTES and sound, "no list numbers")
        case layout.FIELD:
            _require_name(key, rest)
            _require(key, len(value) - 1 <= limits.DB_VALUE_BYTES_MAX, "its value is too long")
        case layout.MEMBER:
            _require_name(key, rest)
            _require(key, value == layout.EMPTY_VALUE, "a member has no value")
        case layout.SCORE:
            _require_name(key, rest)
            _require(key, len(value) == 9 and _is_score(value), "no score")
        case layout.RANKED:
            _require_name(key, rest[8:])
            score = read_sortable(rest[:8]) if len(rest) >= 8 else math.nan
            _require(key, value == RANK_VALUE and sortable(score) == rest[:8] and not math.isnan(score), "no rank")
        case layout.ELEMENT:
            _require(key, _is_position(rest), "no position in a list")
            _require(key, len(value) - 1 <= limits.DB_VALUE_BYTES_MAX, "its value is too long")
        case layout.FIELD_PART:
            size = int.from_bytes(rest[:4])
            _require_name(key, rest[4 : 4 + size])
            _require(key, len(rest) == 8 + size and len(value) == 9, "no part of a field's counter")
        case _:
            raise BadDatabaseEntry(key, "its type is reserved")


def _is_score(value: bytes) -> bool:
    score = read_score(value)
    return not math.isnan(score) and (score != 0 or value == layout.EMPTY_VALUE + bytes(8))


def _is_position(position: bytes) -> bool:
    if not 0 < len(position) <= limits.DB_POSITION_BYTES_MAX:
        return False
    path = decode(position)
    if not all(_NUMBER_MIN <= number <= _NUMBER_MAX for number, _ in path):
        return False
    return b"".join(encode_pair(*step) for step in path) == position


def _is_head(value: bytes) -> bool:
    if len(value) < 3 or value[1] > ZSET_TYPE or value[2] & ~(EXPIRES | PARTS | HIDDEN):
        return False
    value_type, flags = value[1], value[2]
    size = 3 + 8 * bool(flags & EXPIRES)
    if value_type == REMNANT_TYPE:
        return flags == EXPIRES and len(value) == size
    if flags & PARTS:
        if value_type not in (STRING_TYPE, HASH_TYPE):
            return False
        size += 16 if value_type == STRING_TYPE else 8
    if value_type == LIST_TYPE:
        low, high = layout.list_ends(value)
        size += 16
        if not _NUMBER_MIN <= low <= high <= _NUMBER_MAX:
            return False
    return len(value) == size + 8 * (value_type != STRING_TYPE)
