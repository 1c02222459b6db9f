"""A command as this front door knows it: its shape, what may be done with it when, and what runs it."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from leither.resp.connection import Connection

Local = Callable[["Connection", list[bytes]], object]
"""What runs a command of the connection itself: its reply's value, or LATER."""


@dataclass(frozen=True, slots=True)
class Command:
    """One command, or subcommand (`client|id`).

    Fields: arity: words with the name; negative: at least as many. keys: first, last and step of its key positions,
    as COMMAND INFO tells them. run: the database's function, or None. local: the connection's, or None. waits: may
    wait for a key. barrier: looked at only when all before it are answered. slow: takes long for what it
    reads, and runs beside the loop. usual: just runs on the database in its turn.
    """

    name: bytes
    arity: int
    group: str
    since: str
    summary: str
    flags: frozenset[str] = frozenset()
    keys: tuple[int, int, int] = (0, 0, 0)
    run: Callable[..., object] | None = None
    local: Local | None = None
    is_write: bool = False
    waits: bool = False
    barrier: bool = False
    slow: bool = False
    usual: bool = False
    before_auth: bool = False
    in_multi: bool = True
    ends_multi: bool = False
    arguments: str = ""

    def takes(self, words: int) -> bool:
        """Tell whether it can have that many words, its name among them."""
        arity = self.arity
        return words == arity if arity > 0 else words >= -arity
