"""Taking elements from lists, also from the first of several that has some."""

from leither.db.command import Arguments, command
from leither.db.element import pop
from leither.db.keyspace import take_as
from leither.db.layout import LIST_TYPE
from leither.db.many import counted_keys, popped_count, side_and_count, timeout_s
from leither.db.refusal import WrongArity
from leither.db.reply import NIL_ARRAY, Reply, Wait
from leither.db.space import Space

_SIDES = (b"LEFT", b"RIGHT")


@command("lpop")
def lpop(space: Space, arguments: Arguments) -> Reply:
    """LPOP key [count]."""
    return _pop(space, arguments, front=True)


@command("rpop")
def rpop(space: Space, arguments: Arguments) -> Reply:
    """RPOP key [count]."""
    return _pop(space, arguments, front=False)


def _pop(space: Space, arguments: Arguments, *, front: bool) -> Reply:
    key = arguments[1]
    count = popped_count(arguments, WrongArity("lpop" if front else "rpop")) if len(arguments) > 2 else None
    head = take_as(space, key, LIST_TYPE)
    if head is None:
        return None if count is None else NIL_ARRAY
    if count is None:
        return pop(space, key, head, 1, front=front)[0]
    return list(pop(space, key, head, count, front=front)) if count else []


@command("lmpop")
def lmpop(space: Space, arguments: Arguments) -> Reply:
    """LMPOP numkeys key … LEFT | RIGHT [COUNT count]."""
    keys, rest = counted_keys(arguments[1:])
    front, count = side_and_count(rest, _SIDES)
    return _pop_first(space, keys, count, front=front) or NIL_ARRAY


def _pop_first(space: Space, keys: tuple[bytes, ...], count: int, *, front: bool) -> list[object] | None:
    for key in keys:
        head = take_as(space, key, LIST_TYPE)
        if head is not None:
            return [key, pop(space, key, head, count, front=front)]
    return None


@command("blmpop")
def blmpop(space: Space, arguments: Arguments) -> Reply:
    """BLMPOP timeout numkeys key … LEFT | RIGHT [COUNT count]."""
    wait_s = timeout_s(arguments[1], space.now_ms)
    keys, rest = counted_keys(arguments[2:])
    front, count = side_and_count(rest, _SIDES)
    return _pop_first(space, keys, count, front=front) or Wait(keys, wait_s, NIL_ARRAY)


@command("blpop", "brpop")
def blpop(space: Space, arguments: Arguments) -> Reply:
    """BLPOP key … timeout; BRPOP key … timeout."""
    wait_s = timeout_s(arguments[-1], space.now_ms)
    keys = tuple(arguments[1:-1])
    found = _pop_first(space, keys, 1, front=arguments[0][1] in b"lL")
    if found is None:
        return Wait(keys, wait_s, NIL_ARRAY)
    key, popped = found
    assert isinstance(popped, list)
    return [key, popped[0]]
