"""Commands: a declaration and the function that carries it out."""

from collections.abc import Callable, Sequence
from typing import NamedTuple

from leither.db.declaration import DECLARATIONS, Declaration
from leither.db.reply import Reply
from leither.db.space import Space

Arguments = Sequence[bytes]
"""A command as it came: its name, then its arguments."""
Carry = Callable[[Space, Arguments], Reply]


class Command(NamedTuple):
    """What is declared of a command, and `run`, which carries it out. `arguments[0]` is its name."""

    declaration: Declaration
    run: Carry


def command(*names: str) -> Callable[[Carry], Carry]:
    """Mark a function as what carries out the commands `names`."""

    def mark(run: Carry) -> Carry:
        for name in names:
            CARRIED_OUT[name] = Command(DECLARATIONS[name], run)
        return run

    return mark


CARRIED_OUT: dict[str, Command] = {}
"""Commands by name, filled as their modules are imported; `table.COMMANDS` is complete."""
