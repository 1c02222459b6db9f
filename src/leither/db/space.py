"""What a command works on: one database's entries as one moment shows them, and what a command can't know itself."""

from collections.abc import Iterator
from typing import Protocol

from leither.db.cursor import Cursors


class Readable(Protocol):
    """The entries of one database, sorted by key, for looking only."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value of the entry at `key`."""

    def scan(self, start: bytes, stop: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries with `start <= key < stop`. Commands change nothing while they do."""

    def count(self, start: bytes, stop: bytes) -> int:
        """Return how many entries have `start <= key < stop`."""


class Entries(Readable, Protocol):
    """The entries of one database, sorted by key."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set an entry."""

    def delete(self, key: bytes) -> None:
        """Remove an entry, if it is there."""


class Space(Entries, Protocol):
    """The entries of one database and the moment. An adapter gives it, for one transaction or one snapshot.

    Commands that don't write never call `put`, `delete` and `notify`, so they run on a snapshot too.
    """

    now_ms: int
    """The time of the call, in Unix milliseconds."""
    writer: int
    """The number of the writer whose `cur` this is."""
    frozen: bool
    """Whether this is a version, whose keys don't expire."""
    cursors: Cursors
    """Where the SCAN family's walks stand; kept for as long as the database is open."""

    @property
    def key_count(self) -> int:
        """How many keys there are, those that have expired and are not yet removed among them."""

    def chance(self, bound: int) -> int:
        """Return a random number, 0 or more and below `bound`."""

    def notify(self, kind: str, event: str, key: bytes) -> None:
        """Hear of a change of `key`, which also means that whoever WATCHes it is touched.

        `kind` and `event` are Redis' class letter and name of a keyspace event. Without a kind there is no event.
        """
