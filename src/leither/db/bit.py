"""Bits of strings."""

from leither import limits
from leither.db.command import Arguments, command
from leither.db.element import clamp
from leither.db.keyspace import remove, take, take_as
from leither.db.layout import STRING_TYPE
from leither.db.number import integer, parse_integer
from leither.db.refusal import BadSyntax, OutOfRange, Refusal, WrongType
from leither.db.reply import Reply
from leither.db.space import Space
from leither.db.string import read, replace, rewrite_value, value_of


class BadBitOffset(OutOfRange):
    """A bit's offset is negative or past the largest string."""

    code = "db-bit-offset"
    text = "ERR bit offset is not an integer or out of range"


class OneSource(Refusal):
    """BITOP NOT takes one string."""

    code = "db-bitop-not"
    text = "ERR BITOP NOT must be called with a single source key."


def parse_offset(text: bytes) -> int:
    """Return a bit's offset. Raises: BadBitOffset."""
    offset = parse_integer(text)
    if offset is None or offset < 0 or offset >> 3 >= limits.DB_VALUE_BYTES_MAX:
        raise BadBitOffset
    return offset


@command("getbit")
def getbit(space: Space, arguments: Arguments) -> Reply:
    """GETBIT key offset."""
    offset = _parse_read_offset(arguments[2])
    value = read(space, arguments[1]) or b""
    at = offset >> 3
    return value[at] >> (7 - offset % 8) & 1 if at < len(value) else 0


def _parse_read_offset(text: bytes) -> int:
    """Return an offset to read at: as far as Redis' strings go, since what is past the end is zero."""
    offset = parse_integer(text)
    if offset is None or not 0 <= offset < 1 << 32:
        raise BadBitOffset
    return offset


@command("setbit")
def setbit(space: Space, arguments: Arguments) -> Reply:
    """SETBIT key offset bit."""
    key = arguments[1]
    offset = parse_offset(arguments[2])
    if arguments[3] not in (b"0", b"1"):
        raise OutOfRange("ERR bit is not an integer or out of range")
    head = take_as(space, key, STRING_TYPE)
    value = bytearray(b"" if head is None else value_of(space, key, head))
    at, shift = offset >> 3, 7 - offset % 8
    value.extend(bytes(max(at + 1 - len(value), 0)))
    before = value[at] >> shift & 1
    value[at] = value[at] & ~(1 << shift) | int(arguments[3]) << shift
    rewrite_value(space, key, head, bytes(value))
    space.notify("$", "setbit", key)
    return before


@command("bitcount")
def bitcount(space: Space, arguments: Arguments) -> Reply:
    """BITCOUNT key [start end [BYTE | BIT]]."""
    if len(arguments) == 2:
        return int.from_bytes(read(space, arguments[1]) or b"").bit_count()
    value = read(space, arguments[1])
    if len(arguments) not in (4, 5):
        if value is None:
            return 0
        raise BadSyntax
    if value is None:
        return 0
    start, end = integer(arguments[2]), integer(arguments[3])
    in_bits = _unit(arguments[4:])
    if start < 0 and end < 0 and start > end:
        return 0
    start, stop = _span(start, end, len(value) * (8 if in_bits else 1))
    return _cut(value, start, stop).bit_count() if in_bits else int.from_bytes(value[start:stop]).bit_count()


def _unit(words: Arguments) -> bool:
    """Tell whether a range counts bits. Raises: BadSyntax."""
    if not words:
        return False
    if words[0].upper() not in (b"BIT", b"BYTE"):
        raise BadSyntax
    return words[0].upper() == b"BIT"


def _span(start: int, end: int, size: int) -> tuple[int, int]:
    """Return `start <= at < stop` for a range whose negative ends count from the end, and stop at the beginning."""
    return clamp(start, max(end, -size), size) if size else (0, 0)


def _cut(value: bytes, start: int, stop: int) -> int:
    """Return the bits `start <= at < stop` of `value` as a number."""
    if start >= stop:
        return 0
    whole = int.from_bytes(value[start >> 3 : (stop + 7) >> 3])
    return whole >> (-stop % 8) & ((1 << (stop - start)) - 1)


@command("bitpos")
def bitpos(space: Space, arguments: Arguments) -> Reply:
    """BITPOS key bit [start [end [BYTE | BIT]]]."""
    bit = integer(arguments[2])
    if bit not in (0, 1):
        raise OutOfRange("ERR The bit argument must be 1 or 0.")
    value = read(space, arguments[1])
    if value is None:
        return -1 if bit else 0
    if len(arguments) > 6:
        raise BadSyntax
    start = integer(arguments[3]) if len(arguments) > 3 else 0
    in_bits = _unit(arguments[5:])
    end_given = len(arguments) > 4
    size = len(value) * (8 if in_bits else 1)
    end = integer(arguments[4]) if end_given else size - 1
    start, stop = _span(start, end, size)
    if start >= stop:
        return -1
    unit = 1 if in_bits else 8
    found = _first(_cut(value, start * unit, stop * unit), (stop - start) * unit, bit)
    if found is not None:
        return start * unit + found
    # Past a string without an end given there are zeros for good.
    return -1 if bit or end_given else len(value) * 8


def _first(bits: int, width: int, bit: int) -> int | None:
    """Return the place of the first `bit` in `bits`, a number of `width` bits, or None."""
    if not bit:
        bits ^= (1 << width) - 1
    return width - bits.bit_length() if bits else None


@command("bitop")
def bitop(space: Space, arguments: Arguments) -> Reply:
    """BITOP AND | OR | XOR | NOT destination key …."""
    operation, target, sources = arguments[1].upper(), arguments[2], arguments[3:]
    if operation not in (b"AND", b"OR", b"XOR", b"NOT"):
        raise BadSyntax
    if operation == b"NOT" and len(sources) != 1:
        raise OneSource
    values = [_source(space, key) for key in sources]
    size = max(map(len, values))
    numbers = [int.from_bytes(value.ljust(size, b"\0")) for value in values]
    found = numbers[0]
    for number in numbers[1:]:
        found = found & number if operation == b"AND" else found | number if operation == b"OR" else found ^ number
    if operation == b"NOT":
        found ^= (1 << 8 * size) - 1
    head = take(space, target)
    if size:
        replace(space, target, head, found.to_bytes(size))
        space.notify("$", "set", target)
    elif head is not None:
        remove(space, target, head)
    return size


def _source(space: Space, key: bytes) -> bytes:
    head = take(space, key)
    if head is None:
        return b""
    if head[1] != STRING_TYPE:
        raise WrongType
    return value_of(space, key, head)
