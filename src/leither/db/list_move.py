"""Moving an element from one list to another, or around in one."""

from leither.db.command import Arguments, command
from leither.db.element import pop
from leither.db.keyspace import take, take_as
from leither.db.layout import LIST_TYPE
from leither.db.list_end import push_back, push_front
from leither.db.many import timeout_s
from leither.db.refusal import BadSyntax, WrongType
from leither.db.reply import Reply, Wait
from leither.db.space import Space


@command("lmove")
def lmove(space: Space, arguments: Arguments) -> Reply:
    """LMOVE source destination LEFT | RIGHT LEFT | RIGHT."""
    taken, put = _sides(arguments)
    return _move(space, arguments[1], arguments[2], from_front=taken, to_front=put)


@command("rpoplpush")
def rpoplpush(space: Space, arguments: Arguments) -> Reply:
    """RPOPLPUSH source destination."""
    return _move(space, arguments[1], arguments[2], from_front=False, to_front=True)


@command("blmove")
def blmove(space: Space, arguments: Arguments) -> Reply:
    """BLMOVE source destination LEFT | RIGHT LEFT | RIGHT timeout."""
    taken, put = _sides(arguments)
    wait_s = timeout_s(arguments[5], space.now_ms)
    moved = _move(space, arguments[1], arguments[2], from_front=taken, to_front=put)
    return Wait((arguments[1],), wait_s, None) if moved is None else moved


@command("brpoplpush")
def brpoplpush(space: Space, arguments: Arguments) -> Reply:
    """BRPOPLPUSH source destination timeout."""
    wait_s = timeout_s(arguments[3], space.now_ms)
    moved = _move(space, arguments[1], arguments[2], from_front=False, to_front=True)
    return Wait((arguments[1],), wait_s, None) if moved is None else moved


def _sides(arguments: Arguments) -> tuple[bool, bool]:
    sides = arguments[3].upper(), arguments[4].upper()
    if not set(sides) <= {b"LEFT", b"RIGHT"}:
        raise BadSyntax
    return sides[0] == b"LEFT", sides[1] == b"LEFT"


def _move(space: Space, source: bytes, target: bytes, *, from_front: bool, to_front: bool) -> bytes | None:
    head = take_as(space, source, LIST_TYPE)
    if head is None:
        return None
    into = take(space, target)
    if into is not None and into[1] != LIST_TYPE:
        raise WrongType
    value = pop(space, source, head, 1, front=from_front)[0]
    into = take(space, target)
    push = push_front if to_front else push_back
    push(space, target, into, [value])
    space.notify("l", "lpush" if to_front else "rpush", target)
    return value
