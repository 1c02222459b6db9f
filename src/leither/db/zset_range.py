"""Ranges of sorted sets: by rank, by score, by name; listed, stored, counted, removed."""

from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

from leither.db.command import Arguments, command
from leither.db.element import clamp
from leither.db.interval import NameInterval, ScoreInterval, name_interval, score_interval
from leither.db.keyspace import peek_as, take_as
from leither.db.layout import RANKED, SCORE, ZSET_TYPE, after, collection, count_of
from leither.db.number import integer
from leither.db.ranking import Scored, named, ranked, remove_members, store_zset
from leither.db.refusal import BadSyntax
from leither.db.reply import Pairs, Reply
from leither.db.space import Space


class _Range(NamedTuple):
    """A range as a command names it, in ascending order, and what of it is wanted."""

    interval: tuple[int, int] | ScoreInterval | NameInterval
    reverse: bool = False
    offset: int = 0
    limit: int = -1


def _members(space: Space, key: bytes, head: bytes, wanted: _Range) -> Iterator[Scored]:
    """Iterate over the members within a range. Cost: those before it by rank or offset, and those in it."""
    interval = wanted.interval
    if isinstance(interval, ScoreInterval):
        found = ranked(space, key, *interval.bounds, reverse=wanted.reverse) if interval.bounds else iter(())
    elif isinstance(interval, NameInterval):
        found = named(space, key, interval.start, interval.stop, reverse=wanted.reverse)
    else:
        return _by_rank(space, key, count_of(head), interval, reverse=wanted.reverse)
    if wanted.offset < 0:
        return iter(())
    return islice(found, wanted.offset, None if wanted.limit < 0 else wanted.offset + wanted.limit)


def _by_rank(space: Space, key: bytes, count: int, ranks: tuple[int, int], *, reverse: bool) -> Iterator[Scored]:
    start, stop = clamp(*ranks, count)
    if start <= count - stop:
        return islice(ranked(space, key, reverse=reverse), start, stop)
    found = list(islice(ranked(space, key, reverse=not reverse), count - stop, count - start))
    return reversed(found)


class _Form(NamedTuple):
    """How a command says its range: by what, in which order; None where options decide."""

    by: bytes | None
    reverse: bool | None
    first: int = 2


def _parse(arguments: Arguments, form: _Form, *, stores: bool = False) -> tuple[_Range, bool]:
    """Return the range, and whether scores are wanted. Raises: BadSyntax and what the bounds' parsing raises."""
    by, reverse, with_scores = form.by, form.reverse, False
    offset, limit = 0, -1
    limited = False
    position = form.first + 2
    while position < len(arguments):
        option = arguments[position].upper()
        if option == b"WITHSCORES" and not stores:
            with_scores = True
        elif option == b"LIMIT" and position + 2 < len(arguments):
            offset, limit = integer(arguments[position + 1]), integer(arguments[position + 2])
            limited = True
            position += 2
        elif option == b"REV" and reverse is None:
            reverse = True
        elif option in (b"BYLEX", b"BYSCORE") and by is None:
            by = option
        else:
            raise BadSyntax
        position += 1
    if limit != -1 and limited and by not in (b"BYLEX", b"BYSCORE"):
        raise BadSyntax("ERR syntax error, LIMIT is only supported in combination with either BYSCORE or BYLEX")
    if with_scores and by == b"BYLEX":
        raise BadSyntax("ERR syntax error, WITHSCORES not supported in combination with BYLEX")
    low, high = arguments[form.first], arguments[form.first + 1]
    if reverse and by in (b"BYLEX", b"BYSCORE"):
        low, high = high, low
    interval: tuple[int, int] | ScoreInterval | NameInterval
    if by == b"BYSCORE":
        interval = score_interval(low, high)
    elif by == b"BYLEX":
        interval = name_interval(low, high)
    else:
        interval = (integer(low), integer(high))
    return _Range(interval, bool(reverse), offset, limit), with_scores


_FORMS = {
    b"ZRANGE": _Form(None, None),
    b"ZREVRANGE": _Form(b"RANK", reverse=True),
    b"ZRANGEBYSCORE": _Form(b"BYSCORE", reverse=False),
    b"ZREVRANGEBYSCORE": _Form(b"BYSCORE", reverse=True),
    b"ZRANGEBYLEX": _Form(b"BYLEX", reverse=False),
    b"ZREVRANGEBYLEX": _Form(b"BYLEX", reverse=True),
}


@command("zrange", "zrevrange", "zrangebyscore", "zrevrangebyscore", "zrangebylex", "zrevrangebylex")
def zrange(space: Space, arguments: Arguments) -> Reply:
    """ZRANGE key start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count] [WITHSCORES], and its older forms."""
    wanted, with_scores = _parse(arguments, _FORMS[arguments[0].upper()])
    head = peek_as(space, arguments[1], ZSET_TYPE)
    if head is None:
        return []
    found = _members(space, arguments[1], head, wanted)
    return Pairs(found) if with_scores else [member for member, _ in found]


@command("zrangestore")
def zrangestore(space: Space, arguments: Arguments) -> Reply:
    """ZRANGESTORE destination source start stop [BYSCORE | BYLEX] [REV] [LIMIT offset count]."""
    wanted, _ = _parse(arguments, _Form(None, None, first=3), stores=True)
    head = take_as(space, arguments[2], ZSET_TYPE)
    found = [] if head is None else list(_members(space, arguments[2], head, wanted))
    return store_zset(space, arguments[1], found, "zrangestore")


@command("zcount")
def zcount(space: Space, arguments: Arguments) -> Reply:
    """ZCOUNT key min max."""
    interval = score_interval(arguments[2], arguments[3])
    head = peek_as(space, arguments[1], ZSET_TYPE)
    if head is None or interval.bounds is None:
        return 0
    prefix = collection(RANKED, arguments[1])
    return space.count(prefix + interval.bounds[0], prefix + interval.bounds[1])


@command("zlexcount")
def zlexcount(space: Space, arguments: Arguments) -> Reply:
    """ZLEXCOUNT key min max."""
    interval = name_interval(arguments[2], arguments[3])
    head = peek_as(space, arguments[1], ZSET_TYPE)
    if head is None:
        return 0
    prefix = collection(SCORE, arguments[1])
    stop = after(prefix) if interval.stop is None else prefix + interval.stop
    return space.count(prefix + interval.start, stop)


_REMOVED_BY = {b"ZREMRANGEBYRANK": b"RANK", b"ZREMRANGEBYSCORE": b"BYSCORE", b"ZREMRANGEBYLEX": b"BYLEX"}


@command("zremrangebyrank", "zremrangebyscore", "zremrangebylex")
def zremrange(space: Space, arguments: Arguments) -> Reply:
    """ZREMRANGEBYRANK key start stop; ZREMRANGEBYSCORE key min max; ZREMRANGEBYLEX key min max."""
    key = arguments[1]
    wanted, _ = _parse(arguments, _Form(_REMOVED_BY[arguments[0].upper()], reverse=False))
    head = take_as(space, key, ZSET_TYPE)
    if head is None:
        return 0
    return remove_members(space, key, head, list(_members(space, key, head, wanted)), arguments[0].lower().decode())
