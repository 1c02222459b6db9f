"""Intervals of scores and of names, as commands write them: `(1.5`, `-inf`, `[a`, `(b`, `-`, `+`."""

from typing import NamedTuple

from leither.db.layout import after
from leither.db.number import read_double
from leither.db.refusal import Refusal
from leither.db.score import sortable


class BadScoreBound(Refusal):
    """A bound is no number."""

    code = "db-score-bound"
    text = "ERR min or max is not a float"


class BadNameBound(Refusal):
    """A bound of names begins with none of `[`, `(`, `-`, `+`."""

    code = "db-name-bound"
    text = "ERR min or max not valid string range item"


class ScoreInterval(NamedTuple):
    """`bounds`: `start <= sortable score < stop`, or None if nothing can be between them."""

    bounds: tuple[bytes, bytes] | None


class NameInterval(NamedTuple):
    """`start <= member < stop`, to the end if `stop` is None."""

    start: bytes
    stop: bytes | None


def score_interval(low: bytes, high: bytes) -> ScoreInterval:
    """Return the interval between two scores. Raises: BadScoreBound."""
    (least, least_excluded), (most, most_excluded) = _score(low), _score(high)
    start = after(sortable(least)) if least_excluded else sortable(least)
    stop = sortable(most) if most_excluded else after(sortable(most))
    return ScoreInterval((start, stop) if start < stop else None)


def _score(text: bytes) -> tuple[float, bool]:
    excluded = text.startswith(b"(")
    value = read_double(text[1:] if excluded else text)
    if value is None:
        raise BadScoreBound
    return value, excluded


def name_interval(low: bytes, high: bytes) -> NameInterval:
    """Return the interval between two names. Raises: BadNameBound."""
    if low == b"+" or high == b"-":
        for bound in (low, high):
            _name(bound, b"")
        return NameInterval(b"", b"")
    start = _name(low, b"(")
    stop = None if high == b"+" else _name(high, b"[")
    return NameInterval(start or b"", stop)


def _name(text: bytes, follows: bytes) -> bytes:
    """Return the name in a bound; with a zero byte, the next name there can be, if it begins with `follows`."""
    if text in (b"-", b"+"):
        return b""
    if text[:1] not in (b"[", b"("):
        raise BadNameBound
    return text[1:] + (b"\0" if text[:1] == follows else b"")
