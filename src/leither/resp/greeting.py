"""Commands of the connection itself: who it is, which protocol it speaks, and whether anybody is there."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from leither import __version__, limits
from leither.errors import LeitherError
from leither.resp import refusal
from leither.resp.command import Command
from leither.resp.execution import Database
from leither.resp.reply import LATER, OK, RESP2, Failure, Simple, encode
from leither.resp.session import Session, open_session
from leither.resp.waiting import Slot

if TYPE_CHECKING:
    from leither.resp.connection import Connection

_FAST = frozenset({"noscript", "loading", "stale", "fast"})
_NO_HELLO = Failure(
    "NOAUTH HELLO must be called with the client already authenticated, otherwise the HELLO <proto> AUTH <user> <pass> "
    "option can be used to authenticate the client and select the RESP protocol version at the same time"
)


def _auth(connection: "Connection", words: list[bytes]) -> object:
    if len(words) > 3:
        return refusal.SYNTAX
    user, secret = (b"", words[1]) if len(words) == 2 else (words[1], words[2])
    _sign_in(connection, user, secret, lambda: OK)
    return LATER


def _hello(connection: "Connection", words: list[bytes]) -> object:
    resp, credentials, name = connection.resp, None, None
    if len(words) > 1:
        if words[1] not in (b"2", b"3"):
            return (
                Failure("NOPROTO unsupported protocol version")
                if words[1].isdigit()
                else Failure("ERR Protocol version is not an integer or out of range")
            )
        resp = int(words[1])
    at = 2
    while at < len(words):
        option, left = words[at].lower(), len(words) - at - 1
        if option == b"auth" and left >= 2:
            credentials = words[at + 1], words[at + 2]
            at += 3
        elif option == b"setname" and left >= 1:
            name = words[at + 1]
            at += 2
        else:
            return Failure(f"ERR Syntax error in HELLO option '{refusal.shown(words[at])}'")
    if name is not None and not is_name(name):
        return BAD_NAME

    def greet() -> object:
        connection.set_resp(resp)
        if name is not None:
            connection.client.name = name
        return greeting(connection)

    if credentials is not None:
        _sign_in(connection, *credentials, greet)
        return LATER
    return _NO_HELLO if connection.session is None else greet()


BAD_NAME = Failure("ERR Client names cannot contain spaces, newlines or special characters.")


def is_name(name: bytes) -> bool:
    """Tell whether a connection can be called that."""
    return len(name) <= limits.REDIS_NAME_BYTES_MAX and all(0x21 <= char <= 0x7E for char in name)


def greeting(connection: "Connection") -> dict[object, object]:
    """Return what HELLO answers. Clients read `version` as that of the Redis they may expect."""
    return {
        b"server": b"redis",
        b"version": REDIS_VERSION,
        b"proto": connection.resp,
        b"id": connection.client.id,
        b"mode": b"standalone",
        b"role": b"master",
        b"modules": [],
        b"leither": __version__.encode(),
    }


REDIS_VERSION = b"7.0.15"
"""The Redis whose commands and replies these are."""


def _sign_in(connection: "Connection", user: bytes, secret: bytes, answer: Callable[[], object]) -> None:
    """Look the token up beside the loop, then open the MiMei and answer."""
    slot = Slot()
    connection.await_slot(slot, park=True)
    server = connection.server
    names = user.decode("utf-8", "replace"), secret.decode("utf-8", "replace")

    def look() -> tuple[Session, Database] | LeitherError:
        try:
            session = open_session(server.context.engines, server.context.tokens, *names)
            return session, server.context.databases(session.mimei, session.version)
        except LeitherError as error:
            return error

    def done(found: tuple[Session, Database] | LeitherError) -> None:
        if isinstance(found, LeitherError):
            server.stats.refused += 1
            value: object = Failure(f"WRONGPASS {found}")
        else:
            server.enter(connection, *found)
            value = answer()
        connection.settle(slot, encode(value, connection.resp))

    server.beside(look, done)


def _quit(connection: "Connection", _: list[bytes]) -> object:
    connection.answer(OK)
    connection.close_after_replies()
    return LATER


def _reset(connection: "Connection", _: list[bytes]) -> object:
    connection.server.reset(connection)
    return Simple("RESET")


def _ping(connection: "Connection", words: list[bytes]) -> object:
    if len(words) > 2:
        return refusal.wrong_arity(b"ping")
    message = words[1] if len(words) == 2 else b""
    if (connection.names or connection.patterns) and connection.resp == RESP2:
        return [b"pong", message]
    return message if len(words) == 2 else Simple("PONG")


def _echo(_: "Connection", words: list[bytes]) -> object:
    return words[1]


def _select(_: "Connection", words: list[bytes]) -> object:
    if not words[1].lstrip(b"-").isdigit():
        return Failure("ERR invalid DB index")
    return OK if words[1] == b"0" else Failure("ERR DB index is out of range")


def _made(name: bytes, arity: int, since: str, summary: str, **more: object) -> Command:
    return Command(name, arity, "connection", since, summary, flags=_FAST, **more)  # type: ignore[arg-type]


COMMANDS = (
    _made(
        b"auth",
        -2,
        "1.0.0",
        "Open a MiMei: AUTH id[.version] token, or the token alone where it is for one",
        local=_auth,
        before_auth=True,
        barrier=True,
        in_multi=False,
    ),
    _made(
        b"hello",
        -1,
        "6.0.0",
        "Choose the protocol, and open a MiMei: HELLO 3 AUTH id[.version] token",
        local=_hello,
        before_auth=True,
        barrier=True,
        in_multi=False,
    ),
    _made(b"quit", -1, "1.0.0", "Close the connection", local=_quit, before_auth=True, ends_multi=True),
    _made(
        b"reset",
        1,
        "6.2.0",
        "Make the connection as it was when it was new",
        local=_reset,
        before_auth=True,
        barrier=True,
        ends_multi=True,
    ),
    _made(b"ping", -1, "1.0.0", "See whether the server answers", local=_ping),
    _made(b"echo", 2, "1.0.0", "Return what was sent", local=_echo),
    _made(b"select", 2, "1.0.0", "Choose database 0, the only one a MiMei has", local=_select),
)
