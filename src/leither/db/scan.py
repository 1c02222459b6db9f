"""Walks: KEYS, SCAN, HSCAN, SSCAN and ZSCAN. Cursors: see `cursor`."""

import re
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import NamedTuple

from leither.db.command import Arguments, command
from leither.db.encoding import is_compact
from leither.db.field import fields_from
from leither.db.glob import Glob
from leither.db.key import TYPE_NAMES
from leither.db.keyspace import expired, peek_as
from leither.db.layout import HASH_TYPE, HEAD, MEMBER, SCORE, SET_TYPE, ZSET_TYPE, after, collection
from leither.db.number import integer
from leither.db.refusal import BadSyntax, Refusal
from leither.db.reply import Reply
from leither.db.score import read_score, score_text
from leither.db.space import Space

_COUNT_DEFAULT = 10
_CURSOR = re.compile(rb"[+-]?[0-9]{1,20}|")
"""What strtoul reads; a number that no walk was given begins anew."""


class BadCursor(Refusal):
    """The cursor is no number of 64 bits."""

    code = "db-cursor"
    text = "ERR invalid cursor"


class _Walk(NamedTuple):
    """What a step of a walk was asked for."""

    place: bytes
    glob: Glob | None
    limit: int
    type_name: bytes | None


@command("keys")
def keys(space: Space, arguments: Arguments) -> Reply:
    """KEYS pattern. Cost: the keys that begin as the pattern does."""
    glob = Glob(arguments[1])
    start = HEAD + glob.prefix
    return [
        entry_key[1:]
        for entry_key, head in space.scan(start, after(start))
        if head[1] and glob.matches(entry_key[1:]) and not expired(space, head)
    ]


@command("scan")
def scan(space: Space, arguments: Arguments) -> Reply:
    """SCAN cursor [MATCH pattern] [COUNT count] [TYPE type]."""
    walk = _walk(space, arguments[1], arguments[2:], typed=True)
    visited = list(islice(space.scan(HEAD + walk.place, after(HEAD)), walk.limit + 1))
    following = visited[walk.limit][0][1:] if len(visited) > walk.limit else None
    found = [
        entry_key[1:]
        for entry_key, head in visited[: walk.limit]
        if head[1]
        and (walk.glob is None or walk.glob.matches(entry_key[1:]))
        and (walk.type_name is None or TYPE_NAMES[head[1]].encode() == walk.type_name)
        and not expired(space, head)
    ]
    return [_cursor(space, following), found]


@command("hscan")
def hscan(space: Space, arguments: Arguments) -> Reply:
    """HSCAN key cursor [MATCH pattern] [COUNT count]."""
    return _scan_collection(space, arguments, HASH_TYPE)


@command("sscan")
def sscan(space: Space, arguments: Arguments) -> Reply:
    """SSCAN key cursor [MATCH pattern] [COUNT count]."""
    return _scan_collection(space, arguments, SET_TYPE)


@command("zscan")
def zscan(space: Space, arguments: Arguments) -> Reply:
    """ZSCAN key cursor [MATCH pattern] [COUNT count]."""
    return _scan_collection(space, arguments, ZSET_TYPE)


def _scan_collection(space: Space, arguments: Arguments, value_type: int) -> Reply:
    key = arguments[1]
    cursor = _parse_cursor(arguments[2])
    head = peek_as(space, key, value_type)
    if head is None:
        return [b"0", []]
    walk = _walk(space, b"%d" % cursor, arguments[3:], typed=False)
    elements = _elements(space, key, head, walk.place)
    # Redis shows a small collection at once, whatever the count.
    count = len(list(_elements(space, key, head, b""))) if is_compact(space, key, head) else walk.limit
    visited = list(islice(elements, count + 1))
    following = visited[count][0] if len(visited) > count else None
    matching = (pair for pair in visited[:count] if walk.glob is None or walk.glob.matches(pair[0]))
    return [_cursor(space, following), _flat(matching)]


def _elements(space: Space, key: bytes, head: bytes, place: bytes) -> Iterator[tuple[bytes, bytes | None]]:
    """Iterate over what a collection holds at and after `place`: names, and values or scores if it has them."""
    if head[1] == HASH_TYPE:
        yield from fields_from(space, key, head, place)
        return
    prefix = collection(MEMBER if head[1] == SET_TYPE else SCORE, key)
    for entry_key, value in space.scan(prefix + place, after(prefix)):
        yield entry_key[len(prefix) :], score_text(read_score(value)) if head[1] == ZSET_TYPE else None


def _flat(pairs: Iterable[tuple[bytes, bytes | None]]) -> list[bytes]:
    return [item for pair in pairs for item in pair if item is not None]


def _walk(space: Space, cursor: bytes, words: Arguments, *, typed: bool) -> _Walk:
    place = space.cursors.recall(_parse_cursor(cursor))
    glob = type_name = None
    count = _COUNT_DEFAULT
    for position in range(0, len(words), 2):
        option = words[position].upper()
        if position + 1 == len(words):
            raise BadSyntax
        argument = words[position + 1]
        if option == b"COUNT":
            count = integer(argument)
            if count < 1:
                raise BadSyntax
        elif option == b"MATCH":
            glob = Glob(argument)
        elif option == b"TYPE" and typed:
            type_name = argument.lower()
        else:
            raise BadSyntax
    return _Walk(place, glob, count, type_name)


def _parse_cursor(text: bytes) -> int:
    if not _CURSOR.fullmatch(text) or int(text or b"0") >= 1 << 64:
        raise BadCursor
    return int(text or b"0")


def _cursor(space: Space, following: bytes | None) -> bytes:
    return b"0" if following is None else b"%d" % space.cursors.remember(following)
