"""Stores in memory that count what they are asked, so that two answers can be compared by the work behind them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from leither.codec import Cid
from leither.store import MemoryBlocks, MemoryState
from leither.store.memory_state import MemoryTransaction, MemoryView

T = TypeVar("T")


class _CountedView:
    """A snapshot that counts."""

    def __init__(self, view: MemoryView, asked: Counter[str]) -> None:
        self._view = view
        self._asked = asked

    def get(self, key: bytes) -> bytes | None:
        self._asked[f"state get {key[:1].decode()}"] += 1
        return self._view.get(key)

    def scan(self, start: bytes, stop: bytes | None = None, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        self._asked[f"state scan {start[:1].decode()}"] += 1
        return self._view.scan(start, stop, reverse=reverse)


class _CountedTransaction(_CountedView):
    """A change that counts."""

    def __init__(self, transaction: MemoryTransaction, asked: Counter[str]) -> None:
        super().__init__(transaction, asked)
        self._transaction = transaction

    def put(self, key: bytes, value: bytes) -> None:
        self._asked["state put"] += 1
        self._transaction.put(key, value)

    def delete(self, key: bytes) -> bool:
        self._asked["state delete"] += 1
        return self._transaction.delete(key)


class CountingState(MemoryState):
    """State in memory; `asked` says what was asked of it."""

    def __init__(self, asked: Counter[str]) -> None:
        super().__init__()
        self._asked = asked

    @contextmanager
    def read(self) -> Iterator[MemoryView]:
        self._asked["state read"] += 1
        with super().read() as view:
            yield _CountedView(view, self._asked)  # type: ignore[misc]

    def write(self, change: Callable[[MemoryTransaction], T]) -> T:
        self._asked["state write"] += 1
        return super().write(self._counted(change))

    def submit(self, change: Callable[[MemoryTransaction], T]) -> Future[T]:
        self._asked["state write"] += 1
        return super().submit(change)

    def _counted(self, change: Callable[[MemoryTransaction], T]) -> Callable[[MemoryTransaction], T]:
        return lambda transaction: change(_CountedTransaction(transaction, self._asked))  # type: ignore[arg-type]


class CountingReads(MemoryBlocks):
    """Blocks in memory; `asked` says what was asked of them."""

    def __init__(self, asked: Counter[str]) -> None:
        super().__init__()
        self._asked = asked

    def get(self, cid: Cid) -> bytes:
        self._asked["block get"] += 1
        return super().get(cid)

    def has(self, cid: Cid) -> bool:
        self._asked["block has"] += 1
        return super().has(cid)
