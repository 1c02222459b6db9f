"""A key's value, made anew under another key."""

from leither.db import layout
from leither.db.field import fields
from leither.db.keyspace import set_expiry, set_head
from leither.db.layout import (
    ELEMENT,
    FIELD,
    HASH_TYPE,
    LIST_TYPE,
    MEMBER,
    NEW_HEADS,
    SCORE,
    SET_TYPE,
    STRING_TYPE,
    after,
    collection,
    count_of,
    expiry_of,
    with_count,
)
from leither.db.list_end import push_back
from leither.db.score import put_score
from leither.db.space import Space
from leither.db.string import replace, value_of


def copy_value(space: Space, source: bytes, head: bytes, target: bytes) -> None:
    """Give `target`, which does not exist, the value and expiry of `source`.

    A counter is copied as the number it is, and a list's elements get new places: entries have one meaning for
    all writers, under the key they were made for.
    """
    value_type = head[1]
    made = NEW_HEADS[value_type]
    if value_type == STRING_TYPE:
        replace(space, target, None, value_of(space, source, head))
    elif value_type == LIST_TYPE:
        prefix = collection(ELEMENT, source)
        push_back(space, target, None, [value[1:] for _, value in space.scan(prefix, after(prefix))])
    else:
        if value_type == HASH_TYPE:
            prefix = collection(FIELD, target)
            for field, value in list(fields(space, source, head)):
                space.put(prefix + field, layout.EMPTY_VALUE + value)
        else:
            prefix = collection(MEMBER if value_type == SET_TYPE else SCORE, source)
            for entry_key, value in list(space.scan(prefix, after(prefix))):
                if value_type == SET_TYPE:
                    space.put(collection(MEMBER, target) + entry_key[len(prefix) :], value)
                else:
                    put_score(space, target, entry_key[len(prefix) :], value)
        made = with_count(made, count_of(head))
        set_head(space, target, made)
    when = expiry_of(head)
    if when is not None:
        written = space.get(layout.HEAD + target)
        assert written is not None
        set_expiry(space, target, written, when)
