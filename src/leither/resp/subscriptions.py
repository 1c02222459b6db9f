"""Publishing and subscribing. Channels belong to one MiMei, whatever version a connection has open."""

from typing import TYPE_CHECKING

from leither import limits
from leither.resp import refusal
from leither.resp.command import Command
from leither.resp.reply import Encoded, Failure, Push, encode

if TYPE_CHECKING:
    from leither.resp.connection import Connection

_FLAGS = frozenset({"pubsub", "noscript", "loading", "stale"})


def _change(connection: "Connection", words: list[bytes], *, pattern: bool, add: bool) -> object:
    assert connection.lane is not None
    held = connection.patterns if pattern else connection.names
    verb = (b"p" if pattern else b"") + (b"subscribe" if add else b"unsubscribe")
    names: list[bytes | None] = [*words[1:]] or [*held] or [None]
    if add and len(connection.names) + len(connection.patterns) + len(names) > limits.REDIS_SUBSCRIPTIONS_MAX:
        return Failure(f"ERR a connection has {limits.REDIS_SUBSCRIPTIONS_MAX} subscriptions at the most")
    told = []
    for name in names:
        if name is not None and add:
            held[name] = None
            connection.lane.channels.add(connection, name, pattern=pattern)
        elif name is not None:
            held.pop(name, None)
            connection.lane.channels.remove(connection, name, pattern=pattern)
        count = len(connection.names) + len(connection.patterns)
        told.append(encode(Push((verb, name, count)), connection.resp))
    return Encoded(b"".join(told))


def _publish(connection: "Connection", words: list[bytes]) -> object:
    assert connection.lane is not None
    return connection.lane.channels.publish(words[1], words[2])


def _channels(connection: "Connection", words: list[bytes]) -> object:
    assert connection.lane is not None
    if len(words) > 3:
        return refusal.wrong_arity(b"pubsub|channels")
    return connection.lane.channels.names(words[2] if len(words) == 3 else None)


def _numsub(connection: "Connection", words: list[bytes]) -> object:
    assert connection.lane is not None
    table = connection.lane.channels.by_name
    return [item for name in words[2:] for item in (name, len(table.get(name, ())))]


def _numpat(connection: "Connection", _: list[bytes]) -> object:
    assert connection.lane is not None
    return len(connection.lane.channels.by_pattern)


def _made(name: bytes, arity: int, since: str, summary: str, **more: object) -> Command:
    return Command(name, arity, "pubsub", since, summary, flags=_FLAGS, **more)  # type: ignore[arg-type]


COMMANDS = (
    _made(
        b"subscribe",
        -2,
        "2.0.0",
        "Hear what is published to channels",
        local=lambda c, w: _change(c, w, pattern=False, add=True),
        in_multi=False,
    ),
    _made(
        b"psubscribe",
        -2,
        "2.0.0",
        "Hear what is published to channels whose names match",
        local=lambda c, w: _change(c, w, pattern=True, add=True),
        in_multi=False,
    ),
    _made(
        b"unsubscribe",
        -1,
        "2.0.0",
        "Hear channels no longer",
        local=lambda c, w: _change(c, w, pattern=False, add=False),
        in_multi=False,
    ),
    _made(
        b"punsubscribe",
        -1,
        "2.0.0",
        "Hear channels whose names match no longer",
        local=lambda c, w: _change(c, w, pattern=True, add=False),
        in_multi=False,
    ),
    _made(b"publish", 3, "2.0.0", "Send a message to a channel", local=_publish),
    _made(b"pubsub", -2, "2.8.0", "See who subscribes to what"),
    _made(b"pubsub|channels", -2, "2.8.0", "List the channels somebody hears", local=_channels),
    _made(b"pubsub|numsub", -2, "2.8.0", "Count who hears each channel", local=_numsub),
    _made(b"pubsub|numpat", 2, "2.8.0", "Count the patterns somebody hears", local=_numpat),
)
