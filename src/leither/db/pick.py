"""Drawing at random, once or with repetition."""

from collections.abc import Sequence
from typing import TypeVar

from leither import limits
from leither.db.number import INTEGER_MAX, integer
from leither.db.refusal import OutOfRange
from leither.db.space import Space

T = TypeVar("T")


def drawn_count(text: bytes, *, halved: bool = False) -> int:
    """Return how many are to be drawn: negative for with repetition. Raises: NotAnInteger, OutOfRange."""
    value = integer(text)
    bound = INTEGER_MAX // 2 if halved else INTEGER_MAX
    if not -bound <= value <= bound:
        raise OutOfRange(
            "ERR value is out of range"
            if halved
            else f"ERR value is out of range, value must between {-bound} and {bound}"
        )
    return value


def pick_distinct(space: Space, items: Sequence[T], count: int) -> list[T]:
    """Return `count` of `items` at random, each once; all of them, as they come, if there are no more."""
    if count >= len(items):
        return list(items)
    pool = list(items)
    for position in range(count):
        other = position + space.chance(len(pool) - position)
        pool[position], pool[other] = pool[other], pool[position]
    return pool[:count]


def pick_repeated(space: Space, items: Sequence[T], count: int) -> list[T]:
    """Return `count` of `items` at random, each as often as it is drawn. Raises: OutOfRange: for too many."""
    if count > limits.DB_REPLY_ITEMS_MAX:
        raise OutOfRange(f"ERR value is out of range, at most {limits.DB_REPLY_ITEMS_MAX} can be drawn with repetition")
    return [items[space.chance(len(items))] for _ in range(count)]
