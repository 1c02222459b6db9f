"""COMMAND: which commands there are, and what each takes."""

from typing import TYPE_CHECKING

from leither.db.glob import Glob
from leither.db.refusal import Refusal
from leither.resp import refusal
from leither.resp.command import Command
from leither.resp.reply import Failure, Simple

if TYPE_CHECKING:
    from leither.resp.connection import Connection

_FLAGS = frozenset({"loading", "stale"})


def _all(connection: "Connection", _: list[bytes]) -> object:
    return [_described(command) for command in connection.server.commands.top]


def _described(command: Command) -> list[object]:
    first, last, step = command.keys
    return [
        command.name,
        command.arity,
        {Simple(flag) for flag in command.flags},
        first,
        last,
        step,
        {Simple(f"@{name}") for name in _categories(command)},
        [],
        [],
        [],
    ]


def _categories(command: Command) -> set[str]:
    found = {command.group.replace("-", "").replace("generic", "keyspace").replace("transactions", "transaction")}
    found |= {"write"} if "write" in command.flags else {"read"} if "readonly" in command.flags else set()
    found |= {"fast"} if "fast" in command.flags else {"slow"}
    return found | ({"blocking"} if "blocking" in command.flags else set())


def _count(connection: "Connection", _: list[bytes]) -> object:
    return len(connection.server.commands.top)


def _list(connection: "Connection", words: list[bytes]) -> object:
    names = [command.name for command in connection.server.commands.top]
    options = words[2:]
    if not options:
        return names
    if len(options) == 3 and options[0].lower() == b"filterby" and options[1].lower() == b"pattern":
        return [name for name in names if Glob(options[2].lower()).matches(name)]
    if len(options) == 3 and options[0].lower() == b"filterby" and options[1].lower() == b"aclcat":
        wanted = options[2].lower().decode("utf-8", "replace")
        return [each.name for each in connection.server.commands.top if wanted in _categories(each)]
    return refusal.SYNTAX


def _info(connection: "Connection", words: list[bytes]) -> object:
    commands = connection.server.commands
    found = (commands.named(word) for word in words[2:]) if len(words) > 2 else commands.top
    return [_described(command) if command is not None else None for command in found]


def _docs(connection: "Connection", words: list[bytes]) -> object:
    commands = connection.server.commands
    found = [commands.named(word) for word in words[2:]] if len(words) > 2 else list(commands.top)
    return {command.name: _doc(commands.inside(command), command) for command in found if command is not None}


def _doc(inside: list[Command], command: Command) -> dict[object, object]:
    told: dict[object, object] = {
        b"summary": command.summary,
        b"since": command.since,
        b"group": command.group,
    }
    if inside:
        told[b"subcommands"] = {each.name: _doc([], each) for each in inside}
    return told


def _getkeys(connection: "Connection", words: list[bytes]) -> object:
    command = connection.server.commands.find(words[2:])
    if isinstance(command, Failure):
        return Failure("ERR Invalid command specified")
    if not command.takes(len(words) - 2):
        return Failure("ERR Invalid number of arguments specified for command")
    try:
        keys = connection.server.commands.keys_of(command, words[2:])
    except Refusal:
        return Failure("ERR Invalid arguments specified for command")
    return list(keys) if keys else Failure("ERR The command has no key arguments")


def _made(name: bytes, arity: int, since: str, summary: str, **more: object) -> Command:
    return Command(name, arity, "server", since, summary, flags=_FLAGS, **more)  # type: ignore[arg-type]


COMMANDS = (
    _made(b"command", -1, "2.8.13", "Describe every command", local=_all),
    _made(b"command|count", 2, "2.8.13", "Count the commands", local=_count),
    _made(b"command|list", -2, "7.0.0", "Name the commands", local=_list),
    _made(b"command|info", -2, "2.8.13", "Describe commands", local=_info),
    _made(b"command|docs", -2, "7.0.0", "Say what commands are for", local=_docs),
    _made(b"command|getkeys", -3, "2.8.13", "Tell which words of a command are keys", local=_getkeys),
)
