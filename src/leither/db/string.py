"""Strings: reading and writing whole values and parts of them."""

from leither import limits
from leither.db import layout
from leither.db.command import Arguments, command
from leither.db.keyspace import erase, peek, peek_as, remove, set_expiry, take, take_as
from leither.db.layout import EXPIRES, PARTS, PLAIN_STRING, STRING_TYPE, collection
from leither.db.lifetime import NO_LIFETIME, Lifetime, deadline
from leither.db.number import integer, parse_integer
from leither.db.refusal import BadSyntax, OutOfRange, ValueTooLong, WrongArity, WrongType
from leither.db.reply import OK, Reply
from leither.db.space import Space


def value_of(space: Space, key: bytes, head: bytes) -> bytes:
    """Return the string at `key`: as it stands, or with its counter parts added to the number it is."""
    if not head[2] & PARTS:
        stored = space.get(b"\x92" + key)
        return stored[1:] if stored else b""
    return str_of_counter(space.get(b"\x92" + key), layout.string_sum(head))


def str_of_counter(stored: bytes | None, total: int) -> bytes:
    """Return the text of a counter. A string that is no number stands as it is: it was set beside an increment."""
    base = 0 if stored is None else parse_integer(stored[1:])
    if base is None:
        assert stored is not None
        return stored[1:]
    return b"%d" % (base + total)


def read(space: Space, key: bytes) -> bytes | None:
    """Return the string at `key`, or None. Raises: WrongType."""
    head = peek_as(space, key, STRING_TYPE)
    return None if head is None else value_of(space, key, head)


def replace(space: Space, key: bytes, head: bytes | None, value: bytes) -> None:
    """Make `key`, which has `head`, a string without an expiry."""
    if head is not None and (head[1] != STRING_TYPE or head[2]):
        erase(space, key, head)
        head = None
    if head is None:
        space.put(b"\x90" + key, PLAIN_STRING)
    space.put(b"\x92" + key, b"\x80" + value)


def rewrite_value(space: Space, key: bytes, head: bytes | None, value: bytes) -> None:
    """Set the string at `key`, which has `head`, and leave its expiry."""
    if len(value) > limits.DB_VALUE_BYTES_MAX:
        raise ValueTooLong
    if head is None:
        space.put(b"\x90" + key, PLAIN_STRING)
    elif head[2] & PARTS:
        drop_parts(space, key, head)
    space.put(b"\x92" + key, b"\x80" + value)


def drop_parts(space: Space, key: bytes, head: bytes) -> bytes:
    """Remove the counter parts of the string at `key` and return its new head, which is written."""
    prefix = collection(layout.PART, key)
    for entry_key in [entry_key for entry_key, _ in space.scan(prefix, layout.after(prefix))]:
        space.delete(entry_key)
    changed = bytes((0x80, head[1], head[2] & ~PARTS)) + head[3:-16]
    space.put(b"\x90" + key, changed)
    return changed


@command("get")
def get(space: Space, arguments: Arguments) -> Reply:
    """GET key."""
    key = arguments[1]
    head = space.get(b"\x90" + key)
    if head == PLAIN_STRING:
        stored = space.get(b"\x92" + key)
        return stored[1:] if stored else b""
    return None if head is None else read(space, key)


@command("set")
def set_string(space: Space, arguments: Arguments) -> Reply:
    """SET key value [NX | XX] [GET] [EX s | PX ms | EXAT s | PXAT ms | KEEPTTL]."""
    key, value = arguments[1], arguments[2]
    if len(arguments) == 3:
        head = space.get(b"\x90" + key)
        if head != PLAIN_STRING:
            replace(space, key, head, value)
        else:
            space.put(b"\x92" + key, b"\x80" + value)
        space.notify("$", "set", key)
        return OK
    return _set_with_options(space, key, value, arguments)


def _set_with_options(space: Space, key: bytes, value: bytes, arguments: Arguments) -> Reply:
    condition = b""
    wants_old = keeps = False
    lifetime = NO_LIFETIME
    position = 3
    while position < len(arguments):
        option = arguments[position].upper()
        if option in (b"NX", b"XX") and condition in (b"", option):
            condition = option
        elif option == b"GET":
            wants_old = True
        elif option == b"KEEPTTL" and lifetime is NO_LIFETIME:
            keeps = True
        elif _is_lifetime(option, arguments, position) and not keeps and lifetime is NO_LIFETIME:
            lifetime = Lifetime(option, arguments[position + 1])
            position += 1
        else:
            raise BadSyntax
        position += 1
    when = None if lifetime is NO_LIFETIME else lifetime.when(space.now_ms, "set")
    head = take(space, key)
    old = None
    if wants_old and head is not None:
        if head[1] != STRING_TYPE:
            raise WrongType
        old = value_of(space, key, head)
    if condition and (head is None) != (condition == b"NX"):
        return old
    kept = layout.expiry_of(head) if keeps and head is not None else None
    replace(space, key, head, value)
    if kept is not None:
        set_expiry(space, key, PLAIN_STRING, kept)
    space.notify("$", "set", key)
    if when is not None:
        set_expiry(space, key, PLAIN_STRING, when)
        space.notify("g", "expire", key)
    return old if wants_old else OK


def _is_lifetime(option: bytes, arguments: Arguments, position: int) -> bool:
    return option in (b"EX", b"PX", b"EXAT", b"PXAT") and position + 1 < len(arguments)


@command("setnx")
def setnx(space: Space, arguments: Arguments) -> Reply:
    """SETNX key value."""
    if take(space, arguments[1]) is not None:
        return 0
    replace(space, arguments[1], None, arguments[2])
    space.notify("$", "set", arguments[1])
    return 1


@command("setex", "psetex")
def setex(space: Space, arguments: Arguments) -> Reply:
    """SETEX key seconds value; PSETEX key milliseconds value."""
    name, key, amount, value = arguments
    milliseconds = name[:1] in b"pP"
    when = deadline(amount, space.now_ms, "psetex" if milliseconds else "setex", seconds=not milliseconds)
    replace(space, key, space.get(b"\x90" + key), value)
    set_expiry(space, key, PLAIN_STRING, when)
    space.notify("$", "set", key)
    space.notify("g", "expire", key)
    return OK


@command("getset")
def getset(space: Space, arguments: Arguments) -> Reply:
    """GETSET key value."""
    key = arguments[1]
    head = take_as(space, key, STRING_TYPE)
    old = None if head is None else value_of(space, key, head)
    replace(space, key, head, arguments[2])
    space.notify("$", "set", key)
    return old


@command("getdel")
def getdel(space: Space, arguments: Arguments) -> Reply:
    """GETDEL key."""
    key = arguments[1]
    head = take_as(space, key, STRING_TYPE)
    if head is None:
        return None
    old = value_of(space, key, head)
    remove(space, key, head)
    return old


@command("getex")
def getex(space: Space, arguments: Arguments) -> Reply:
    """GETEX key [EX s | PX ms | EXAT s | PXAT ms | PERSIST]."""
    key = arguments[1]
    lifetime = NO_LIFETIME
    persists = False
    position = 2
    while position < len(arguments):
        option = arguments[position].upper()
        if persists or lifetime is not NO_LIFETIME:
            raise BadSyntax
        if option == b"PERSIST":
            persists = True
        elif _is_lifetime(option, arguments, position):
            lifetime = Lifetime(option, arguments[position + 1])
            position += 1
        else:
            raise BadSyntax
        position += 1
    head = take_as(space, key, STRING_TYPE)
    if head is None:
        return None
    value = value_of(space, key, head)
    if lifetime is not NO_LIFETIME:
        when = lifetime.when(space.now_ms, "getex")
        if when <= space.now_ms:
            remove(space, key, head)
        else:
            set_expiry(space, key, head, when)
            space.notify("g", "expire", key)
    elif persists and head[2] & EXPIRES:
        set_expiry(space, key, head, None)
        space.notify("g", "persist", key)
    return value


@command("mget")
def mget(space: Space, arguments: Arguments) -> Reply:
    """MGET key …."""
    found: list[bytes | None] = []
    for key in arguments[1:]:
        head = peek(space, key)
        found.append(value_of(space, key, head) if head is not None and head[1] == STRING_TYPE else None)
    return found


@command("mset", "msetnx")
def mset(space: Space, arguments: Arguments) -> Reply:
    """MSET key value …; MSETNX key value …."""
    only_new = len(arguments[0]) == 6
    if not len(arguments) % 2:
        raise WrongArity("msetnx" if only_new else "mset")
    if only_new and any(take(space, key) is not None for key in arguments[1::2]):
        return 0
    for key, value in zip(arguments[1::2], arguments[2::2], strict=True):
        replace(space, key, space.get(b"\x90" + key), value)
        space.notify("$", "set", key)
    return 1 if only_new else OK


@command("append")
def append(space: Space, arguments: Arguments) -> Reply:
    """APPEND key value."""
    key, more = arguments[1], arguments[2]
    head = take_as(space, key, STRING_TYPE)
    value = more if head is None else value_of(space, key, head) + more
    rewrite_value(space, key, head, value)
    space.notify("$", "append", key)
    return len(value)


@command("strlen")
def strlen(space: Space, arguments: Arguments) -> Reply:
    """STRLEN key."""
    return len(read(space, arguments[1]) or b"")


@command("getrange", "substr")
def getrange(space: Space, arguments: Arguments) -> Reply:
    """GETRANGE key start end; SUBSTR key start end."""
    start, end = integer(arguments[2]), integer(arguments[3])
    value = read(space, arguments[1])
    if value is None or (start < 0 and end < 0 and start > end):
        return b""
    size = len(value)
    start = max(start + size, 0) if start < 0 else start
    end = max(end + size, 0) if end < 0 else min(end, size - 1)
    return value[start : end + 1] if size else b""


@command("setrange")
def setrange(space: Space, arguments: Arguments) -> Reply:
    """SETRANGE key offset value."""
    key, more = arguments[1], arguments[3]
    offset = integer(arguments[2])
    if offset < 0:
        raise OutOfRange("ERR offset is out of range")
    head = take_as(space, key, STRING_TYPE)
    value = b"" if head is None else value_of(space, key, head)
    if not more:
        return len(value)
    if offset + len(more) > limits.DB_VALUE_BYTES_MAX:
        raise ValueTooLong
    value = value[:offset].ljust(offset, b"\0") + more + value[offset + len(more) :]
    rewrite_value(space, key, head, value)
    space.notify("$", "setrange", key)
    return len(value)
