"""An opened database: its entries as commands of `leither.db` see them, at `cur` or at a version."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

from leither.codec import Cid
from leither.crypto import MimeiId, id_text
from leither.db.cursor import Cursors
from leither.db.layout import HEAD, after
from leither.db.space import Space
from leither.errors import InputError
from leither.mimei.version import Version
from leither.ports import Random, Transaction, View
from leither.service import tables
from leither.service.complete import CompleteEdit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Mimei, load, within
from leither.service.maps import OrderedMap
from leither.service.writers import ensure_writer

T = TypeVar("T")
_TICK = 8


class NotADatabase(InputError):
    """Only a MiMei of type `db` takes commands."""

    code = "not-a-database"

    def __init__(self, mimei: MimeiId, kind: str) -> None:
        self.id = id_text(mimei)
        self.kind = kind
        super().__init__(f"{self.id} is of type {kind}; only type db takes database commands")


class ReadOnly(InputError):
    """A version can't be changed: a mistake of the caller, who has asked for a write at one."""

    code = "read-only"

    def __init__(self) -> None:
        super().__init__("a version is read-only; change `cur` instead")


@dataclass(frozen=True, slots=True)
class Call:
    """What a command can't know of itself: when it runs, as which writer, where walks stand, and chance."""

    now_ms: int
    writer: int
    cursors: Cursors
    random: Random


class _Space:
    """What every space has beside its entries."""

    frozen = False

    def __init__(self, call: Call) -> None:
        self._random = call.random
        self.now_ms = call.now_ms
        self.writer = call.writer
        self.cursors = call.cursors

    def chance(self, bound: int) -> int:
        """Return a random number, 0 or more and below `bound`."""
        return int.from_bytes(self._random.token(8)) % bound

    def notify(self, kind: str, event: str, key: bytes) -> None:
        """Nobody listens here; front doors that do wrap the space."""

    def put(self, key: bytes, value: bytes) -> None:
        """Refuse. Raises: ReadOnly."""
        raise ReadOnly

    def delete(self, key: bytes) -> None:
        """Refuse. Raises: ReadOnly."""
        raise ReadOnly


class CurSpace(_Space):
    """`cur` of a complete database, as one snapshot shows it."""

    def __init__(self, view: View, mimei: Mimei, call: Call) -> None:
        super().__init__(call)
        self._view = view
        self._get = view.get
        self._prefix = tables.cur(mimei.id)
        self._cut = len(self._prefix)
        self._keys = mimei.row.keys

    @property
    def key_count(self) -> int:
        """How many keys there are."""
        return self._keys

    def get(self, key: bytes) -> bytes | None:
        """Return the value of the entry at `key`."""
        stored = self._get(self._prefix + key)
        return (stored[_TICK:] or None) if stored is not None else None

    def scan(self, start: bytes, stop: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries with `start <= key < stop`."""
        cut = self._cut
        for key, stored in self._view.scan(self._prefix + start, self._prefix + stop, reverse=reverse):
            if len(stored) > _TICK:
                yield key[cut:], stored[_TICK:]

    def count(self, start: bytes, stop: bytes) -> int:
        """Return how many entries have `start <= key < stop`. Cost: one step each."""
        return sum(1 for _ in self.scan(start, stop))


class EditSpace(CurSpace):
    """`cur` of a complete database inside a transaction."""

    def __init__(self, editing: CompleteEdit, call: Call) -> None:
        super().__init__(editing.transaction, editing.mimei, call)
        self.put = editing.put  # type: ignore[method-assign]
        self.delete = editing.delete  # type: ignore[method-assign, assignment]
        self._editing = editing

    @property
    def key_count(self) -> int:
        """How many keys there are."""
        return self._editing.key_count

    @property
    def tick(self) -> int:
        """How often `cur` was changed until now, by this transaction too if it has changed anything."""
        return self._editing.mimei.row.tick + self._editing.touched


class VersionSpace(_Space):
    """A version of a database, whose keys don't expire."""

    frozen = True

    def __init__(self, entries: OrderedMap, call: Call) -> None:
        super().__init__(call)
        self._entries = entries

    def get(self, key: bytes) -> bytes | None:
        """Return the value of the entry at `key`."""
        entry = self._entries.get(key)
        return entry.value if entry else None

    def scan(self, start: bytes, stop: bytes, *, reverse: bool = False) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries with `start <= key < stop`."""
        return ((entry.key, entry.value) for entry in self._entries.scan(start, stop, reverse=reverse))

    def count(self, start: bytes, stop: bytes) -> int:
        """Return how many entries have `start <= key < stop`. Cheap."""
        return self._entries.count(start, stop)

    @property
    def key_count(self) -> int:
        """How many keys there are. Cheap, but where a join left expiries of keys that are gone."""
        return self._entries.count(HEAD, after(HEAD))


class Database:
    """One database, at `cur`, or at `version`. Thread-safe."""

    def __init__(self, engines: Engines, mimei: MimeiId, version: Cid | None) -> None:
        self.id = mimei
        self.version = version
        self._engines = engines
        self._cursors = Cursors()

    @classmethod
    def open(cls, engines: Engines, mimei: MimeiId, version: Cid | None = None) -> "Database":
        """Open a database the caller may read. At `cur`, what a fork or an import left below comes to hand first.

        Raises: MimeiNotFound, NotADatabase, StoreFull. Cost: once, the entries of a fork or import.
        """
        with engines.state.read() as view:
            held = load(engines, view, mimei)
        if held.genesis.type != "db":
            raise NotADatabase(mimei, held.genesis.type)
        if version is None and not held.row.complete:
            with engines.lock(mimei):
                engines.state.write(lambda transaction: _fill(engines, transaction, mimei))
        return cls(engines, mimei, version)

    @contextmanager
    def reading(self) -> Iterator[Space]:
        """Open a snapshot of what is durable. Used in one thread, and kept short."""
        engines = self._engines
        if self.version is not None:
            engines = within(engines, self.id)
            record = engines.record(Version, self.version)
            yield VersionSpace(engines.map(record.side, record.salt), self._call(0))
            return
        with engines.state.read() as view:
            yield CurSpace(view, load(engines, view, self.id), self._call(0))

    def tick(self) -> int:
        """Return how often `cur` was changed until now, as far as it is durable."""
        with self._engines.state.read() as view:
            return load(self._engines, view, self.id).row.tick

    def write(self, work: Callable[[EditSpace], T]) -> "Future[T]":
        """Run `work` in a transaction of the state's writer; the future is done when it is durable or refused.

        `work` may run twice. Raises: ReadOnly, MimeiNotFound, NotTheAuthor.
        """
        if self.version is not None:
            raise ReadOnly
        engines = self._engines
        self._ensure_writer()

        def run(transaction: Transaction) -> T:
            editing = CompleteEdit(engines, transaction, load(engines, transaction, self.id))
            result = work(EditSpace(editing, self._call(editing.mimei.row.number)))
            if editing.touched:
                editing.save()
            return result

        future = engines.state.submit(run)
        future.add_done_callback(self._tell)
        return future

    def _tell(self, future: "Future[T]") -> None:
        if not future.cancelled() and future.exception() is None:
            self._engines.events.tell(Event(self.id, "change"))

    def _ensure_writer(self) -> None:
        """See that this node has a number: counters and lists hold it in their entries."""
        engines = self._engines
        with engines.state.read() as view:
            number = load(engines, view, self.id).row.number
        if not number:
            with engines.lock(self.id), engines.blocks.lease() as lease:
                ensure_writer(engines, self.id, lease)

    def _call(self, writer: int) -> Call:
        engines = self._engines
        return Call(engines.clock.now_ms(), writer, self._cursors, engines.random)


def _fill(engines: Engines, transaction: Transaction, mimei: MimeiId) -> Mimei:
    editing = CompleteEdit(engines, transaction, load(engines, transaction, mimei))
    editing.save()
    return editing.mimei
