"""What follows from a database's other entries: written anew after a join, and kept whole by a backup."""

from collections.abc import Iterable, Iterator

from leither import limits
from leither.codec import Block, Cid
from leither.crypto import MimeiId
from leither.db import Cursors, user_key
from leither.db.agreement import OF_RANKS, Agreement, Change
from leither.db.merging import restamp, rewrite
from leither.db.sweep import expired_keys, remove_expired
from leither.merkle import EMPTY_MAP, Entry, Nodes, Shape, Stamp
from leither.merkle import Change as MapChange
from leither.mimei.version import Version
from leither.service.complete import CompleteEdit
from leither.service.cur import Edit
from leither.service.database import Call, EditSpace, VersionSpace
from leither.service.editing import edit
from leither.service.engines import Engines
from leither.service.holding import contents_below
from leither.service.maps import OrderedMap

NOBODY = Stamp(0, 0)
"""The stamp of entries that follow from others."""


class MapEntries:
    """The entries of a database in a map, for looking."""

    def __init__(self, entries: OrderedMap) -> None:
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


class _Rewriting(MapEntries):
    """A map whose changes are gathered. What was changed is not read again."""

    def __init__(self, entries: OrderedMap) -> None:
        super().__init__(entries)
        self.changes: dict[bytes, Entry | None] = {}

    def put(self, key: bytes, value: bytes) -> None:
        """Set an entry."""
        self.changes[key] = Entry(key, NOBODY, value)

    def delete(self, key: bytes) -> None:
        """Remove an entry."""
        self.changes[key] = None


def settle_derived(joined: OrderedMap, tips: Iterable[OrderedMap]) -> OrderedMap:
    """Return the joined map of a database with the entries that follow from others as they should be.

    The outcome follows from the joined entries alone. Cost: the keys in which a tip differs from the join.
    """
    keys = {user_key(change.key) for tip in tips for change in tip.diff(joined)}
    rewriting = _Rewriting(joined)
    rewrite(rewriting, sorted(key for key in keys if key is not None))
    return joined.update(sorted(rewriting.changes.items())) if rewriting.changes else joined


class DerivedCheck:
    """Makes sure that what is derived in a database's map from elsewhere follows from the rest of it.

    It is shown what differs from a map in which it does; `before` is that one, or empty.
    """

    def __init__(self, engines: Engines, before: OrderedMap, entries: OrderedMap) -> None:
        self._before, self._entries = before, entries
        self._whole = before.root == EMPTY_MAP.cid
        self._agreement = Agreement(engines.random.token(32), whole=self._whole)

    def note(self, change: MapChange) -> None:
        """Note one change, whose entries are well-formed."""
        key, old, new = change
        if not self._whole or OF_RANKS[0] <= key < OF_RANKS[1]:
            self._agreement.note((key, old.value if old else None, new.value if new else None))

    def check(self) -> None:
        """Judge what was noted. Raises: WrongDerivedEntry.  Cost: the changed entries; see `Agreement`."""
        self._agreement.check(MapEntries(self._entries), self._changes)

    def _changes(self) -> Iterator[Change]:
        if self._whole:
            return ((key, None, value) for key, value in MapEntries(self._entries).scan(*OF_RANKS))
        differing = self._before.diff(self._entries)
        return ((key, old.value if old else None, new.value if new else None) for key, old, new in differing)


def check_unsaved(engines: Engines, tip: Version | None, changes: Iterable[tuple[bytes, bytes | None]]) -> None:
    """Make sure of the same where `changes`, by key, are made to `tip`, whose derived entries are right.

    Raises: WrongDerivedEntry.  Cost: the changes, also in memory. Stores nothing.
    """
    made: dict[Cid, bytes] = {}

    def read(cid: Cid) -> bytes:
        return made[cid] if cid in made else engines.blocks.get(cid)

    def keep(block: Block) -> None:
        made[block.cid] = block.data

    shape = Shape(tip.salt if tip else engines.random.token(limits.MAP_SALT_BYTES))
    before = OrderedMap(tip.side if tip else EMPTY_MAP.cid, shape, Nodes(read, keep))
    entries = ((key, None if value is None else Entry(key, NOBODY, value)) for key, value in changes)
    after = before.update(entries)
    derived = DerivedCheck(engines, before, after)
    for change in before.diff(after):
        derived.note(change)
    derived.check()


def prepare_stamping(engines: Engines, mimei: MimeiId, *, expire: bool) -> frozenset[bytes]:
    """Begin an era of `cur`, and return the entries to be stamped anew although unchanged.

    Those belong to keys whose expiry was moved: another writer may drop them as expired meanwhile. `expire`: drop what
    has expired first, which looks at all keys that expire at all.
    """

    def change(editing: Edit) -> frozenset[bytes]:
        assert isinstance(editing, CompleteEdit)
        row = editing.mimei.row
        call = Call(engines.clock.now_ms(), row.number, Cursors(), engines.random)
        space = EditSpace(editing, call)
        if expire:
            remove_expired(space, list(expired_keys(space)))
        below = contents_below(editing.mimei)
        if below is None or editing.has_unsaved:
            editing.begin_era()
        if below is None:
            return frozenset()
        before = VersionSpace(engines.map(below.side, below.salt), call)
        again = list(restamp(before, space, [name for name, _, _ in editing.changes()], row.number))
        for key, value in again:
            editing.put(key, value)
        return frozenset(key for key, _ in again)

    return edit(engines, mimei, change)
