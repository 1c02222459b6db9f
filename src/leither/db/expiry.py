"""When keys expire: setting, asking, taking back."""

from leither.db.command import Arguments, command
from leither.db.keyspace import peek, remove, set_expiry, take
from leither.db.layout import EXPIRES, expiry_of
from leither.db.lifetime import InvalidLifetime
from leither.db.number import INTEGER_MAX, INTEGER_MIN, integer
from leither.db.refusal import Refusal
from leither.db.reply import Reply
from leither.db.space import Space


class OptionsClash(Refusal):
    """NX excludes the others, and GT excludes LT."""

    code = "db-expire-options"


class UnknownOption(Refusal):
    """No such option."""

    code = "db-expire-option"

    def __init__(self, option: bytes) -> None:
        self.option = option.decode("utf-8", "surrogateescape")
        super().__init__(f"ERR Unsupported option {self.option}")


@command("expire", "pexpire", "expireat", "pexpireat")
def expire(space: Space, arguments: Arguments) -> Reply:
    """EXPIRE key seconds; PEXPIRE, EXPIREAT, PEXPIREAT; with [NX | XX | GT | LT]."""
    name, key = arguments[0].lower().decode(), arguments[1]
    options = _options(arguments[3:])
    when = _when(space, name, integer(arguments[2]))
    head = take(space, key)
    if head is None:
        return 0
    current = expiry_of(head)
    if options and not _allowed(options, current, when):
        return 0
    if when <= space.now_ms:
        remove(space, key, head)
    else:
        set_expiry(space, key, head, when)
        space.notify("g", "expire", key)
    return 1


def _when(space: Space, name: str, amount: int) -> int:
    if not name.startswith("p"):
        if not INTEGER_MIN // 1000 < amount < INTEGER_MAX // 1000 + 1:
            raise InvalidLifetime(name)
        amount *= 1000
    base = 0 if name.endswith("at") else space.now_ms
    if amount > INTEGER_MAX - base:
        raise InvalidLifetime(name)
    return amount + base


def _options(words: Arguments) -> frozenset[bytes]:
    options = frozenset(word.upper() for word in words)
    for word in words:
        if word.upper() not in (b"NX", b"XX", b"GT", b"LT"):
            raise UnknownOption(word)
    if b"NX" in options and len(options) > 1:
        raise OptionsClash("ERR NX and XX, GT or LT options at the same time are not compatible")
    if options >= {b"GT", b"LT"}:
        raise OptionsClash("ERR GT and LT options at the same time are not compatible")
    return options


def _allowed(options: frozenset[bytes], current: int | None, when: int) -> bool:
    if b"NX" in options and current is not None:
        return False
    if b"XX" in options and current is None:
        return False
    if b"GT" in options and (current is None or when <= current):
        return False
    return not (b"LT" in options and current is not None and when >= current)


@command("persist")
def persist(space: Space, arguments: Arguments) -> Reply:
    """PERSIST key."""
    head = take(space, arguments[1])
    if head is None or not head[2] & EXPIRES:
        return 0
    set_expiry(space, arguments[1], head, None)
    space.notify("g", "persist", arguments[1])
    return 1


@command("ttl")
def ttl(space: Space, arguments: Arguments) -> Reply:
    """TTL key."""
    left = _left(space, arguments[1])
    return left if left < 0 else (left + 500) // 1000


@command("pttl")
def pttl(space: Space, arguments: Arguments) -> Reply:
    """PTTL key."""
    return _left(space, arguments[1])


def _left(space: Space, key: bytes) -> int:
    """Return how long `key` has to live in milliseconds; -1 for good, -2 for no such key."""
    head = peek(space, key)
    if head is None:
        return -2
    when = expiry_of(head)
    return -1 if when is None else max(when - space.now_ms, 0)


@command("expiretime", "pexpiretime")
def expiretime(space: Space, arguments: Arguments) -> Reply:
    """EXPIRETIME key; PEXPIRETIME key."""
    head = peek(space, arguments[1])
    if head is None:
        return -2
    when = expiry_of(head)
    if when is None:
        return -1
    return when if arguments[0][:1] in b"pP" else (when + 500) // 1000
