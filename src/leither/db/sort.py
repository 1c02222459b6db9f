"""SORT: the elements of a list, set or sorted set in order, by themselves or by what other keys hold."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from leither.db.command import Arguments, command
from leither.db.element import elements
from leither.db.field import field_value
from leither.db.keyspace import erase, peek, take
from leither.db.layout import HASH_TYPE, LIST_TYPE, SET_TYPE, STRING_TYPE, ZSET_TYPE
from leither.db.list_end import push_back
from leither.db.number import integer, read_double
from leither.db.ranking import ranked
from leither.db.refusal import BadSyntax, Refusal, WrongType
from leither.db.reply import Reply
from leither.db.set import members
from leither.db.space import Space
from leither.db.string import value_of


class NotNumbers(Refusal):
    """Something to sort by is no number."""

    code = "db-sort-number"
    text = "ERR One or more scores can't be converted into double"


class _Options(NamedTuple):
    by: bytes | None = None
    descending: bool = False
    alpha: bool = False
    offset: int = 0
    limit: int = -1
    patterns: tuple[bytes, ...] = ()
    target: bytes | None = None

    @property
    def unsorted(self) -> bool:
        return self.by is not None and b"*" not in self.by


@command("sort")
def sort(space: Space, arguments: Arguments) -> Reply:
    """SORT key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA] [STORE destination]."""
    options = _parse(arguments[2:], stores=True)
    found = _sorted(space, arguments[1], options, take)
    if options.target is None:
        return found
    head = space.get(b"\x90" + options.target)
    if head is not None:
        erase(space, options.target, head)
    if found:
        push_back(space, options.target, None, [item or b"" for item in found])
        space.notify("l", "sortstore", options.target)
    elif head is not None:
        space.notify("g", "del", options.target)
    return len(found)


@command("sort_ro")
def sort_ro(space: Space, arguments: Arguments) -> Reply:
    """SORT_RO key [BY pattern] [LIMIT offset count] [GET pattern …] [ASC | DESC] [ALPHA]."""
    return _sorted(space, arguments[1], _parse(arguments[2:], stores=False), peek)


def _parse(words: Arguments, *, stores: bool) -> _Options:
    options = _Options()
    position = 0
    while position < len(words):
        option = words[position].upper()
        left = len(words) - position - 1
        if option in (b"ASC", b"DESC"):
            options = options._replace(descending=option == b"DESC")
        elif option == b"ALPHA":
            options = options._replace(alpha=True)
        elif option == b"LIMIT" and left >= 2:
            options = options._replace(offset=integer(words[position + 1]), limit=integer(words[position + 2]))
            position += 2
        elif option == b"BY" and left:
            options = options._replace(by=words[position + 1])
            position += 1
        elif option == b"GET" and left:
            options = options._replace(patterns=(*options.patterns, words[position + 1]))
            position += 1
        elif option == b"STORE" and left and stores:
            options = options._replace(target=words[position + 1])
            position += 1
        else:
            raise BadSyntax
        position += 1
    return options


def _sorted(
    space: Space, key: bytes, options: _Options, look: Callable[[Space, bytes], bytes | None]
) -> list[bytes | None]:
    head = look(space, key)
    if head is not None and head[1] not in (LIST_TYPE, SET_TYPE, ZSET_TYPE):
        raise WrongType
    items = [] if head is None else _items(space, key, head, options)
    if not options.unsorted:
        items = _ordered(space, items, options)
    elif head is not None and head[1] == SET_TYPE and options.target is not None:
        # What is stored must not depend on an order that sets don't have.
        items = _ordered(space, items, options._replace(by=None, alpha=True))
    start = min(max(options.offset, 0), len(items))
    stop = len(items) if options.limit < 0 else min(start + options.limit, len(items))
    wanted = items[start:stop]
    if not options.patterns:
        return [*wanted]
    return [_look_up(space, pattern, item) for item in wanted for pattern in options.patterns]


def _items(space: Space, key: bytes, head: bytes, options: _Options) -> list[bytes]:
    if head[1] == LIST_TYPE:
        walk = elements(space, key, reverse=options.descending and options.unsorted)
        return [value[1:] for _, value in walk]
    if head[1] == SET_TYPE:
        return members(space, key)
    return [member for member, _ in ranked(space, key, reverse=options.descending and options.unsorted)]


def _ordered(space: Space, items: list[bytes], options: _Options) -> list[bytes]:
    weights: list[bytes | None] = [*items]
    if options.by is not None:
        weights = [_look_up(space, options.by, item) for item in items]
    keyed: list[tuple[Any, bytes]]
    if options.alpha:
        keyed = [((weight is not None, weight or b""), item) for weight, item in zip(weights, items, strict=True)]
        keyed.sort(key=lambda pair: pair[0], reverse=options.descending)
    else:
        keyed = [(_weight(weight), item) for weight, item in zip(weights, items, strict=True)]
        keyed.sort(reverse=options.descending)
    return [item for _, item in keyed]


def _weight(text: bytes | None) -> float:
    """Return the number to sort by, 0 for none. Raises: NotNumbers."""
    value = 0.0 if text is None else read_double(text)
    if value is None or (math.isinf(value) and text is not None and b"n" not in text.lower()):
        raise NotNumbers
    return value


def _look_up(space: Space, pattern: bytes, item: bytes) -> bytes | None:
    """Return what `pattern` stands for with `item` in the place of its asterisk; `key->field` is a hash's field."""
    if pattern == b"#":
        return item
    star = pattern.find(b"*")
    if star < 0:
        return None
    arrow = pattern.find(b"->", star + 1)
    field = pattern[arrow + 2 :] if 0 <= arrow < len(pattern) - 2 else None
    name = pattern if field is None else pattern[:arrow]
    key = name[:star] + item + name[star + 1 :]
    head = peek(space, key)
    if head is None:
        return None
    if field is not None:
        return field_value(space, key, head, field) if head[1] == HASH_TYPE else None
    return value_of(space, key, head) if head[1] == STRING_TYPE else None
