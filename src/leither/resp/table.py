"""All commands this front door answers: those of databases, and its own."""

from leither import limits
from leither.db.declaration import Declaration
from leither.db.dispatch import find as find_in_database
from leither.db.key_position import keys_of
from leither.db.refusal import Refusal
from leither.db.table import COMMANDS as OF_DATABASES
from leither.resp import (
    about,
    client_commands,
    greeting,
    introspection,
    mimei_commands,
    refusal,
    subscriptions,
    transactions,
)
from leither.resp.command import Command
from leither.resp.reply import Failure

_SLOW = frozenset({"keys", "lcs", "sort", "sort_ro"})
"""Commands that take long for what they read, so that others would feel it if they ran in the loop."""


class Commands:
    """Commands by name, `by_name`, in lower and upper case. `top`: without subcommands, by name."""

    def __init__(self) -> None:
        own = [
            *greeting.COMMANDS,
            *client_commands.COMMANDS,
            *transactions.COMMANDS,
            *subscriptions.COMMANDS,
            *about.COMMANDS,
            *introspection.COMMANDS,
            *mimei_commands.COMMANDS,
        ]
        found = {name.encode(): _of_database(each.declaration, each.run) for name, each in OF_DATABASES.items()}
        found |= {command.name: command for command in own}
        self.by_name = found | {name.upper(): command for name, command in found.items()}
        self._inside: dict[bytes, list[Command]] = {}
        for name, command in sorted(found.items()):
            container, bar, _ = name.partition(b"|")
            if bar:
                self._inside.setdefault(container, []).append(command)
        self.top = [command for name, command in sorted(found.items()) if b"|" not in name]

    def find(self, words: list[bytes]) -> Command | Failure:
        """Return the command that `words` are, or why they are none. Its arity is not checked yet."""
        name = words[0]
        command = self.by_name.get(name) or self.by_name.get(name.lower())
        if command is None or (command.run is not None and max(map(len, words)) > limits.DB_KEY_BYTES_MAX):
            try:
                find_in_database(words)
            except Refusal as error:
                return Failure(str(error))
            assert command is not None, "databases refuse what they don't know"
        if command.run is None and command.name in self._inside:
            return self._find_inside(command, words)
        return command

    def _find_inside(self, container: Command, words: list[bytes]) -> Command | Failure:
        if len(words) == 1:
            return container if container.local is not None else refusal.wrong_arity(container.name)
        found = self.by_name.get(container.name + b"|" + words[1].lower())
        return refusal.unknown_subcommand(container.name, words[1]) if found is None else found

    def named(self, name: bytes) -> Command | None:
        """Return a command or subcommand by its name."""
        return self.by_name.get(name.lower())

    def inside(self, command: Command) -> list[Command]:
        """Return the subcommands of a command."""
        return self._inside.get(command.name, [])

    def keys_of(self, command: Command, words: list[bytes]) -> list[bytes]:
        """Return which of `words` are keys."""
        found = OF_DATABASES.get(command.name.decode())
        if found is not None:
            return keys_of(found.declaration, words)
        first, last, step = command.keys
        return words[first : last + 1 if last >= 0 else len(words) + last + 1 : step] if first else []


def _of_database(told: Declaration, run: object) -> Command:
    return Command(
        name=told.name.encode(),
        arity=told.arity,
        group=told.group,
        since=told.since,
        summary=told.summary,
        flags=told.flags,
        keys=told.keys,
        run=run,  # type: ignore[arg-type]
        is_write=told.writes,
        waits="blocking" in told.flags,
        barrier="blocking" in told.flags,
        slow=told.name in _SLOW,
        usual=run is not None and told.name not in _SLOW and "blocking" not in told.flags,
    )
