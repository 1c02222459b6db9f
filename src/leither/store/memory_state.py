"""State in memory, with the semantics of the durable engine. For tests and simulation."""

import threading
from bisect import bisect_left, insort
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future
from contextlib import contextmanager
from typing import TypeVar

from leither.store.lock import StoreClosed
from leither.store.state_bounds import check_entry

T = TypeVar("T")


class _Table:
    """Sorted entries. Copied before a change while a snapshot shares it."""

    __slots__ = ("keys", "shared", "values")

    def __init__(self, keys: list[bytes], values: dict[bytes, bytes]) -> None:
        self.keys = keys
        self.values = values
        self.shared = False

    def copy(self) -> "_Table":
        return _Table(list(self.keys), dict(self.values))


class MemoryView:
    """A snapshot."""

    def __init__(self, table: _Table) -> None:
        self._table = table

    def get(self, key: bytes) -> bytes | None:
        """Return the value under `key`, or None."""
        return self._table.values.get(key)

    def scan(self, start: bytes, stop: bytes | None = None, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over `start <= key < stop`; in a transaction, changes made ahead meanwhile are seen."""
        keys, values = self._table.keys, self._table.values
        if reverse:
            edge = stop
            while True:
                place = (len(keys) if edge is None else bisect_left(keys, edge)) - 1
                if place < 0 or keys[place] < start:
                    return
                edge = keys[place]
                yield edge, values[edge]
        place = bisect_left(keys, start)
        while place < len(keys):
            key = keys[place]
            if stop is not None and key >= stop:
                return
            yield key, values[key]
            place = bisect_left(keys, key + b"\0")


class MemoryTransaction(MemoryView):
    """A view that can change. What it wrote is undone from `undo`, newest first."""

    def __init__(self, table: _Table, undo: Sequence[tuple[bytes, bytes | None]] = ()) -> None:
        super().__init__(table)
        self.undo = list(undo)

    def put(self, key: bytes, value: bytes) -> None:
        """Set `key`. Raises: StateKeyEmpty, StateKeyTooLong, StateValueTooLong."""
        check_entry(key, value)
        key = bytes(key)
        self.undo.append((key, self._table.values.get(key)))
        self._set(key, bytes(value))

    def delete(self, key: bytes) -> bool:
        """Remove `key`; tell whether it was there."""
        if key not in self._table.values:
            return False
        self.undo.append((key, self._table.values[key]))
        self._set(key, None)
        return True

    def roll_back(self) -> None:
        """Undo everything."""
        for key, value in reversed(self.undo):
            self._set(key, value)

    def _set(self, key: bytes, value: bytes | None) -> None:
        table = self._table
        if value is not None:
            if key not in table.values:
                insort(table.keys, key)
            table.values[key] = value
        elif table.values.pop(key, None) is not None:
            del table.keys[bisect_left(table.keys, key)]


class MemoryState:
    """`State` in memory. Thread-safe."""

    def __init__(self) -> None:
        self._table = _Table([], {})
        self._lock = threading.Lock()
        self._writing: tuple[threading.Thread, MemoryTransaction] | None = None
        self._closed = False

    @contextmanager
    def read(self) -> Iterator[MemoryView]:
        """Open a snapshot. The next change after it copies the whole table."""
        self._refuse_closed()
        writing = self._writing
        if writing is not None and writing[0] is threading.current_thread():
            table = self._table.copy()  # asked from inside a change: what was committed before it
            MemoryTransaction(table, writing[1].undo).roll_back()
        else:
            with self._lock:
                table = self._table
                table.shared = True
        yield MemoryView(table)

    def write(self, change: Callable[[MemoryTransaction], T]) -> T:
        """Run `change` alone and return its result."""
        self._refuse_closed()
        if self._writing is not None and self._writing[0] is threading.current_thread():
            raise RuntimeError("a change can't submit another; do it in the same transaction or after it")
        with self._lock:
            if self._table.shared:
                self._table = self._table.copy()
            transaction = MemoryTransaction(self._table)
            self._writing = (threading.current_thread(), transaction)
            try:
                return change(transaction)
            except BaseException:
                transaction.roll_back()
                raise
            finally:
                self._writing = None

    def submit(self, change: Callable[[MemoryTransaction], T]) -> "Future[T]":
        """Like `write`; the future is done already."""
        future: Future[T] = Future()
        try:
            future.set_result(self.write(change))
        except (StoreClosed, RuntimeError):
            raise
        except BaseException as error:  # the caller's own error, raised where the result is asked for
            future.set_exception(error)
        return future

    def compact(self) -> bool:
        """Nothing deleted stays in memory that could be read."""
        self._refuse_closed()
        return True

    def close(self) -> None:
        """Refuse further work. Idempotent."""
        self._closed = True

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed("the state in memory")
