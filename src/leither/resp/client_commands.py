"""CLIENT and its subcommands. A connection sees, and may end, the connections of its own MiMei only."""

from typing import TYPE_CHECKING

from leither.db.reply import NIL_ARRAY
from leither.resp import refusal
from leither.resp.command import Command
from leither.resp.greeting import BAD_NAME, is_name
from leither.resp.reply import LATER, OK, Failure, Verbatim

if TYPE_CHECKING:
    from leither.resp.connection import Connection

_FLAGS = frozenset({"noscript", "loading", "stale"})


def _id(connection: "Connection", _: list[bytes]) -> object:
    return connection.client.id


def _setname(connection: "Connection", words: list[bytes]) -> object:
    if words[2] and not is_name(words[2]):
        return BAD_NAME
    connection.client.name = words[2]
    return OK


def _getname(connection: "Connection", _: list[bytes]) -> object:
    return connection.client.name or None


def _setinfo(connection: "Connection", words: list[bytes]) -> object:
    if words[3] and not is_name(words[3]):
        return Failure(
            f"ERR {words[2].decode('utf-8', 'replace').lower()} cannot contain spaces, newlines or special characters."
        )
    match words[2].lower():
        case b"lib-name":
            connection.client.library = words[3]
        case b"lib-ver":
            connection.client.library_version = words[3]
        case _:
            return Failure(f"ERR Unrecognized option '{refusal.shown(words[2])}'")
    return OK


def _info(connection: "Connection", _: list[bytes]) -> object:
    return Verbatim(f"{connection.line()}\n".encode("utf-8", "surrogateescape"))


def _list(connection: "Connection", words: list[bytes]) -> object:
    found = _neighbours(connection)
    options = [word.lower() for word in words[2:]]
    if options[:1] == [b"id"] and all(word.isdigit() for word in options[1:]) and len(options) > 1:
        wanted = {int(word) for word in options[1:]}
        found = [each for each in found if each.client.id in wanted]
    elif options[:1] == [b"type"] and len(options) == 2 and options[1] in (b"normal", b"pubsub", b"master", b"replica"):
        found = [each for each in found if _kind(each) == options[1]]
    elif options:
        return refusal.SYNTAX
    return Verbatim("".join(f"{each.line()}\n" for each in found).encode("utf-8", "surrogateescape"))


def _kind(connection: "Connection") -> bytes:
    return b"pubsub" if connection.names or connection.patterns else b"normal"


def _neighbours(connection: "Connection") -> "list[Connection]":
    assert connection.lane is not None
    return sorted(connection.lane.connections, key=lambda each: each.client.id)


def _kill(connection: "Connection", words: list[bytes]) -> object:
    if len(words) == 3:
        address = words[2].decode("utf-8", "replace")
        doomed = [each for each in _neighbours(connection) if each.client.address == address]
        _end(connection, doomed)
        return OK if doomed else Failure("ERR No such client")
    if len(words) % 2:
        return refusal.SYNTAX
    doomed, skip_me = _neighbours(connection), True
    for option, value in zip(words[2::2], words[3::2], strict=True):
        text = value.decode("utf-8", "replace")
        match option.lower():
            case b"id" if value.isdigit():
                doomed = [each for each in doomed if each.client.id == int(value)]
            case b"id":
                return Failure("ERR client-id should be greater than 0")
            case b"addr":
                doomed = [each for each in doomed if each.client.address == text]
            case b"laddr":
                doomed = [each for each in doomed if each.client.local_address == text]
            case b"user":
                doomed = [each for each in doomed if each.client.user == text]
            case b"type":
                doomed = [each for each in doomed if _kind(each) == value.lower()]
            case b"skipme" if text.lower() in ("yes", "no"):
                skip_me = text.lower() == "yes"
            case _:
                return refusal.SYNTAX
    doomed = [each for each in doomed if not (skip_me and each is connection)]
    _end(connection, doomed)
    return len(doomed)


def _end(connection: "Connection", doomed: "list[Connection]") -> None:
    for each in doomed:
        if each is connection:
            each.close_after_replies()
        else:
            each.drop("CLIENT KILL")


def _reply(connection: "Connection", words: list[bytes]) -> object:
    match words[2].lower():
        case b"on":
            connection.silent = False
            return OK
        case b"off":
            connection.silent = True
        case b"skip":
            connection.skip_next_reply()
        case _:
            return refusal.SYNTAX
    return LATER


def _unblock(connection: "Connection", words: list[bytes]) -> object:
    if not words[2].isdigit():
        return refusal.NOT_A_NUMBER
    how = words[3].lower() if len(words) > 3 else b"timeout"
    if how not in (b"timeout", b"error") or len(words) > 4:
        return Failure("ERR CLIENT UNBLOCK reason should be TIMEOUT or ERROR")
    value = NIL_ARRAY if how == b"timeout" else Failure("UNBLOCKED client unblocked via CLIENT UNBLOCK")
    assert connection.lane is not None
    return int(connection.lane.unblock(int(words[2]), value))


def _switch(_: "Connection", words: list[bytes]) -> object:
    return OK if words[2].lower() in (b"on", b"off") else refusal.SYNTAX


def _made(name: bytes, arity: int, since: str, summary: str, **more: object) -> Command:
    return Command(name, arity, "connection", since, summary, flags=_FLAGS, **more)  # type: ignore[arg-type]


COMMANDS = (
    _made(b"client", -2, "2.4.0", "See and change connections"),
    _made(b"client|id", 2, "5.0.0", "Tell this connection's number", local=_id),
    _made(b"client|setname", 3, "2.6.9", "Name this connection", local=_setname),
    _made(b"client|getname", 2, "2.6.9", "Tell this connection's name", local=_getname),
    _made(b"client|setinfo", 4, "7.2.0", "Say which library speaks", local=_setinfo, before_auth=True),
    _made(b"client|info", 2, "6.2.0", "Describe this connection", local=_info),
    _made(b"client|list", -2, "2.4.0", "Describe the connections of this MiMei", local=_list),
    _made(b"client|kill", -3, "2.4.0", "End connections of this MiMei", local=_kill),
    _made(b"client|reply", 3, "3.2.0", "Choose whether replies are sent", local=_reply, in_multi=False, barrier=True),
    _made(b"client|unblock", -3, "5.0.0", "Let a connection wait for a key no longer", local=_unblock),
    _made(b"client|no-evict", 3, "7.0.0", "Accepted; connections are not evicted", local=_switch),
    _made(b"client|no-touch", 3, "7.2.0", "Accepted; keys keep no time of use", local=_switch),
)
