"""Running one command of `leither.db`, and what it needs of the database's service."""

import logging
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

from leither.codec import Cid
from leither.db.refusal import Refusal
from leither.db.space import Space
from leither.errors import LeitherError, LimitError
from leither.resp.command import Command
from leither.resp.keyspace import Change
from leither.resp.reply import Failure

T = TypeVar("T")
_LOG = logging.getLogger(__name__)


class Changing(Space, Protocol):
    """The space of a transaction that may change the database."""

    @property
    def tick(self) -> int:
        """How often the database was changed until now, by this transaction too if it has changed anything."""


class Database(Protocol):
    """One opened database, at `cur` or at a version. Thread-safe."""

    @property
    def version(self) -> Cid | None:
        """The version it shows, or None for `cur`."""

    def reading(self) -> AbstractContextManager[Space]:
        """Open a snapshot of what is durable. Used in one thread, and kept short."""

    def tick(self) -> int:
        """Return how often the database was changed until now, as far as it is durable."""

    def write(self, work: Callable[[Changing], T]) -> "Future[T]":
        """Run `work` in a transaction of the state's writer; the future is done when it is durable or refused.

        `work` may run twice.
        """


class Recorder:
    """A space that remembers what changed. `changes`: (class letter, event, key) in order."""

    __slots__ = (
        "_space",
        "chance",
        "changes",
        "count",
        "cursors",
        "delete",
        "frozen",
        "get",
        "now_ms",
        "put",
        "scan",
        "writer",
    )

    def __init__(self, space: Space) -> None:
        self.get = space.get
        self.scan = space.scan
        self.count = space.count
        self.put = space.put
        self.delete = space.delete
        self.chance = space.chance
        self.cursors = space.cursors
        self.frozen = space.frozen
        self.now_ms = space.now_ms
        self.writer = space.writer
        self.changes: list[Change] = []
        self._space = space

    @property
    def key_count(self) -> int:
        """How many keys there are."""
        return self._space.key_count

    def notify(self, kind: str, event: str, key: bytes) -> None:
        """Remember a change."""
        self.changes.append((kind, event, key))


def execute(command: Command, space: Space, words: list[bytes]) -> object:
    """Return the command's reply, which is a Failure where it is refused."""
    assert command.run is not None
    try:
        return command.run(space, words)
    except Refusal as error:
        return Failure(str(error))


def failure_of(error: BaseException) -> Failure:
    """Return how a connection hears of an error. One that nobody foresaw goes to the log."""
    if isinstance(error, Refusal):
        return Failure(str(error))
    if isinstance(error, LimitError):
        # Clients take OOM for what it is: nothing was stored, and trying again helps only once there is room.
        return Failure(f"OOM {error}")
    if isinstance(error, LeitherError):
        return Failure(f"ERR {error}")
    _LOG.error("a redis command failed", exc_info=error)
    return Failure("ERR internal error; the node's log says more")
