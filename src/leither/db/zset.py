"""Sorted sets: members and their scores."""

import math
from typing import NamedTuple

from leither.db.command import Arguments, command
from leither.db.keyspace import peek_as, set_head, take_as
from leither.db.layout import NEW_HEADS, RANKED, ZSET_TYPE, after, collection, count_of, with_count
from leither.db.number import double
from leither.db.pick import drawn_count, pick_distinct, pick_repeated
from leither.db.ranking import named, remove_members, score_of, set_score
from leither.db.refusal import BadSyntax, Overflow, Refusal
from leither.db.reply import Pairs, Reply
from leither.db.score import rank_key
from leither.db.size import require_member
from leither.db.space import Space


class OptionsClash(Refusal):
    """Options of ZADD that exclude each other."""

    code = "db-zadd-options"


class _Options(NamedTuple):
    """The options of ZADD, and where the pairs begin."""

    words: frozenset[bytes]
    pairs: int


def _options(arguments: Arguments, *, increments: bool = False) -> _Options:
    position = 2
    words = {b"INCR"} if increments else set()
    while position < len(arguments) and arguments[position].upper() in (b"NX", b"XX", b"GT", b"LT", b"CH", b"INCR"):
        words.add(arguments[position].upper())
        position += 1
    rest = len(arguments) - position
    if rest % 2 or not rest:
        raise BadSyntax
    if words >= {b"NX", b"XX"}:
        raise OptionsClash("ERR XX and NX options at the same time are not compatible")
    if len(words & {b"NX", b"GT", b"LT"}) > 1:
        raise OptionsClash("ERR GT, LT, and/or NX options at the same time are not compatible")
    if b"INCR" in words and rest > 2:
        raise OptionsClash("ERR INCR option supports a single increment-element pair")
    return _Options(frozenset(words), position)


@command("zadd")
def zadd(space: Space, arguments: Arguments) -> Reply:
    """ZADD key [NX | XX] [GT | LT] [CH] [INCR] score member …."""
    return _add(space, arguments[1], arguments, _options(arguments))


@command("zincrby")
def zincrby(space: Space, arguments: Arguments) -> Reply:
    """ZINCRBY key amount member."""
    return _add(space, arguments[1], arguments, _options(arguments, increments=True))


def _add(space: Space, key: bytes, arguments: Arguments, options: _Options) -> Reply:
    words = options.words
    scores = [double(text) for text in arguments[options.pairs :: 2]]
    members = arguments[options.pairs + 1 :: 2]
    require_member(members)
    head = take_as(space, key, ZSET_TYPE)
    increments = b"INCR" in words
    if head is None:
        if b"XX" in words:
            return None if increments else 0
        head = NEW_HEADS[ZSET_TYPE]
    if increments:
        _require_number(score_of(space, key, members[0]), scores[0])
    added = updated = 0
    outcome: float | None = None
    for member, given in zip(members, scores, strict=True):
        old = score_of(space, key, member)
        score = given + old if increments and old is not None else given
        if not _wanted(words, old, score):
            continue
        outcome = score
        if old is None:
            added += 1
        elif score != old:
            updated += 1
        else:
            continue
        set_score(space, key, member, old, score)
    if added:
        set_head(space, key, with_count(head, count_of(head) + added))
    if added or updated:
        space.notify("z", "zincr" if increments else "zadd", key)
    if increments:
        return outcome
    return added + updated if b"CH" in words else added


def _require_number(old: float | None, amount: float) -> None:
    if old is not None and math.isnan(old + amount):
        raise Overflow("ERR resulting score is not a number (NaN)")


def _wanted(words: frozenset[bytes], old: float | None, score: float) -> bool:
    if not words:
        return True
    if old is None:
        return b"XX" not in words
    return not (b"NX" in words or (b"GT" in words and score <= old) or (b"LT" in words and score >= old))


@command("zrem")
def zrem(space: Space, arguments: Arguments) -> Reply:
    """ZREM key member …."""
    key = arguments[1]
    head = take_as(space, key, ZSET_TYPE)
    if head is None:
        return 0
    scores = {member: score_of(space, key, member) for member in arguments[2:]}
    gone = [(member, score) for member, score in scores.items() if score is not None]
    return remove_members(space, key, head, gone, "zrem")


@command("zcard")
def zcard(space: Space, arguments: Arguments) -> Reply:
    """ZCARD key."""
    head = peek_as(space, arguments[1], ZSET_TYPE)
    return 0 if head is None else count_of(head)


@command("zscore")
def zscore(space: Space, arguments: Arguments) -> Reply:
    """ZSCORE key member."""
    head = peek_as(space, arguments[1], ZSET_TYPE)
    return None if head is None else score_of(space, arguments[1], arguments[2])


@command("zmscore")
def zmscore(space: Space, arguments: Arguments) -> Reply:
    """ZMSCORE key member …."""
    head = peek_as(space, arguments[1], ZSET_TYPE)
    return [None if head is None else score_of(space, arguments[1], member) for member in arguments[2:]]


@command("zrank", "zrevrank")
def zrank(space: Space, arguments: Arguments) -> Reply:
    """ZRANK key member; ZREVRANK key member. Cost: that of counting the members before it."""
    key, member = arguments[1], arguments[2]
    head = peek_as(space, key, ZSET_TYPE)
    score = None if head is None else score_of(space, key, member)
    if score is None:
        return None
    own = rank_key(key, score, member)
    if len(arguments[0]) == 5:
        return space.count(collection(RANKED, key), own)
    return space.count(own, after(collection(RANKED, key))) - 1


@command("zrandmember")
def zrandmember(space: Space, arguments: Arguments) -> Reply:
    """ZRANDMEMBER key [count [WITHSCORES]]. Cost: the members."""
    key = arguments[1]
    with_scores = len(arguments) == 4
    if len(arguments) > 4 or (with_scores and arguments[3].upper() != b"WITHSCORES"):
        raise BadSyntax
    count = drawn_count(arguments[2], halved=with_scores) if len(arguments) > 2 else None
    head = peek_as(space, key, ZSET_TYPE)
    if head is None or count == 0:
        return None if count is None else []
    found = list(named(space, key))
    if count is None:
        return found[space.chance(len(found))][0]
    drawn = pick_distinct(space, found, count) if count > 0 else pick_repeated(space, found, -count)
    return Pairs(drawn) if with_scores else [member for member, _ in drawn]
