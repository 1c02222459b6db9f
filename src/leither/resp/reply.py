"""Values as replies, in RESP2 and RESP3. Source: the Redis serialization protocol, versions 2 and 3.

Values are those of `leither.db.reply`, and those below, which only a connection gives.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from leither.db.reply import NIL_ARRAY, OK, Map, Members, NilArray, Pairs, Simple, format_double

__all__ = [
    "LATER",
    "NIL_ARRAY",
    "OK",
    "QUEUED",
    "RESP2",
    "RESP3",
    "Encoded",
    "Failure",
    "Push",
    "Simple",
    "Verbatim",
    "encode",
]

RESP2, RESP3 = 2, 3


@dataclass(frozen=True, slots=True)
class Failure:
    """An error reply: its code, a blank, and the sentence."""

    text: str


@dataclass(frozen=True, slots=True)
class Verbatim:
    """Text for people, such as what INFO says; a plain string to RESP2."""

    text: bytes


@dataclass(frozen=True, slots=True)
class Push:
    """What is told without being asked: an array to RESP2."""

    items: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Encoded:
    """Replies that are bytes already, as many as there are."""

    data: bytes


QUEUED: Final = Simple("QUEUED")
LATER: Final = object()
"""What a command of the connection returns when its reply comes later, or never."""


def encode(value: object, resp: int) -> bytes:
    """Return `value` as one reply in protocol `resp` (2 or 3). Cost: linear in its size."""
    if type(value) is bytes:
        return b"$%d\r\n%b\r\n" % (len(value), value)
    return _ENCODERS[type(value)](value, resp)


def _bytes(value: bytes, _: int) -> bytes:
    return b"$%d\r\n%b\r\n" % (len(value), value)


def _int(value: int, _: int) -> bytes:
    return b":%d\r\n" % value


def _none(_: None, resp: int) -> bytes:
    return b"$-1\r\n" if resp == RESP2 else b"_\r\n"


def _no_array(_: NilArray, resp: int) -> bytes:
    return b"*-1\r\n" if resp == RESP2 else b"_\r\n"


def _float(value: float, resp: int) -> bytes:
    text = format_double(value)
    return b"$%d\r\n%b\r\n" % (len(text), text) if resp == RESP2 else b",%b\r\n" % text


def _text(value: str, resp: int) -> bytes:
    return _bytes(value.encode("utf-8", "surrogateescape"), resp)


def _array(value: Iterable[object], resp: int) -> bytes:
    parts = [encode(item, resp) for item in value]
    return b"*%d\r\n%b" % (len(parts), b"".join(parts))


def _set(value: Iterable[object], resp: int) -> bytes:
    encoded = _array(value, resp)
    return encoded if resp == RESP2 else b"~" + encoded[1:]


def _pairs(value: Iterable[tuple[object, object]], resp: int) -> bytes:
    if resp == RESP3:
        return _array(value, resp)
    return _array([item for pair in value for item in pair], resp)


def _map(value: Iterable[tuple[object, object]], resp: int) -> bytes:
    parts = [encode(item, resp) for pair in value for item in pair]
    return (b"*%d\r\n%b" % (len(parts), b"".join(parts))) if resp == RESP2 else _map3(parts)


def _map3(parts: list[bytes]) -> bytes:
    return b"%%%d\r\n%b" % (len(parts) // 2, b"".join(parts))


def _dict(value: Mapping[object, object], resp: int) -> bytes:
    return _map(value.items(), resp)


def _simple(value: Simple, _: int) -> bytes:
    return b"+%b\r\n" % value.encode("utf-8", "surrogateescape")


def _failure(value: Failure, _: int) -> bytes:
    # A line break inside would end the reply; Redis writes blanks too.
    return b"-%b\r\n" % value.text.encode("utf-8", "surrogateescape").replace(b"\r", b" ").replace(b"\n", b" ")


def _verbatim(value: Verbatim, resp: int) -> bytes:
    return _bytes(value.text, resp) if resp == RESP2 else b"=%d\r\ntxt:%b\r\n" % (len(value.text) + 4, value.text)


def _push(value: Push, resp: int) -> bytes:
    encoded = _array(value.items, resp)
    return encoded if resp == RESP2 else b">" + encoded[1:]


def _encoded(value: Encoded, _: int) -> bytes:
    return value.data


_ENCODERS: dict[type, Callable[..., bytes]] = {
    bytes: _bytes,
    int: _int,
    type(None): _none,
    NilArray: _no_array,
    float: _float,
    str: _text,
    list: _array,
    tuple: _array,
    set: _set,
    Members: _set,
    Pairs: _pairs,
    Map: _map,
    dict: _dict,
    Simple: _simple,
    Failure: _failure,
    Verbatim: _verbatim,
    Push: _push,
    Encoded: _encoded,
}
