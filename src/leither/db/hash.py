"""Hashes: fields and their values."""

from leither.db import layout
from leither.db.command import Arguments, command
from leither.db.counter import require_finite, sum_extended
from leither.db.field import drop_field, field_value, fields, set_field
from leither.db.keyspace import erase, peek_as, set_head, take_as
from leither.db.layout import HASH_TYPE, NEW_HEADS, PARTS, count_of, field_parts, with_count
from leither.db.number import INTEGER_MAX, INTEGER_MIN, integer, parse_integer
from leither.db.pick import drawn_count, pick_distinct, pick_repeated
from leither.db.refusal import BadSyntax, NotAnInteger, NotANumber, Overflow, WrongArity
from leither.db.reply import OK, Map, Pairs, Reply
from leither.db.size import require_member
from leither.db.space import Space


class FieldNotAnInteger(NotAnInteger):
    """The field's value is no number to add to."""

    code = "db-field-not-integer"
    text = "ERR hash value is not an integer"


class FieldNotANumber(NotANumber):
    """The field's value is no number with a fraction to add to."""

    code = "db-field-not-number"
    text = "ERR hash value is not a float"


@command("hset", "hmset")
def hset(space: Space, arguments: Arguments) -> Reply:
    """HSET key field value …; HMSET key field value …."""
    if len(arguments) % 2:
        raise WrongArity("hmset" if arguments[0][1] in b"mM" else "hset")
    key = arguments[1]
    head = take_as(space, key, HASH_TYPE)
    if head is None:
        head = NEW_HEADS[HASH_TYPE]
    named = arguments[2::2]
    require_member(named)
    before = count_of(head)
    if head[2] & PARTS:
        changed = head
        for field, value in zip(named, arguments[3::2], strict=True):
            changed = set_field(space, key, changed, field, value)
        count = count_of(changed)
    else:
        prefix = b"\x94" + len(key).to_bytes(4) + key
        count = before
        get, put = space.get, space.put
        for field, value in zip(named, arguments[3::2], strict=True):
            entry_key = prefix + field
            if get(entry_key) is None:
                count += 1
            put(entry_key, b"\x80" + value)
        changed = with_count(head, count)
    if changed != head:
        set_head(space, key, changed)
    space.notify("h", "hset", key)
    return count - before if arguments[0][1] in b"sS" else OK


@command("hsetnx")
def hsetnx(space: Space, arguments: Arguments) -> Reply:
    """HSETNX key field value."""
    key, field, value = arguments[1:]
    require_member((field,))
    head = take_as(space, key, HASH_TYPE)
    if head is not None and field_value(space, key, head, field) is not None:
        return 0
    set_head(space, key, set_field(space, key, head or NEW_HEADS[HASH_TYPE], field, value))
    space.notify("h", "hset", key)
    return 1


@command("hget")
def hget(space: Space, arguments: Arguments) -> Reply:
    """HGET key field."""
    head = peek_as(space, arguments[1], HASH_TYPE)
    return None if head is None else field_value(space, arguments[1], head, arguments[2])


@command("hmget")
def hmget(space: Space, arguments: Arguments) -> Reply:
    """HMGET key field …."""
    head = peek_as(space, arguments[1], HASH_TYPE)
    if head is None:
        return [None] * (len(arguments) - 2)
    return [field_value(space, arguments[1], head, field) for field in arguments[2:]]


@command("hexists")
def hexists(space: Space, arguments: Arguments) -> Reply:
    """HEXISTS key field."""
    return int(hget(space, arguments) is not None)


@command("hstrlen")
def hstrlen(space: Space, arguments: Arguments) -> Reply:
    """HSTRLEN key field."""
    found = hget(space, arguments)
    return len(found) if isinstance(found, bytes) else 0


@command("hlen")
def hlen(space: Space, arguments: Arguments) -> Reply:
    """HLEN key."""
    head = peek_as(space, arguments[1], HASH_TYPE)
    return 0 if head is None else count_of(head)


@command("hgetall")
def hgetall(space: Space, arguments: Arguments) -> Reply:
    """HGETALL key."""
    head = peek_as(space, arguments[1], HASH_TYPE)
    return Map() if head is None else Map(fields(space, arguments[1], head))


@command("hkeys")
def hkeys(space: Space, arguments: Arguments) -> Reply:
    """HKEYS key."""
    head = peek_as(space, arguments[1], HASH_TYPE)
    return [] if head is None else [field for field, _ in fields(space, arguments[1], head)]


@command("hvals")
def hvals(space: Space, arguments: Arguments) -> Reply:
    """HVALS key."""
    head = peek_as(space, arguments[1], HASH_TYPE)
    return [] if head is None else [value for _, value in fields(space, arguments[1], head)]


@command("hdel")
def hdel(space: Space, arguments: Arguments) -> Reply:
    """HDEL key field …."""
    key = arguments[1]
    head = take_as(space, key, HASH_TYPE)
    if head is None:
        return 0
    changed = head
    for field in arguments[2:]:
        changed = drop_field(space, key, changed, field)
        if not count_of(changed):
            break
    deleted = count_of(head) - count_of(changed)
    if deleted:
        set_head(space, key, changed)
        space.notify("h", "hdel", key)
        if not count_of(changed):
            erase(space, key, changed)
            space.notify("g", "del", key)
    return deleted


@command("hincrby")
def hincrby(space: Space, arguments: Arguments) -> Reply:
    """HINCRBY key field amount."""
    key, field = arguments[1], arguments[2]
    amount = integer(arguments[3])
    require_member((field,))
    head = take_as(space, key, HASH_TYPE) or NEW_HEADS[HASH_TYPE]
    current = field_value(space, key, head, field)
    value = 0 if current is None else parse_integer(current)
    if value is None:
        raise FieldNotAnInteger
    value += amount
    if not INTEGER_MIN <= value <= INTEGER_MAX:
        raise Overflow
    own = field_parts(key, field) + space.writer.to_bytes(4)
    before = space.get(own) if head[2] & PARTS else None
    part = amount if before is None else layout.read_signed(before) + amount
    if INTEGER_MIN <= part <= INTEGER_MAX:
        space.put(own, layout.signed(part))
        changed = with_count(head, count_of(head) + (current is None))
        if before is None:
            changed = layout.with_field_part_count(changed, layout.field_part_count(changed) + 1)
    else:
        changed = set_field(space, key, head, field, b"%d" % value)
    set_head(space, key, changed)
    space.notify("h", "hincrby", key)
    return value


@command("hincrbyfloat")
def hincrbyfloat(space: Space, arguments: Arguments) -> Reply:
    """HINCRBYFLOAT key field amount."""
    key, field = arguments[1], arguments[2]
    require_finite(arguments[3])
    require_member((field,))
    head = take_as(space, key, HASH_TYPE) or NEW_HEADS[HASH_TYPE]
    current = field_value(space, key, head, field)
    value = sum_extended(b"0" if current is None else current, arguments[3], FieldNotANumber)
    set_head(space, key, set_field(space, key, head, field, value))
    space.notify("h", "hincrbyfloat", key)
    return value


@command("hrandfield")
def hrandfield(space: Space, arguments: Arguments) -> Reply:
    """HRANDFIELD key [count [WITHVALUES]]."""
    key = arguments[1]
    count = drawn_count(arguments[2]) if len(arguments) > 2 else None
    with_values = len(arguments) == 4
    if len(arguments) > 4 or (with_values and arguments[3].upper() != b"WITHVALUES"):
        raise BadSyntax
    if with_values and count is not None:
        drawn_count(arguments[2], halved=True)
    head = peek_as(space, key, HASH_TYPE)
    if head is None or count == 0:
        return None if count is None else []
    found = list(fields(space, key, head))
    if count is None:
        return found[space.chance(len(found))][0]
    drawn = pick_distinct(space, found, count) if count > 0 else pick_repeated(space, found, -count)
    return Pairs(drawn) if with_values else [field for field, _ in drawn]
