"""The port to the ordered key-value engine that holds working copies, indexes and heads.

Adapters: memory and LMDB (`leither.store`). All pass `leither.testing.suites`.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from typing import Protocol, TypeVar

T = TypeVar("T")


class View(Protocol):
    """A consistent snapshot. Keys and values are bytes; order is bytewise."""

    def get(self, key: bytes) -> bytes | None:
        """Return the value under `key`, or None."""

    def scan(self, start: bytes, stop: bytes | None = None, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over `start <= key < stop` (to the end without `stop`), ascending or descending."""


class Transaction(View, Protocol):
    """A view that can change. What it wrote, it reads."""

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`. Raises: StateKeyTooLong, StateValueTooLong."""

    def delete(self, key: bytes) -> bool:
        """Remove `key`; tell whether it was there."""


class State(Protocol):
    """Ordered key-value state. Thread-safe; writers are serialized; many readers at once."""

    def read(self) -> AbstractContextManager[View]:
        """Open a snapshot of what is committed. Keep it short: it pins space."""

    def write(self, change: Callable[[Transaction], T]) -> T:
        """Run `change` alone and return its result once it is durable.

        Several callers' changes share one commit. If `change` raises, nothing of it is kept and the error is
        raised here. If the commit fails (disk or map full), every change in it is undone and every caller hears it.
        `change` may run a second time, alone, after a failed commit, so it has no effect but on the transaction.
        Must not be called from inside a change.
        """

    def submit(self, change: Callable[[Transaction], T]) -> Future[T]:
        """Like `write`, but returns at once; the future is done when the change is durable or refused."""

    def compact(self) -> bool:
        """Let nothing of what was deleted or overwritten stay in the files, and give their space back.

        Return whether that could be done now: it can't while a snapshot stays open. Changes wait meanwhile.
        Cost: reads and writes all that is kept. Raises: StoreFull.
        """

    def close(self) -> None:
        """Finish what was submitted and release. Idempotent."""


def prefix_end(prefix: bytes) -> bytes | None:
    """Return the smallest key above every key that begins with `prefix`, or None if there is none."""
    stripped = prefix.rstrip(b"\xff")
    return stripped[:-1] + bytes((stripped[-1] + 1,)) if stripped else None
