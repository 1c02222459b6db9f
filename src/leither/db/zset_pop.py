"""Taking the members with the lowest or highest scores."""

from itertools import islice

from leither.db.command import Arguments, command
from leither.db.keyspace import take_as
from leither.db.layout import ZSET_TYPE
from leither.db.many import counted_keys, popped_count, side_and_count, timeout_s
from leither.db.ranking import Scored, ranked, remove_members
from leither.db.refusal import BadSyntax
from leither.db.reply import NIL_ARRAY, Pairs, Reply, Wait
from leither.db.space import Space

_SIDES = (b"MIN", b"MAX")


def _pop(space: Space, key: bytes, head: bytes, count: int, *, lowest: bool) -> list[Scored]:
    taken = list(islice(ranked(space, key, reverse=not lowest), count))
    remove_members(space, key, head, taken, "zpopmin" if lowest else "zpopmax")
    return taken


@command("zpopmin", "zpopmax")
def zpop(space: Space, arguments: Arguments) -> Reply:
    """ZPOPMIN key [count]; ZPOPMAX key [count]."""
    key = arguments[1]
    name = arguments[0].lower().decode()
    count = popped_count(arguments, BadSyntax())
    head = take_as(space, key, ZSET_TYPE)
    if head is None or count == 0:
        return []
    taken = _pop(space, key, head, 1 if count is None else count, lowest=name == "zpopmin")
    return list(taken[0]) if count is None else Pairs(taken)


@command("zmpop")
def zmpop(space: Space, arguments: Arguments) -> Reply:
    """ZMPOP numkeys key … MIN | MAX [COUNT count]."""
    keys, rest = counted_keys(arguments[1:])
    lowest, count = side_and_count(rest, _SIDES)
    return _pop_first(space, keys, count, lowest=lowest) or NIL_ARRAY


def _pop_first(space: Space, keys: tuple[bytes, ...], count: int, *, lowest: bool) -> list[object] | None:
    for key in keys:
        head = take_as(space, key, ZSET_TYPE)
        if head is not None:
            return [key, [list(pair) for pair in _pop(space, key, head, count, lowest=lowest)]]
    return None


@command("bzmpop")
def bzmpop(space: Space, arguments: Arguments) -> Reply:
    """BZMPOP timeout numkeys key … MIN | MAX [COUNT count]."""
    wait_s = timeout_s(arguments[1], space.now_ms)
    keys, rest = counted_keys(arguments[2:])
    lowest, count = side_and_count(rest, _SIDES)
    return _pop_first(space, keys, count, lowest=lowest) or Wait(keys, wait_s, NIL_ARRAY)


@command("bzpopmin", "bzpopmax")
def bzpop(space: Space, arguments: Arguments) -> Reply:
    """BZPOPMIN key … timeout; BZPOPMAX key … timeout."""
    wait_s = timeout_s(arguments[-1], space.now_ms)
    keys = tuple(arguments[1:-1])
    for key in keys:
        head = take_as(space, key, ZSET_TYPE)
        if head is not None:
            return [key, *_pop(space, key, head, 1, lowest=arguments[0].lower() == b"bzpopmin")[0]]
    return Wait(keys, wait_s, NIL_ARRAY)
