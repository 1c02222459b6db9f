"""Entries that come from elsewhere: whether commands can rely on their form. Source: spec/format/database.md."""

import math
import struct

from leither import limits
from leither.db import layout
from leither.db.position import decode, encode_pair
from leither.errors import CorruptionError

_SIZE, _WRITER, _NUMBER = 4, 4, 8
_HEAD = 3
_FLAGS = layout.EXPIRES | layout.PARTS | layout.HIDDEN
_COUNTERS = {layout.STRING_TYPE: 16, layout.HASH_TYPE: 8}
_BODIES = {layout.HASH_TYPE: 8, layout.LIST_TYPE: 24, layout.SET_TYPE: 8, layout.ZSET_TYPE: 8}


class BadDatabaseEntry(CorruptionError):
    """An entry of a database is not in the format."""

    code = "bad-database-entry"

    def __init__(self, key: bytes, reason: str) -> None:
        self.key = key[:40].hex()
        self.reason = reason
        super().__init__(f"database entry {self.key!r} is damaged or foreign: {reason}; it is refused")


def check_entry(entry_key: bytes, value: bytes) -> None:
    """Make sure that an entry has the form its type has. Raises: BadDatabaseEntry."""
    kind = entry_key[:1]
    if value[:1] != layout.EMPTY_VALUE:
        raise BadDatabaseEntry(entry_key, "its value does not begin with 0x80")
    if kind == layout.HEAD or kind == layout.STRING:
        key, within = entry_key[1:], b""
    elif entry_key.startswith(layout.RETIRED_KEY):
        key, within = b"", entry_key[len(layout.RETIRED_KEY) :]
    else:
        key, within = _split(entry_key, entry_key[1:])
    if len(key) > limits.DB_KEY_BYTES_MAX or len(value) - 1 > limits.DB_VALUE_BYTES_MAX:
        raise BadDatabaseEntry(entry_key, "its key or value is longer than commands make them")
    if not _is_formed(entry_key, kind, within, value[1:]):
        raise BadDatabaseEntry(entry_key, f"not the form of type {kind.hex()}")


def _split(entry_key: bytes, rest: bytes) -> tuple[bytes, bytes]:
    """Return what a length in front of `rest` covers, and what follows."""
    size = int.from_bytes(rest[:_SIZE])
    if len(rest) < _SIZE + size:
        raise BadDatabaseEntry(entry_key, "it is shorter than it says")
    return rest[_SIZE : _SIZE + size], rest[_SIZE + size :]


def _is_formed(entry_key: bytes, kind: bytes, within: bytes, content: bytes) -> bool:
    match kind:
        case layout.HEAD:
            return _is_head(b"\x80" + content)
        case layout.STRING:
            return True
        case layout.EXPIRY | layout.PART:
            return len(within) == _WRITER and len(content) == _NUMBER
        case layout.FIELD:
            return len(within) <= limits.DB_KEY_BYTES_MAX
        case layout.MEMBER:
            return len(within) <= limits.DB_KEY_BYTES_MAX and not content
        case layout.SCORE:
            return len(content) == _NUMBER and not math.isnan(struct.unpack(">d", content)[0])
        case layout.RANKED:
            return len(within) >= _NUMBER and not content
        case layout.ELEMENT:
            return _is_position(within)
        case layout.NUMBERS:
            return len(content) == 2 * _NUMBER
        case layout.FIELD_PART:
            return len(_split(entry_key, within)[1]) == _WRITER and len(content) == _NUMBER
        case _:
            return False


def _is_head(head: bytes) -> bool:
    if len(head) < _HEAD or head[1] > layout.ZSET_TYPE or head[2] & ~_FLAGS:
        return False
    size = _HEAD + _BODIES.get(head[1], 0)
    if head[2] & layout.EXPIRES:
        size += _NUMBER
    if head[2] & layout.PARTS:
        if head[1] not in _COUNTERS:
            return False
        size += _COUNTERS[head[1]]
    return len(head) == size


def _is_position(position: bytes) -> bool:
    if not 0 < len(position) <= limits.DB_POSITION_BYTES_MAX:
        return False
    return b"".join(encode_pair(number, writer) for number, writer in decode(position)) == position
