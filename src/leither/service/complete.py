"""`cur` of a database: all its entries stand in the state engine, each with the tick of its last change.

An entry is unsaved if its tick is past the one at which the last version was made; so a backup clears a million
changes by writing one number. Which entries are unsaved is found by the keys of table `d`, a key for each entry
changed within an *era*. A backup begins an era, so that what is changed beside it is found by the next one; keys of
eras that are over are removed afterwards, some at a time. Before the first backup every entry is unsaved, and table
`d` is not needed.
"""

from collections.abc import Iterable
from itertools import islice

import msgspec

from leither.crypto import MimeiId
from leither.db.layout import HEAD, REMNANT_TYPE
from leither.ports import Transaction
from leither.service import tables
from leither.service.cur import Edit
from leither.service.engines import Engines
from leither.service.holding import Holding, Mimei, load
from leither.service.index import index_entry
from leither.service.unsaved import changed_in

_TICK = 8
_SAVED = bytes(_TICK)
_HEAD_BYTE = HEAD[0]
_DATABASE = HEAD
_SWEEP_KEYS = 4096


class CompleteEdit(Edit):
    """The working copy of a database inside a transaction."""

    def __init__(self, engines: Engines, transaction: Transaction, mimei: Mimei) -> None:
        super().__init__(engines, transaction, mimei)
        row = mimei.row
        self._get, self._put = transaction.get, transaction.put
        self._stamp = tables.u64(self._tick)
        self._saved = tables.u64(row.saved)
        self._era_begin = tables.u64(row.era_begin)
        self._is_tracked = row.tracked or bool(row.base or row.draft)
        self._name = tables.dirty(mimei.id, row.era)
        self._keys = row.keys
        self._eras = row.era, row.era_first
        if not row.complete:
            self._fill()

    @property
    def key_count(self) -> int:
        """How many keys the database has."""
        return self._keys

    @property
    def has_unsaved(self) -> bool:
        """Whether anything was changed since the last version."""
        return self._dirty > 0

    def put(self, key: bytes, value: bytes, *, resolve: bool = False) -> None:
        """Set the entry at `key`. It counts as a change even where the value is the same."""
        place = self._prefix + key
        stored = self._get(place)
        self.touched = True
        if stored is None:
            self._bytes += len(key) + len(value)
            self._entries += 1
            self._dirty += 1
            before = b""
            if self._is_tracked:
                self._put(self._name + key, b"")
        else:
            before = stored[_TICK:]
            if before:
                self._bytes += len(value) - len(before)
            else:
                self._bytes += len(key) + len(value)
                self._entries += 1
            self._mark(key, stored[:_TICK])
        self._put(place, self._stamp + value)
        if key[0] == _HEAD_BYTE:
            self._keys += _is_key(value) - _is_key(before)
        elif key < _DATABASE:
            index_entry(self.transaction, self.mimei.id, key, value)

    def delete(self, key: bytes) -> bool:
        """Remove the entry at `key`; tell whether there was one."""
        place = self._prefix + key
        stored = self._get(place)
        before = b"" if stored is None else stored[_TICK:]
        if stored is None or not before:
            return False
        self.touched = True
        self._bytes -= len(key) + len(before)
        self._entries -= 1
        if self._is_tracked:
            self._mark(key, stored[:_TICK])
            self._put(place, self._stamp)
        else:
            self._dirty -= 1
            self.transaction.delete(place)
        if key[0] == _HEAD_BYTE:
            self._keys -= _is_key(before)
        elif key < _DATABASE:
            index_entry(self.transaction, self.mimei.id, key, None)
        return True

    def _mark(self, key: bytes, tick: bytes) -> None:
        """Count a change of an entry that was last changed at `tick`, and name it for the next backup."""
        if tick <= self._saved:
            self._dirty += 1
        if self._is_tracked and tick <= self._era_begin:
            self._put(self._name + key, b"")

    def begin_era(self) -> None:
        """Let what is changed from the next transaction on be found apart from what was changed so far."""
        self._is_tracked = True
        self._eras = self._eras[0] + 1, self._eras[1]
        self._era_begin = tables.u64(self._tick)
        self.touched = True

    def settle_all(self, tick: int, gone: Iterable[bytes]) -> None:
        """Let every change up to `tick` count as saved. `gone`: entries that were deleted by then."""
        self._saved = tables.u64(tick)
        for key in gone:
            stored = self._get(self._prefix + key)
            if stored is not None and len(stored) == _TICK and stored <= self._saved:
                self.transaction.delete(self._prefix + key)
        era = self._eras[0]
        self._eras = era, era
        self._is_tracked = True
        self._dirty = sum(1 for _ in changed_in(self.transaction, self.mimei.id, range(era, era + 1), tick))

    def discard(self) -> None:
        """Take back every change over what is below."""
        for key in [key for key, _, _ in self.changes()]:
            self._bring(key, self.base(key))
        self._saved = tables.u64(self._tick)
        self._eras = self._eras[0] + 1, self._eras[0] + 1
        self._era_begin = self._saved
        self._dirty = 0

    def refresh(self, key: bytes, value: bytes | None) -> None:
        """Take in what stands at `key` of what `cur`, which has no changes, will stand on."""
        self._bring(key, value)

    def _bring(self, key: bytes, value: bytes | None) -> None:
        """Let the entry stand as saved, with `value`."""
        place = self._prefix + key
        stored = self._get(place)
        before = b"" if stored is None else stored[_TICK:]
        self._bytes += (len(key) + len(value) if value else 0) - (len(key) + len(before) if before else 0)
        self._entries += bool(value) - bool(before)
        if value is not None:
            self._put(place, _SAVED + value)
        elif stored is not None:
            self.transaction.delete(place)
        if key[0] == _HEAD_BYTE:
            self._keys += _is_key(value or b"") - _is_key(before)
        elif key < _DATABASE:
            index_entry(self.transaction, self.mimei.id, key, value)

    def _fill(self) -> None:
        """Bring every entry of what is below into the state engine."""
        for entry in self._base.scan(b"", None) if self._base else ():
            self._put(self._prefix + entry.key, _SAVED + entry.value)
            self._keys += entry.key[0] == _HEAD_BYTE and _is_key(entry.value)
        self.touched = True

    def row(self) -> Holding:
        """Return the MiMei's row with the counters as they are now."""
        return msgspec.structs.replace(
            super().row(),
            complete=True,
            keys=self._keys,
            saved=tables.read_u64(self._saved),
            era=self._eras[0],
            era_first=self._eras[1],
            era_begin=tables.read_u64(self._era_begin),
            tracked=self._is_tracked,
        )


def forget_eras(engines: Engines, mimei: MimeiId) -> None:
    """Remove the names of what was changed in eras that are over. Cost: those names, some in each transaction."""

    def forget(transaction: Transaction) -> int:
        over = load(engines, transaction, mimei).row.era_first
        first, stop = tables.dirty(mimei, 0), tables.dirty(mimei, over)
        doomed = [key for key, _ in islice(transaction.scan(first, stop), _SWEEP_KEYS)]
        for key in doomed:
            transaction.delete(key)
        return len(doomed)

    while engines.state.write(forget) == _SWEEP_KEYS:
        pass


def _is_key(head: bytes) -> bool:
    """Tell whether a head, or its absence, stands for a key that exists."""
    return len(head) > 1 and head[1] != REMNANT_TYPE
