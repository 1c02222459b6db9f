"""From the words of a command to its reply."""

from leither import limits
from leither.db.command import Arguments, Command
from leither.db.key_position import keys_of
from leither.db.refusal import CommandRefused, KeyTooLong, UnknownCommand, ValueTooLong, WrongArity
from leither.db.refused import REFUSED
from leither.db.reply import Reply
from leither.db.space import Space
from leither.db.table import COMMANDS

_BY_NAME = {name.encode(): found for name, found in COMMANDS.items()} | {
    name.upper().encode(): found for name, found in COMMANDS.items()
}


def find(arguments: Arguments) -> Command:
    """Return the command that `arguments` name, with as many arguments as it takes.

    Raises: UnknownCommand, CommandRefused, WrongArity, KeyTooLong, ValueTooLong.
    """
    name = arguments[0]
    found = _BY_NAME.get(name) or _BY_NAME.get(name.lower())
    if found is None:
        reason = REFUSED.get(name.lower())
        if reason is not None:
            raise CommandRefused(name.decode(), reason)
        raise UnknownCommand(list(arguments))
    arity = found.declaration.arity
    if len(arguments) != arity if arity > 0 else len(arguments) < -arity:
        raise WrongArity(found.declaration.name)
    for argument in arguments:
        if len(argument) > limits.DB_KEY_BYTES_MAX:
            _require_sizes(found, arguments)
            break
    return found


def _require_sizes(found: Command, arguments: Arguments) -> None:
    for key in keys_of(found.declaration, arguments):
        if len(key) > limits.DB_KEY_BYTES_MAX:
            raise KeyTooLong(len(key), limits.DB_KEY_BYTES_MAX)
    if any(len(argument) > limits.DB_VALUE_BYTES_MAX for argument in arguments):
        raise ValueTooLong


def execute(space: Space, arguments: Arguments) -> Reply:
    """Carry out a command: its name and arguments, one at least. Raises: Refusal, and then nothing was changed."""
    return find(arguments).run(space, arguments)
