"""LPOS: where an element stands in a list."""

from itertools import islice
from typing import NamedTuple

from leither.db.command import Arguments, command
from leither.db.element import elements
from leither.db.keyspace import peek_as
from leither.db.layout import LIST_TYPE, count_of
from leither.db.number import INTEGER_MIN, integer, parse_integer
from leither.db.refusal import BadSyntax, OutOfRange
from leither.db.reply import Reply
from leither.db.space import Space

_RANK_ZERO = (
    "ERR RANK can't be zero: use 1 to start from the first match, 2 from the second ... or use negative to start "
    "from the end of the list"
)


class _Search(NamedTuple):
    rank: int
    limit: int | None
    compared_max: int


@command("lpos")
def lpos(space: Space, arguments: Arguments) -> Reply:
    """LPOS key element [RANK rank] [COUNT count] [MAXLEN length]."""
    key, element = arguments[1], b"\x80" + arguments[2]
    search = _parse(arguments[3:])
    head = peek_as(space, key, LIST_TYPE)
    found: list[int] = []
    if head is not None:
        count = count_of(head)
        skip = abs(search.rank) - 1 if search.rank > INTEGER_MIN else 0  # in Redis its negative overflows
        wanted = search.limit if search.limit is not None else 1
        walk = islice(elements(space, key, reverse=search.rank < 0), search.compared_max or None)
        for index, (_, value) in enumerate(walk):
            if value != element:
                continue
            if skip:
                skip -= 1
                continue
            found.append(index if search.rank > 0 else count - 1 - index)
            if len(found) == wanted:
                break
    if search.limit is None:
        return found[0] if found else None
    return found


def _parse(words: Arguments) -> _Search:
    rank, limit, compared_max = 1, None, 0
    for at in range(0, len(words), 2):
        if at + 1 == len(words):
            raise BadSyntax
        option, text = words[at], words[at + 1]
        match option.upper():
            case b"RANK":
                rank = integer(text)
                if rank == 0:
                    raise OutOfRange(_RANK_ZERO)
            case b"COUNT":
                limit = _bound(text, "COUNT")
            case b"MAXLEN":
                compared_max = _bound(text, "MAXLEN")
            case _:
                raise BadSyntax
    return _Search(rank, limit, compared_max)


def _bound(text: bytes, name: str) -> int:
    value = parse_integer(text)
    if value is None or value < 0:
        raise OutOfRange(f"ERR {name} can't be negative")
    return value
