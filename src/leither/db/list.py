"""Lists: pushing, reading and changing elements."""

from leither import limits
from leither.db import layout
from leither.db.command import Arguments, command
from leither.db.element import at_index, clamp, drop, elements, span
from leither.db.keyspace import peek_as, take_as
from leither.db.layout import ELEMENT, LIST_TYPE, collection, count_of
from leither.db.list_end import own_numbers, push_back, push_front
from leither.db.number import integer
from leither.db.position import between
from leither.db.refusal import BadSyntax, IndexOutOfRange, NoSuchKey, Refusal
from leither.db.reply import OK, Reply
from leither.db.space import Space


class PositionTooLong(Refusal):
    """No place is left between two elements."""

    code = "db-position-size"

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        super().__init__(
            f"ERR position of {size_bytes} bytes in the list exceeds the limit of {limits.DB_POSITION_BYTES_MAX}; "
            "copy the list to renumber it"
        )


@command("rpush", "rpushx")
def rpush(space: Space, arguments: Arguments) -> Reply:
    """RPUSH key element …; RPUSHX key element …."""
    key = arguments[1]
    head = take_as(space, key, LIST_TYPE)
    if head is None and len(arguments[0]) == 6:
        return 0
    count = push_back(space, key, head, arguments[2:])
    space.notify("l", "rpush", key)
    return count


@command("lpush", "lpushx")
def lpush(space: Space, arguments: Arguments) -> Reply:
    """LPUSH key element …; LPUSHX key element …."""
    key = arguments[1]
    head = take_as(space, key, LIST_TYPE)
    if head is None and len(arguments[0]) == 6:
        return 0
    count = push_front(space, key, head, arguments[2:])
    space.notify("l", "lpush", key)
    return count


@command("llen")
def llen(space: Space, arguments: Arguments) -> Reply:
    """LLEN key."""
    head = peek_as(space, arguments[1], LIST_TYPE)
    return 0 if head is None else count_of(head)


@command("lindex")
def lindex(space: Space, arguments: Arguments) -> Reply:
    """LINDEX key index."""
    head = peek_as(space, arguments[1], LIST_TYPE)
    if head is None:
        return None
    found = at_index(space, arguments[1], head, integer(arguments[2]))
    return found[1][1:] if found else None


@command("lrange")
def lrange(space: Space, arguments: Arguments) -> Reply:
    """LRANGE key start end."""
    start, end = integer(arguments[2]), integer(arguments[3])
    head = peek_as(space, arguments[1], LIST_TYPE)
    if head is None:
        return []
    return [value[1:] for _, value in span(space, arguments[1], head, *clamp(start, end, count_of(head)))]


@command("lset")
def lset(space: Space, arguments: Arguments) -> Reply:
    """LSET key index element."""
    key = arguments[1]
    head = take_as(space, key, LIST_TYPE)
    if head is None:
        raise NoSuchKey
    found = at_index(space, key, head, integer(arguments[2]))
    if found is None:
        raise IndexOutOfRange
    space.put(found[0], b"\x80" + arguments[3])
    space.notify("l", "lset", key)
    return OK


@command("linsert")
def linsert(space: Space, arguments: Arguments) -> Reply:
    """LINSERT key BEFORE | AFTER pivot element."""
    key, side, pivot, value = arguments[1], arguments[2].upper(), arguments[3], arguments[4]
    if side not in (b"BEFORE", b"AFTER"):
        raise BadSyntax
    head = take_as(space, key, LIST_TYPE)
    if head is None:
        return 0
    before = b""
    walk = elements(space, key)
    for entry_key, stored in walk:
        if stored[1:] == pivot:
            break
        before = entry_key
    else:
        return -1
    following = next(walk, (b"", b""))[0] if side == b"AFTER" else entry_key
    if side == b"AFTER":
        before = entry_key
    if not following:
        count = push_back(space, key, head, [value])
    elif not before:
        count = push_front(space, key, head, [value])
    else:
        count = _insert(space, key, head, (before, following), value)
    space.notify("l", "linsert", key)
    return count


def _insert(space: Space, key: bytes, head: bytes, beside: tuple[bytes, bytes], value: bytes) -> int:
    prefix = collection(ELEMENT, key)
    low, high = own_numbers(space, key)
    position = between(beside[0][len(prefix) :], beside[1][len(prefix) :], high + 1, space.writer)
    if len(position) > limits.DB_POSITION_BYTES_MAX:
        raise PositionTooLong(len(position))
    space.put(prefix + position, b"\x80" + value)
    space.put(collection(layout.NUMBERS, key) + space.writer.to_bytes(4), layout.numbers(low, high + 1))
    count = count_of(head) + 1
    list_low, list_high = layout.list_ends(head)
    space.put(b"\x90" + key, layout.with_list(head, list_low, list_high, count))
    return count


@command("lrem")
def lrem(space: Space, arguments: Arguments) -> Reply:
    """LREM key count element."""
    key, element = arguments[1], b"\x80" + arguments[3]
    count = integer(arguments[2])
    head = take_as(space, key, LIST_TYPE)
    if head is None:
        return 0
    found = []
    for entry_key, value in elements(space, key, reverse=count < 0):
        if value == element:
            found.append(entry_key)
            if len(found) == abs(count):
                break
    if found:
        drop(space, key, head, found)
        space.notify("l", "lrem", key)
        if len(found) == count_of(head):
            space.notify("g", "del", key)
    return len(found)


@command("ltrim")
def ltrim(space: Space, arguments: Arguments) -> Reply:
    """LTRIM key start end."""
    key = arguments[1]
    start, end = integer(arguments[2]), integer(arguments[3])
    head = take_as(space, key, LIST_TYPE)
    if head is None:
        return OK
    count = count_of(head)
    start, stop = clamp(start, end, count)
    outside = span(space, key, head, 0, start) + span(space, key, head, stop, count)
    if outside:
        drop(space, key, head, [entry_key for entry_key, _ in outside])
    space.notify("l", "ltrim", key)
    if len(outside) == count:
        space.notify("g", "del", key)
    return OK
