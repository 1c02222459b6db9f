"""Numbers as Redis reads and writes them: 64-bit integers, doubles, and x87 extended floats for INCRBYFLOAT."""

import math
import re
from decimal import Decimal
from fractions import Fraction

from leither.db.refusal import NotAnInteger, NotANumber, Refusal

INTEGER_MIN, INTEGER_MAX = -(1 << 63), (1 << 63) - 1
_INTEGER = re.compile(rb"0|-?[1-9][0-9]{0,18}")
_FLOAT = re.compile(
    rb"[+-]?(?:(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?|0[xX][0-9a-fA-F.]+(?:[pP][+-]?\d+)?|inf(?:inity)?)", re.I
)
_MANTISSA_BITS = 64
_EXPONENT_DIGITS_MAX = 5
_TEXT_BYTES_MAX = 5119
"""Longest number that is read, as in Redis."""
_EXTENDED_MAX = Fraction(2) ** 16384


def parse_integer(text: bytes) -> int | None:
    """Return the 64-bit integer that `text` is the one form of, or None."""
    if not _INTEGER.fullmatch(text):
        return None
    value = int(text)
    return value if INTEGER_MIN <= value <= INTEGER_MAX else None


def integer(text: bytes, refusal: type[Refusal] = NotAnInteger) -> int:
    """Return the 64-bit integer in `text`. Raises: `refusal`."""
    value = parse_integer(text)
    if value is None:
        raise refusal
    return value


def parse_double(text: bytes) -> float | None:
    """Return the number in `text` as strtod reads it, or None if there is none, or none a double holds."""
    if not _FLOAT.fullmatch(text):
        return None
    try:
        value = float.fromhex(text.decode()) if b"x" in text.lower() else float(text)
    except (ValueError, OverflowError):
        return None
    if math.isinf(value) and b"i" not in text.lower():
        return None
    if value == 0 and re.search(rb"[1-9a-dA-DfF]", re.split(rb"[eEpP]", text)[0].lower().removeprefix(b"0x")):
        return None
    return value


def read_double(text: bytes) -> float | None:
    """Return the number in `text` as strtod alone reads it, or None for anything else.

    White space before it is skipped, empty text is 0, and past the largest number is an infinity.
    """
    number = text.lstrip(b" \t\n\v\f\r")
    if not number:
        return None if text else 0.0
    if not _FLOAT.fullmatch(number):
        return None
    if b"x" in number.lower():
        return parse_double(number)
    return float(number)


def double(text: bytes, refusal: Refusal | None = None) -> float:
    """Return the number in `text`. Raises: `refusal`, or NotANumber."""
    value = parse_double(text)
    if value is None:
        raise refusal or NotANumber
    return value


def parse_extended(text: bytes) -> Fraction | float | None:
    """Return the number in `text`, rounded to an x87 extended float; an infinity as a float; None if there is none."""
    if len(text) > _TEXT_BYTES_MAX or not _FLOAT.fullmatch(text):
        return None
    lower = text.lower()
    if b"i" in lower:
        return float(lower)
    if b"x" in lower:
        value = parse_double(text)
        return None if value is None else Fraction(value)
    exponent = lower.partition(b"e")[2].lstrip(b"+-0")
    if len(exponent) > _EXPONENT_DIGITS_MAX:
        return None
    exact = Fraction(Decimal(text.decode()))  # not by way of int, which reads 4,300 digits at most
    rounded = round_extended(exact)
    return rounded if rounded is not None and (rounded or not exact) else None


def round_extended(value: Fraction) -> Fraction | None:
    """Return the x87 extended float nearest to `value`, ties to even; None beyond the largest."""
    if not value:
        return value
    exponent = abs(value.numerator).bit_length() - value.denominator.bit_length()
    if abs(value) < Fraction(2) ** exponent:
        exponent -= 1
    unit = Fraction(2) ** max(exponent - _MANTISSA_BITS + 1, -16445)
    rounded = round(value / unit) * unit
    return rounded if abs(rounded) < _EXTENDED_MAX else None


def format_extended(value: Fraction) -> bytes:
    """Return `value` with 17 digits after the point at the most, and no zeros that say nothing."""
    scaled = round(value * 10**17)
    digits = format(Decimal(abs(scaled)), "f").rjust(18, "0")
    text = f"{digits[:-17]}.{digits[-17:]}".rstrip("0").rstrip(".")
    return (f"-{text}" if scaled < 0 else text).encode()
