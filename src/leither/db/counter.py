"""Numbers in strings. Each writer adds to a part of its own, so that what several add while apart adds up."""

from fractions import Fraction

from leither.db import layout
from leither.db.command import Arguments, command
from leither.db.keyspace import take_as
from leither.db.layout import PARTS, STRING_TYPE, collection
from leither.db.number import INTEGER_MAX, INTEGER_MIN, format_extended, integer, parse_extended, parse_integer
from leither.db.number import round_extended as rounded
from leither.db.refusal import NotAnInteger, NotANumber, OutOfRange, Overflow
from leither.db.reply import Reply
from leither.db.space import Space
from leither.db.string import rewrite_value, value_of

_COUNTER_HEAD = bytes((0x80, STRING_TYPE, PARTS))


@command("incr")
def incr(space: Space, arguments: Arguments) -> Reply:
    """INCR key."""
    return add(space, arguments[1], 1)


@command("decr")
def decr(space: Space, arguments: Arguments) -> Reply:
    """DECR key."""
    return add(space, arguments[1], -1)


@command("incrby")
def incrby(space: Space, arguments: Arguments) -> Reply:
    """INCRBY key amount."""
    return add(space, arguments[1], integer(arguments[2]))


@command("decrby")
def decrby(space: Space, arguments: Arguments) -> Reply:
    """DECRBY key amount."""
    amount = integer(arguments[2])
    if amount == INTEGER_MIN:
        raise OutOfRange("ERR decrement would overflow")
    return add(space, arguments[1], -amount)


def add(space: Space, key: bytes, amount: int) -> int:
    """Add to the number at `key` and return the sum. Raises: WrongType, NotAnInteger, Overflow."""
    own = collection(layout.PART, key) + space.writer.to_bytes(4)
    head = take_as(space, key, STRING_TYPE)
    if head is None:
        space.put(b"\x90" + key, _COUNTER_HEAD + amount.to_bytes(16, signed=True))
        space.put(own, b"\x80" + amount.to_bytes(8, signed=True))
        space.notify("$", "incrby", key)
        return amount
    stored = space.get(b"\x92" + key)
    base = 0 if stored is None else parse_integer(stored[1:])
    if base is None:
        raise NotAnInteger
    total = layout.string_sum(head)
    value = base + total
    if not INTEGER_MIN <= value <= INTEGER_MAX:
        raise NotAnInteger
    value += amount
    if not INTEGER_MIN <= value <= INTEGER_MAX:
        raise Overflow
    before = space.get(own) if head[2] & PARTS else None
    part = amount if before is None else layout.read_signed(before) + amount
    if INTEGER_MIN <= part <= INTEGER_MAX:
        space.put(own, b"\x80" + part.to_bytes(8, signed=True))
        space.put(b"\x90" + key, layout.with_string_sum(head, total + amount))
    else:
        rewrite_value(space, key, head, b"%d" % value)
    space.notify("$", "incrby", key)
    return value


@command("incrbyfloat")
def incrbyfloat(space: Space, arguments: Arguments) -> Reply:
    """INCRBYFLOAT key amount. The sum is set as a value: fractions of several writers don't add up exactly."""
    key = arguments[1]
    head = take_as(space, key, STRING_TYPE)
    value = sum_extended(b"0" if head is None else value_of(space, key, head), arguments[2])
    rewrite_value(space, key, head, value)
    space.notify("$", "incrbyfloat", key)
    return value


def require_finite(amount: bytes) -> None:
    """Raise NotANumber or Overflow unless `amount` is a finite number."""
    value = parse_extended(amount)
    if value is None:
        raise NotANumber
    if not isinstance(value, Fraction):
        raise Overflow("ERR value is NaN or Infinity")


def sum_extended(value: bytes, amount: bytes, wrong_value: type[NotANumber] = NotANumber) -> bytes:
    """Return the text of the sum of two numbers. Raises: `wrong_value`, NotANumber, Overflow."""
    left, right = parse_extended(value), parse_extended(amount)
    if left is None:
        raise wrong_value
    if right is None:
        raise NotANumber
    if isinstance(left, Fraction) and isinstance(right, Fraction):
        total = rounded(left + right)
        if total is not None:
            return format_extended(total)
    raise Overflow("ERR increment would produce NaN or Infinity")
