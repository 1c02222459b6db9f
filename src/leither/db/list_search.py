"""LPOS: where an element stands in a list."""

from itertools import islice
from typing import NamedTuple

from leither.db.command import Arguments, command
from leither.db.element import elements
from leither.db.keyspace import peek_as
from leither.db.layout import LIST_TYPE, count_of
from leither.db.number import INTEGER_MIN, integer
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
    if len(words) % 2:
        raise BadSyntax
    for option, text in zip(words[::2], words[1::2], strict=True):
        match option.upper():
            case b"RANK":
                rank = integer(text)
                if rank == 0:
                    raise OutOfRange(_RANK_ZERO)
            case b"COUNT":
                limit = integer(text)
                if limit < 0:
                    raise OutOfRange("ERR COUNT can't be negative")
            case b"MAXLEN":
                compared_max = integer(text)
                if compared_max < 0:
                    raise OutOfRange("ERR MAXLEN can't be negative")
            case _:
                raise BadSyntax
    return _Search(rank, limit, compared_max)
