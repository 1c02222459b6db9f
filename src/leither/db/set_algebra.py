"""What sets have in common, together, or one alone."""

from leither.db.command import Arguments, command
from leither.db.keyspace import peek_as, take_as
from leither.db.layout import SET_TYPE
from leither.db.many import above_zero
from leither.db.number import parse_integer
from leither.db.refusal import BadSyntax, OutOfRange
from leither.db.reply import Members, Reply
from leither.db.set import members, store_set
from leither.db.space import Space


def _read(space: Space, key: bytes, *, writes: bool) -> set[bytes]:
    head = (take_as if writes else peek_as)(space, key, SET_TYPE)
    return set() if head is None else set(members(space, key))


def _combine(space: Space, name: bytes, keys: Arguments, *, writes: bool) -> list[bytes]:
    """Return in byte order what the command whose name begins with `name` finds. Raises: WrongType."""
    first, *others = [_read(space, key, writes=writes) for key in keys]
    operation = name[:2].lower()
    if operation == b"si":
        return sorted(first.intersection(*others))
    return sorted(first.union(*others) if operation == b"su" else first.difference(*others))


@command("sinter", "sunion", "sdiff")
def combine(space: Space, arguments: Arguments) -> Reply:
    """SINTER key …; SUNION key …; SDIFF key …."""
    return Members(_combine(space, arguments[0], arguments[1:], writes=False))


@command("sinterstore", "sunionstore", "sdiffstore")
def combine_and_store(space: Space, arguments: Arguments) -> Reply:
    """SINTERSTORE destination key …; SUNIONSTORE …; SDIFFSTORE …."""
    found = _combine(space, arguments[0], arguments[2:], writes=True)
    return store_set(space, arguments[1], found, arguments[0].lower().decode())


@command("sintercard")
def sintercard(space: Space, arguments: Arguments) -> Reply:
    """SINTERCARD numkeys key … [LIMIT limit]."""
    number = above_zero(arguments[1], "numkeys")
    if number > len(arguments) - 2:
        raise OutOfRange("ERR Number of keys can't be greater than number of args")
    limit = parse_limit(arguments[2 + number :])
    count = len(_combine(space, b"si", arguments[2 : 2 + number], writes=False))
    return min(count, limit) if limit else count


def parse_limit(words: Arguments) -> int:
    """Return the number in `[LIMIT limit]`, 0 for none. Raises: BadSyntax, OutOfRange."""
    limit = 0
    for position in range(0, len(words), 2):
        if words[position].upper() != b"LIMIT" or position + 1 == len(words):
            raise BadSyntax
        value = parse_integer(words[position + 1])
        if value is None or value < 0:
            raise OutOfRange("ERR LIMIT can't be negative")
        limit = value
    return limit
