"""Keys as such: deleting, renaming, copying, counting, drawing one."""

from itertools import islice

from leither.db import layout
from leither.db.command import Arguments, command
from leither.db.copying import copy_value
from leither.db.keyspace import erase, expired, peek, remove, take
from leither.db.layout import HEAD
from leither.db.number import integer
from leither.db.refusal import BadSyntax, NoSuchKey, NotAnInteger, OutOfRange, Refusal
from leither.db.reply import OK, Reply, Simple
from leither.db.space import Space

TYPE_NAMES = ("none", "string", "hash", "list", "set", "zset")


class SameKey(Refusal):
    """Source and destination are one."""

    code = "db-same-key"
    text = "ERR source and destination objects are the same"


@command("del", "unlink")
def delete(space: Space, arguments: Arguments) -> Reply:
    """DEL key …; UNLINK key …."""
    deleted = 0
    for key in arguments[1:]:
        head = take(space, key)
        if head is not None:
            remove(space, key, head)
            deleted += 1
    return deleted


@command("exists", "touch")
def exists(space: Space, arguments: Arguments) -> Reply:
    """EXISTS key …; TOUCH key …."""
    return sum(peek(space, key) is not None for key in arguments[1:])


@command("type")
def type_name(space: Space, arguments: Arguments) -> Reply:
    """TYPE key."""
    head = peek(space, arguments[1])
    return Simple(TYPE_NAMES[head[1]] if head else "none")


@command("rename", "renamenx")
def rename(space: Space, arguments: Arguments) -> Reply:
    """RENAME key newkey; RENAMENX key newkey."""
    name, source, target = arguments
    only_new = len(name) == 8
    head = take(space, source)
    if head is None:
        raise NoSuchKey
    if source == target:
        return 0 if only_new else OK
    old = take(space, target)
    if old is not None:
        if only_new:
            return 0
        erase(space, target, old)
    copy_value(space, source, head, target)
    erase(space, source, head)
    space.notify("g", "rename_from", source)
    space.notify("g", "rename_to", target)
    return 1 if only_new else OK


@command("copy")
def copy(space: Space, arguments: Arguments) -> Reply:
    """COPY source destination [DB 0] [REPLACE]."""
    source, target = arguments[1], arguments[2]
    replaces = False
    position = 3
    while position < len(arguments):
        option = arguments[position].upper()
        if option == b"REPLACE":
            replaces = True
        elif option == b"DB" and position + 1 < len(arguments):
            _require_only_database(arguments[position + 1])
            position += 1
        else:
            raise BadSyntax
        position += 1
    if source == target:
        raise SameKey
    head = peek(space, source)
    if head is None:
        return 0
    old = take(space, target)
    if old is not None:
        if not replaces:
            return 0
        erase(space, target, old)
    copy_value(space, source, head, target)
    space.notify("g", "copy_to", target)
    return 1


@command("move")
def move(space: Space, arguments: Arguments) -> Reply:
    """MOVE key db: there is one database, so it can't."""
    _require_only_database(arguments[2])
    raise SameKey


def _require_only_database(text: bytes) -> None:
    if not -(1 << 31) <= integer(text) < 1 << 31:
        raise NotAnInteger
    if integer(text) != 0:
        raise OutOfRange("ERR DB index is out of range")


@command("randomkey")
def randomkey(space: Space, arguments: Arguments) -> Reply:
    """RANDOMKEY. Cost: the keys before the one drawn."""
    total = space.key_count
    if not total:
        return None
    start = space.chance(total)
    stop = layout.after(HEAD)
    for keys in (islice(space.scan(HEAD, stop), start, None), space.scan(HEAD, stop)):
        for entry_key, head in keys:
            if head[1] and not expired(space, head):
                return entry_key[1:]
    return None


@command("dbsize")
def dbsize(space: Space, arguments: Arguments) -> Reply:
    """DBSIZE: keys that have expired and are not yet removed count, as in Redis."""
    return space.key_count


@command("flushdb", "flushall")
def flush(space: Space, arguments: Arguments) -> Reply:
    """FLUSHDB [ASYNC | SYNC]; FLUSHALL [ASYNC | SYNC]. List numbers that were used stay known."""
    if len(arguments) > 2 or (len(arguments) == 2 and arguments[1].upper() not in (b"ASYNC", b"SYNC")):
        raise BadSyntax
    for entry_key, head in list(space.scan(HEAD, layout.after(HEAD))):
        key = entry_key[1:]
        erase(space, key, head)
        if head[1]:
            space.notify("", "flush", key)
    return OK
