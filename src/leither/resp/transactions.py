"""MULTI, EXEC, DISCARD, WATCH and UNWATCH. What lies between MULTI and EXEC runs as one unit of the lane."""

from typing import TYPE_CHECKING

from leither import limits
from leither.errors import LeitherError
from leither.people.audit import Kind
from leither.resp.command import Command
from leither.resp.execution import failure_of
from leither.resp.reply import LATER, OK, Failure
from leither.resp.waiting import Together

if TYPE_CHECKING:
    from leither.resp.connection import Connection

_FLAGS = frozenset({"noscript", "loading", "stale", "fast"})


def _multi(connection: "Connection", _: list[bytes]) -> object:
    if connection.multi is not None:
        return Failure("ERR MULTI calls can not be nested")
    connection.multi = []
    connection.multi_failed = False
    return OK


def _exec(connection: "Connection", _: list[bytes]) -> object:
    steps = connection.multi
    if steps is None:
        return Failure("ERR EXEC without MULTI")
    failed = connection.multi_failed
    connection.multi = None
    connection.multi_failed = False
    if failed:
        connection.unwatch()
        return Failure("EXECABORT Transaction discarded because of previous errors.")
    assert connection.lane is not None
    for step in steps:
        connection.count(Kind.CHANGE if step.command.is_write else Kind.READ, 1)
    unit = Together(connection, _EXEC, steps, frozenset(connection.watched), connection.resp)
    connection.await_slot(unit, park=bool(connection.watched))
    connection.lane.add(unit)
    return LATER


def _discard(connection: "Connection", _: list[bytes]) -> object:
    if connection.multi is None:
        return Failure("ERR DISCARD without MULTI")
    connection.leave_multi()
    return OK


def _watch(connection: "Connection", words: list[bytes]) -> object:
    assert connection.lane is not None
    if len(connection.watched) + len(words) - 1 > limits.REDIS_WATCHED_MAX:
        return Failure(f"ERR a connection watches {limits.REDIS_WATCHED_MAX} keys at the most; UNWATCH some first")
    try:
        connection.lane.watch(connection, words[1:])
    except LeitherError as error:
        return failure_of(error)
    return OK


def _unwatch(connection: "Connection", _: list[bytes]) -> object:
    connection.unwatch()
    return OK


def _made(name: bytes, arity: int, since: str, summary: str, **more: object) -> Command:
    return Command(name, arity, "transactions", since, summary, flags=_FLAGS, **more)  # type: ignore[arg-type]


_EXEC = _made(b"exec", 1, "1.2.0", "Run what came since MULTI, all at once", local=_exec, ends_multi=True)
COMMANDS = (
    _made(b"multi", 1, "1.2.0", "Begin a transaction", local=_multi, ends_multi=True),
    _EXEC,
    _made(b"discard", 1, "2.0.0", "Forget what came since MULTI", local=_discard, ends_multi=True, barrier=True),
    _made(
        b"watch",
        -2,
        "2.2.0",
        "Let EXEC do nothing if one of the keys changes before it",
        local=_watch,
        keys=(1, -1, 1),
        in_multi=False,
        barrier=True,
    ),
    _made(b"unwatch", 1, "2.2.0", "Forget what is watched", local=_unwatch, barrier=True),
)
