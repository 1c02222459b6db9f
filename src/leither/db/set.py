"""Sets: members."""

from leither.db.command import Arguments, command
from leither.db.keyspace import erase, peek_as, set_head, take_as
from leither.db.layout import MEMBER, NEW_HEADS, SET_TYPE, after, collection, count_of, with_count
from leither.db.many import positive
from leither.db.pick import drawn_count, pick_distinct, pick_repeated
from leither.db.refusal import BadSyntax
from leither.db.reply import Members, Reply
from leither.db.size import require_member
from leither.db.space import Space


def members(space: Space, key: bytes) -> list[bytes]:
    """Return the members of the set at `key`, in byte order."""
    prefix = collection(MEMBER, key)
    cut = len(prefix)
    return [entry_key[cut:] for entry_key, _ in space.scan(prefix, after(prefix))]


def shrink(space: Space, key: bytes, head: bytes, gone: int, event: str) -> None:
    """Write the head of a set or sorted set that lost `gone` members, and tell; remove it with the last."""
    left = count_of(head) - gone
    if left:
        set_head(space, key, with_count(head, left))
    else:
        erase(space, key, head)
    space.notify("s" if head[1] == SET_TYPE else "z", event, key)
    if not left:
        space.notify("g", "del", key)


def store_set(space: Space, key: bytes, found: list[bytes], event: str) -> int:
    """Make `key` the set of `found`, all different, whatever it was, and return their number."""
    head = space.get(b"\x90" + key)
    if head is not None:
        erase(space, key, head)
    if found:
        prefix = collection(MEMBER, key)
        for member in found:
            space.put(prefix + member, b"\x80")
        set_head(space, key, with_count(NEW_HEADS[SET_TYPE], len(found)))
        space.notify("s", event, key)
    elif head is not None:
        space.notify("g", "del", key)
    return len(found)


@command("sadd")
def sadd(space: Space, arguments: Arguments) -> Reply:
    """SADD key member …."""
    key, named = arguments[1], arguments[2:]
    require_member(named)
    head = take_as(space, key, SET_TYPE) or NEW_HEADS[SET_TYPE]
    prefix = b"\x95" + len(key).to_bytes(4) + key
    added = 0
    for member in named:
        if space.get(prefix + member) is None:
            space.put(prefix + member, b"\x80")
            added += 1
    if added:
        set_head(space, key, with_count(head, count_of(head) + added))
        space.notify("s", "sadd", key)
    return added


@command("srem")
def srem(space: Space, arguments: Arguments) -> Reply:
    """SREM key member …."""
    key = arguments[1]
    head = take_as(space, key, SET_TYPE)
    if head is None:
        return 0
    prefix = collection(MEMBER, key)
    removed = 0
    for member in arguments[2:]:
        if space.get(prefix + member) is not None:
            space.delete(prefix + member)
            removed += 1
    if removed:
        shrink(space, key, head, removed, "srem")
    return removed


@command("smove")
def smove(space: Space, arguments: Arguments) -> Reply:
    """SMOVE source destination member."""
    source, target, member = arguments[1:]
    head = take_as(space, source, SET_TYPE)
    if head is None:
        return 0
    into = take_as(space, target, SET_TYPE)
    entry_key = collection(MEMBER, source) + member
    if space.get(entry_key) is None:
        return 0
    if source == target:
        return 1
    space.delete(entry_key)
    shrink(space, source, head, 1, "srem")
    if space.get(collection(MEMBER, target) + member) is None:
        space.put(collection(MEMBER, target) + member, b"\x80")
        into = into or NEW_HEADS[SET_TYPE]
        set_head(space, target, with_count(into, count_of(into) + 1))
        space.notify("s", "sadd", target)
    return 1


@command("sismember")
def sismember(space: Space, arguments: Arguments) -> Reply:
    """SISMEMBER key member."""
    head = peek_as(space, arguments[1], SET_TYPE)
    return int(head is not None and space.get(collection(MEMBER, arguments[1]) + arguments[2]) is not None)


@command("smismember")
def smismember(space: Space, arguments: Arguments) -> Reply:
    """SMISMEMBER key member …."""
    head = peek_as(space, arguments[1], SET_TYPE)
    if head is None:
        return [0] * (len(arguments) - 2)
    prefix = collection(MEMBER, arguments[1])
    return [int(space.get(prefix + member) is not None) for member in arguments[2:]]


@command("scard")
def scard(space: Space, arguments: Arguments) -> Reply:
    """SCARD key."""
    head = peek_as(space, arguments[1], SET_TYPE)
    return 0 if head is None else count_of(head)


@command("smembers")
def smembers(space: Space, arguments: Arguments) -> Reply:
    """SMEMBERS key."""
    head = peek_as(space, arguments[1], SET_TYPE)
    return Members() if head is None else Members(members(space, arguments[1]))


@command("spop")
def spop(space: Space, arguments: Arguments) -> Reply:
    """SPOP key [count]. Cost: the members."""
    if len(arguments) > 3:
        raise BadSyntax
    key = arguments[1]
    count = positive(arguments[2]) if len(arguments) == 3 else None
    head = take_as(space, key, SET_TYPE)
    if head is None or count == 0:
        return None if count is None else Members()
    drawn = pick_distinct(space, members(space, key), 1 if count is None else count)
    prefix = collection(MEMBER, key)
    for member in drawn:
        space.delete(prefix + member)
    shrink(space, key, head, len(drawn), "spop")
    return drawn[0] if count is None else Members(drawn)


@command("srandmember")
def srandmember(space: Space, arguments: Arguments) -> Reply:
    """SRANDMEMBER key [count]. Cost: the members."""
    if len(arguments) > 3:
        raise BadSyntax
    count = drawn_count(arguments[2]) if len(arguments) == 3 else None
    head = peek_as(space, arguments[1], SET_TYPE)
    if head is None or count == 0:
        return None if count is None else []
    found = members(space, arguments[1])
    if count is None:
        return found[space.chance(len(found))]
    return pick_distinct(space, found, count) if count > 0 else pick_repeated(space, found, -count)
