"""Commands on their way: what each connection's replies wait for."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from leither import limits
from leither.resp.command import Command

if TYPE_CHECKING:
    from leither.resp.connection import Connection


class Slot:
    """The place of one reply in the order of a connection's replies. `reply` is None until it is there.

    A `silent` one is kept for the order only.
    """

    silent = False

    def __init__(self, reply: bytes | None = None) -> None:
        self.reply = reply


class Unit(Slot):
    """A command that runs in a transaction.

    Fields: connection: whose it is; None for the server's own. ended: its waiting for a key is over, with `ended_with`.
    """

    ended = False
    ended_with: object = None
    timer: asyncio.TimerHandle | None = None

    def __init__(self, connection: "Connection | None", command: Command, words: list[bytes], resp: int = 2) -> None:
        self.reply = None
        self.connection = connection
        self.command = command
        self.words = words
        self.resp = resp


@dataclass(frozen=True, slots=True)
class Step:
    """One command between MULTI and EXEC. One of the connection itself runs when the rest is durable."""

    command: Command
    words: list[bytes]


class Together(Unit):
    """All between MULTI and EXEC.

    Fields: steps: what lies between. watched: the keys that must not have changed. broken: one of them has.
    """

    broken = False

    def __init__(
        self, connection: "Connection", exec_: Command, steps: Sequence[Step], watched: frozenset[bytes], resp: int
    ) -> None:
        super().__init__(connection, exec_, [], resp)
        self.steps = steps
        self.watched = watched

    @property
    def is_long(self) -> bool:
        """Whether it may take long, so that it should not run in the loop."""
        return len(self.steps) > limits.REDIS_LOOP_ENTRIES_MAX or any(step.command.slow for step in self.steps)
