"""What commands over several keys share: how many keys, how many elements, and how long to wait."""

from leither.db.command import Arguments
from leither.db.number import INTEGER_MAX, parse_extended, parse_integer
from leither.db.refusal import BadSyntax, OutOfRange, Refusal


def positive(text: bytes) -> int:
    """Return a number of elements, 0 or more. Raises: OutOfRange."""
    value = parse_integer(text)
    if value is None or value < 0:
        raise OutOfRange("ERR value is out of range, must be positive")
    return value


def popped_count(arguments: Arguments, refusal: Refusal) -> int | None:
    """Return the count of `name key [count]`, or None. Raises: OutOfRange, and `refusal` for more words."""
    if len(arguments) > 3:
        raise refusal
    return positive(arguments[2]) if len(arguments) == 3 else None


def above_zero(text: bytes, what: str) -> int:
    """Return a number above 0. Raises: OutOfRange, which names `what`."""
    value = parse_integer(text)
    if value is None or value < 1:
        raise OutOfRange(f"ERR {what} should be greater than 0")
    return value


def counted_keys(words: Arguments) -> tuple[tuple[bytes, ...], Arguments]:
    """Return the keys of `numkeys key … rest …`, and the rest, which has a word at least.

    Raises: OutOfRange, BadSyntax.
    """
    number = above_zero(words[0], "numkeys")
    if number + 1 >= len(words):
        raise BadSyntax
    return tuple(words[1 : number + 1]), words[number + 1 :]


def side_and_count(words: Arguments, sides: tuple[bytes, bytes]) -> tuple[bool, int]:
    """Return whether the first of `sides` is named, and the count, from `side [COUNT count]`.

    Raises: BadSyntax, OutOfRange.
    """
    side = words[0].upper()
    if side not in sides:
        raise BadSyntax
    if len(words) == 1:
        return side == sides[0], 1
    if len(words) < 3 or words[1].upper() != b"COUNT":
        raise BadSyntax
    count = above_zero(words[2], "count")
    if len(words) > 3:
        raise BadSyntax
    return side == sides[0], count


def timeout_s(text: bytes, now_ms: int) -> float:
    """Return how long to wait from `now_ms`, in seconds. Raises: OutOfRange."""
    value = parse_extended(text)
    if value is None:
        raise OutOfRange("ERR timeout is not a float or out of range")
    # Beyond 64 bits Redis' number of milliseconds turns negative.
    if value < 0 or value * 1000 > INTEGER_MAX:
        raise OutOfRange("ERR timeout is negative")
    if value * 1000 > INTEGER_MAX - now_ms:
        raise OutOfRange("ERR timeout is out of range")
    return float(value)
