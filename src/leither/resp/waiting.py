"""Commands on their way: what each connection's replies wait for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leither.resp.command import Command

if TYPE_CHECKING:
    from leither.resp.connection import Connection


@dataclass(eq=False, slots=True)
class Slot:
    """The place of one reply in the order of a connection's replies. `reply` is None until it is there.

    A `silent` one is kept for the order only.
    """

    reply: bytes | None = None
    silent: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One command of a unit. One of the connection itself runs when the unit is durable."""

    command: Command
    words: list[bytes]


@dataclass(eq=False, slots=True)
class Unit(Slot):
    """What runs as a whole in one transaction: a command, or all between MULTI and EXEC.

    Fields: connection: whose it is; None for the server's own. watched: None for a plain command; for EXEC, the keys
    that must not have changed. broken: one of them has. ended: its waiting for a key is over, with `ended_with`.
    """

    connection: "Connection | None" = None
    steps: Sequence[Step] = ()
    resp: int = 2
    watched: frozenset[bytes] | None = None
    broken: bool = False
    ended: bool = False
    ended_with: object = None
    timer: asyncio.TimerHandle | None = None
