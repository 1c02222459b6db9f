"""Scores: their bytes as values, and as keys that sort as the numbers do."""

import struct

from leither.db.layout import RANKED, SCORE, collection
from leither.db.space import Space

_DOUBLE = struct.Struct(">d")
_LONG = struct.Struct(">Q")
_SIGN = 1 << 63
_ALL = (1 << 64) - 1
RANK_VALUE = b"\x80"


def encode_score(score: float) -> bytes:
    """Return the value of a member's entry. There is one zero."""
    return b"\x80" + _DOUBLE.pack(score + 0.0)


def read_score(value: bytes) -> float:
    """Return the score in the value of a member's entry."""
    return float(_DOUBLE.unpack_from(value, 1)[0])


def sortable(score: float) -> bytes:
    """Return eight bytes that compare as scores do; both zeros are one."""
    bits = _LONG.unpack(_DOUBLE.pack(score + 0.0))[0]
    return _LONG.pack(bits ^ (_ALL if bits & _SIGN else _SIGN))


def read_sortable(data: bytes) -> float:
    """Return the score that eight bytes of the rank index stand for."""
    bits = _LONG.unpack(data)[0]
    return float(_DOUBLE.unpack(_LONG.pack(bits ^ (_SIGN if bits & _SIGN else _ALL)))[0])


def rank_key(key: bytes, score: float, member: bytes) -> bytes:
    """Return the key of a member in the rank index."""
    return collection(RANKED, key) + sortable(score) + member


def put_score(space: Space, key: bytes, member: bytes, value: bytes) -> None:
    """Write the entries of a member that has none yet; `value` is its encoded score."""
    score = read_score(value)
    space.put(collection(SCORE, key) + member, value)
    space.put(rank_key(key, score, member), RANK_VALUE)


def score_text(score: float) -> bytes:
    """Return the text of a score as ZSCAN shows it."""
    if score.is_integer() and abs(score) < 1 << 53:
        return b"%d" % int(score)
    return b"%.17g" % score
