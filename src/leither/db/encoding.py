"""How Redis would keep a value in memory, which OBJECT ENCODING tells and SCAN's steps depend on.

Nothing here is kept so; the answers follow from the value as it is. Redis does not go back from a large form to a
small one; here a value that shrank counts as small.
"""

from leither.db.field import fields
from leither.db.layout import (
    HASH_TYPE,
    LIST_TYPE,
    MEMBER,
    SCORE,
    SET_TYPE,
    STRING_TYPE,
    after,
    collection,
    count_of,
)
from leither.db.number import parse_integer
from leither.db.space import Space
from leither.db.string import value_of

_SMALL_ENTRIES = 128
_SMALL_BYTES = 64
_INTSET_ENTRIES = 512
_EMBEDDED_BYTES = 44


def encoding(space: Space, key: bytes, head: bytes) -> bytes:
    """Return what OBJECT ENCODING says of `key`."""
    value_type = head[1]
    if value_type == STRING_TYPE:
        value = value_of(space, key, head)
        if len(value) <= 20 and parse_integer(value) is not None:
            return b"int"
        return b"embstr" if len(value) <= _EMBEDDED_BYTES else b"raw"
    if value_type == LIST_TYPE:
        return b"quicklist"
    if value_type == SET_TYPE:
        return b"intset" if is_compact(space, key, head) else b"hashtable"
    if is_compact(space, key, head):
        return b"listpack"
    return b"hashtable" if value_type == HASH_TYPE else b"skiplist"


def is_compact(space: Space, key: bytes, head: bytes) -> bool:
    """Tell whether Redis would keep the hash, set or sorted set in one piece. Cost: 512 elements at most."""
    count = count_of(head)
    if head[1] == SET_TYPE:
        members = collection(MEMBER, key)
        return count <= _INTSET_ENTRIES and all(
            parse_integer(entry_key[len(members) :]) is not None for entry_key, _ in space.scan(members, after(members))
        )
    if count > _SMALL_ENTRIES:
        return False
    if head[1] == HASH_TYPE:
        return all(
            len(field) <= _SMALL_BYTES and len(value) <= _SMALL_BYTES for field, value in fields(space, key, head)
        )
    scores = collection(SCORE, key)
    return all(len(entry_key) - len(scores) <= _SMALL_BYTES for entry_key, _ in space.scan(scores, after(scores)))
