"""BITFIELD: integers of any width in a string."""

from typing import NamedTuple

from leither import limits
from leither.db.bit import BadBitOffset
from leither.db.command import Arguments, command
from leither.db.keyspace import take_as
from leither.db.layout import STRING_TYPE
from leither.db.number import integer, parse_integer
from leither.db.refusal import BadSyntax, Refusal
from leither.db.reply import Reply
from leither.db.space import Space
from leither.db.string import read, rewrite_value, value_of


class BadFieldType(Refusal):
    """The type is not `i` or `u` with a width."""

    code = "db-bitfield-type"
    text = "ERR Invalid bitfield type. Use something like i16 u8. Note that u64 is not supported but i64 is."


class BadOverflow(Refusal):
    """The overflow is not WRAP, SAT or FAIL."""

    code = "db-bitfield-overflow"
    text = "ERR Invalid OVERFLOW type specified"


class OnlyReads(Refusal):
    """BITFIELD_RO takes GET alone."""

    code = "db-bitfield-read-only"
    text = "ERR BITFIELD_RO only supports the GET subcommand"


class _Step(NamedTuple):
    """One operation on the integer of `width` bits at `offset`."""

    name: bytes
    signed: bool
    width: int
    offset: int
    amount: int
    overflow: bytes


def _type(text: bytes) -> tuple[bool, int]:
    width = parse_integer(text[1:])
    signed = text[:1] == b"i"
    if text[:1] not in (b"i", b"u") or width is None or not 1 <= width <= (64 if signed else 63):
        raise BadFieldType
    return signed, width


def _offset(text: bytes, width: int) -> int:
    """Return an offset in bits; `#n` counts integers of that width. Raises: BadBitOffset."""
    by_width = text.startswith(b"#")
    offset = parse_integer(text[1:] if by_width else text)
    if offset is None or offset < 0:
        raise BadBitOffset
    offset *= width if by_width else 1
    if offset >> 3 >= 512 * limits.MIB:
        raise BadBitOffset
    return offset


def _parse(words: Arguments) -> list[_Step]:
    steps = []
    overflow = b"WRAP"
    position = 0
    while position < len(words):
        name = words[position].upper()
        left = len(words) - position - 1
        if name == b"OVERFLOW" and left >= 1:
            overflow = words[position + 1].upper()
            if overflow not in (b"WRAP", b"SAT", b"FAIL"):
                raise BadOverflow
            position += 2
            continue
        if (name != b"GET" or left < 2) and (name not in (b"SET", b"INCRBY") or left < 3):
            raise BadSyntax
        signed, width = _type(words[position + 1])
        offset = _offset(words[position + 2], width)
        amount = 0 if name == b"GET" else integer(words[position + 3])
        steps.append(_Step(name, signed, width, offset, amount, overflow))
        position += 3 if name == b"GET" else 4
    return steps


@command("bitfield_ro")
def bitfield_ro(space: Space, arguments: Arguments) -> Reply:
    """BITFIELD_RO key [GET type offset …]."""
    steps = _parse(arguments[2:])
    if any(step.name != b"GET" for step in steps):
        raise OnlyReads
    value = bytearray(read(space, arguments[1]) or b"")
    return [_get(value, step) for step in steps]


@command("bitfield")
def bitfield(space: Space, arguments: Arguments) -> Reply:
    """BITFIELD key [GET type offset | [OVERFLOW how] SET type offset value | INCRBY type offset amount] …."""
    key = arguments[1]
    steps = _parse(arguments[2:])
    writing = [step for step in steps if step.name != b"GET"]
    if not writing:
        value = bytearray(read(space, key) or b"")
        return [_get(value, step) for step in steps]
    size = max((step.offset + step.width - 1 >> 3) + 1 for step in writing)
    if size > limits.DB_VALUE_BYTES_MAX:
        raise BadBitOffset
    head = take_as(space, key, STRING_TYPE)
    value = bytearray(b"" if head is None else value_of(space, key, head))
    replies: list[int | None] = []
    grown = len(value) < size
    value.extend(bytes(max(size - len(value), 0)))
    changed = grown
    for step in steps:
        before = _get(value, step)
        if step.name == b"GET":
            replies.append(before)
            continue
        wanted = before + step.amount if step.name == b"INCRBY" else _as_given(step)
        fitted = _fit(wanted, step)
        if fitted is None:
            replies.append(None)
            continue
        _put(value, step, fitted)
        changed = True
        replies.append(fitted if step.name == b"INCRBY" else before)
    if changed:
        rewrite_value(space, key, head, bytes(value))
        space.notify("$", "setbit", key)
    return replies


def _as_given(step: _Step) -> int:
    """Return the number to set: of an unsigned field, the given one's 64 bits."""
    return step.amount if step.signed else step.amount & ((1 << 64) - 1)


def _fit(number: int, step: _Step) -> int | None:
    low = -(1 << step.width - 1) if step.signed else 0
    high = (1 << step.width - step.signed) - 1
    if low <= number <= high:
        return number
    if step.overflow == b"FAIL":
        return None
    if step.overflow == b"SAT":
        return high if number > high else low
    wrapped = number & ((1 << step.width) - 1)
    return wrapped - (1 << step.width) if step.signed and wrapped > high else wrapped


def _get(value: bytearray, step: _Step) -> int:
    first, last = step.offset >> 3, step.offset + step.width - 1 >> 3
    whole = int.from_bytes(value[first : last + 1].ljust(last + 1 - first, b"\0"))
    number = whole >> (-(step.offset + step.width) % 8) & ((1 << step.width) - 1)
    return number - (1 << step.width) if step.signed and number >> step.width - 1 else number


def _put(value: bytearray, step: _Step, number: int) -> None:
    first, last = step.offset >> 3, step.offset + step.width - 1 >> 3
    shift = -(step.offset + step.width) % 8
    mask = (1 << step.width) - 1
    whole = int.from_bytes(value[first : last + 1])
    whole = whole & ~(mask << shift) | (number & mask) << shift
    value[first : last + 1] = whole.to_bytes(last + 1 - first)
