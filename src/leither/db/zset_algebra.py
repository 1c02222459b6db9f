"""What sorted sets, and sets, have in common, together, or one alone, with scores combined."""

import math
from collections.abc import Callable
from typing import NamedTuple

from leither.db.command import Arguments, command
from leither.db.keyspace import peek, take
from leither.db.layout import SET_TYPE, ZSET_TYPE
from leither.db.number import double, integer
from leither.db.ranking import Scored, named, store_zset
from leither.db.refusal import BadSyntax, NotANumber, OutOfRange, WrongType
from leither.db.reply import Pairs, Reply
from leither.db.set import members
from leither.db.set_algebra import parse_limit
from leither.db.space import Space

Aggregate = Callable[[float, float], float]


def _sum(left: float, right: float) -> float:
    """Add scores; of two opposite infinities nothing is left."""
    total = left + right
    return 0.0 if math.isnan(total) else total


_AGGREGATES: dict[bytes, Aggregate] = {
    b"SUM": _sum,
    b"MIN": lambda left, right: left if left < right else right,
    b"MAX": lambda left, right: left if left > right else right,
}


class _Request(NamedTuple):
    """What is to be combined: the inputs in the order they came, their weights, and how scores meet."""

    inputs: list[dict[bytes, float]]
    weights: list[float]
    aggregate: Aggregate
    with_scores: bool


def _read(space: Space, key: bytes, *, writes: bool) -> dict[bytes, float]:
    """Return the members at `key` with their scores, 1 in a set. Raises: WrongType."""
    head = (take if writes else peek)(space, key)
    if head is None:
        return {}
    if head[1] == SET_TYPE:
        return dict.fromkeys(members(space, key), 1.0)
    if head[1] != ZSET_TYPE:
        raise WrongType
    return dict(named(space, key))


def _parse(space: Space, name: str, words: Arguments) -> _Request:
    """Read `numkeys key … [WEIGHTS weight …] [AGGREGATE how] [WITHSCORES]`."""
    stores = name.endswith("store")
    number = integer(words[0])
    if number < 1:
        raise OutOfRange(f"ERR at least 1 input key is needed for '{name}' command")
    if number > len(words) - 1:
        raise BadSyntax
    inputs = [_read(space, key, writes=stores) for key in words[1 : number + 1]]
    weights = [1.0] * number
    aggregate: Aggregate = _sum
    with_scores = False
    position = number + 1
    while position < len(words):
        option = words[position].upper()
        left = len(words) - position - 1
        if option == b"WEIGHTS" and left >= number and "diff" not in name:
            refusal = NotANumber("ERR weight value is not a float")
            weights = [double(text, refusal) for text in words[position + 1 : position + 1 + number]]
            position += number
        elif option == b"AGGREGATE" and left and "diff" not in name:
            named_aggregate = _AGGREGATES.get(words[position + 1].upper())
            if named_aggregate is None:
                raise BadSyntax
            aggregate = named_aggregate
            position += 1
        elif option == b"WITHSCORES" and not stores:
            with_scores = True
        else:
            raise BadSyntax
        position += 1
    return _Request(inputs, weights, aggregate, with_scores)


def _combined(name: str, request: _Request) -> list[Scored]:
    """Return the outcome by score, then name."""
    if "diff" in name:
        first, *others = request.inputs
        found = {member: score for member, score in first.items() if not any(member in other for other in others)}
    else:
        # Smaller ones first, as Redis adds them up.
        weighted = sorted(zip(request.inputs, request.weights, strict=True), key=lambda pair: len(pair[0]))
        found = {}
        for index, (scores, weight) in enumerate(weighted):
            for member, score in scores.items():
                value = 0.0 if math.isnan(weight * score) else weight * score
                if member in found:
                    found[member] = request.aggregate(found[member], value)
                elif not index or "union" in name:
                    found[member] = value
            if "inter" in name:
                found = {member: score for member, score in found.items() if member in scores}
    return sorted(found.items(), key=lambda pair: (pair[1], pair[0]))


@command("zunion", "zinter", "zdiff")
def combine(space: Space, arguments: Arguments) -> Reply:
    """ZUNION numkeys key … [WEIGHTS …] [AGGREGATE SUM | MIN | MAX] [WITHSCORES]; ZINTER …; ZDIFF …."""
    name = arguments[0].lower().decode()
    request = _parse(space, name, arguments[1:])
    found = _combined(name, request)
    return Pairs(found) if request.with_scores else [member for member, _ in found]


@command("zunionstore", "zinterstore", "zdiffstore")
def combine_and_store(space: Space, arguments: Arguments) -> Reply:
    """ZUNIONSTORE destination numkeys key … [WEIGHTS …] [AGGREGATE …]; ZINTERSTORE …; ZDIFFSTORE …."""
    name = arguments[0].lower().decode()
    found = _combined(name, _parse(space, name, arguments[2:]))
    return store_zset(space, arguments[1], found, name)


@command("zintercard")
def zintercard(space: Space, arguments: Arguments) -> Reply:
    """ZINTERCARD numkeys key … [LIMIT limit]."""
    number = integer(arguments[1])
    if number < 1:
        raise OutOfRange("ERR at least 1 input key is needed for 'zintercard' command")
    if number > len(arguments) - 2:
        raise BadSyntax
    inputs = [_read(space, key, writes=False) for key in arguments[2 : 2 + number]]
    limit = parse_limit(arguments[2 + number :])
    count = len(set(inputs[0]).intersection(*inputs[1:]))
    return min(count, limit) if limit else count
