"""`cur`: the changed entries in the state engine, over the side map of what it stands on, a version or a draft.

A changed entry is stored with the tick of its last change, so that a backup, which works from a snapshot beside
writers, clears exactly what it has saved. An empty value says the entry was deleted.

A database, where every read counts, keeps its saved entries in the state engine too (`complete.py`): its row is
`complete`, and nothing is looked up below.
"""

from collections.abc import Iterator, Mapping
from heapq import merge
from itertools import groupby
from operator import itemgetter

import msgspec

from leither.crypto import MimeiId, id_text
from leither.errors import LimitError
from leither.merkle import EMPTY_MAP
from leither.mimei.entry import decode_path_entry
from leither.mimei.path import PATH_TYPE
from leither.ports import Transaction, View, prefix_end
from leither.service import tables
from leither.service.engines import Engines
from leither.service.entries import Entries
from leither.service.holding import Holding, Mimei, base_version, contents_below, is_private, save
from leither.service.index import index_entry
from leither.service.private import PrivateUnsupported
from leither.service.unsaved import unsaved

_TICK = 8


class QuotaReached(LimitError):
    """The change would make `cur` larger than its quota."""

    code = "quota-reached"

    def __init__(self, mimei: str, needed_bytes: int, quota_bytes: int) -> None:
        self.id = mimei
        self.needed_bytes = needed_bytes
        self.quota_bytes = quota_bytes
        super().__init__(
            f"{mimei} would hold {needed_bytes:,} bytes, its quota is {quota_bytes:,}; nothing was changed; "
            f"delete something or raise it with `leither quota {mimei} BYTES`"
        )


class Cur(Entries):
    """The working copy of one MiMei, as one snapshot shows it."""

    def __init__(self, engines: Engines, view: View, mimei: Mimei) -> None:
        self.engines = mimei.engines
        self.mimei = mimei
        self._view = view
        self._prefix = tables.cur(mimei.id)
        self._complete = mimei.row.complete
        below = contents_below(mimei)
        self._base = self.engines.map(below.side, below.salt) if below else None

    def get(self, key: bytes) -> bytes | None:
        """Return the value of the side map entry at `key`."""
        changed = self._view.get(self._prefix + key)
        if changed is None:
            return None if self._complete else self.base(key)
        return changed[_TICK:] or None

    def base(self, key: bytes) -> bytes | None:
        """Return the value that what is below has at `key`."""
        entry = self._base.get(key) if self._base else None
        return entry.value if entry else None

    def scan(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Iterate over the entries with `start <= key < stop`, ascending."""
        changed = self._changes(start, stop)
        base = None if self._complete else self._base
        held = ((entry.key, entry.value) for entry in base.scan(start, stop)) if base else iter(())
        below = next(held, None)
        for key, value in changed:
            while below is not None and below[0] < key:
                yield below
                below = next(held, None)
            if below is not None and below[0] == key:
                below = next(held, None)
            if value:
                yield key, value
        while below is not None:
            yield below
            below = next(held, None)

    def _changes(self, start: bytes, stop: bytes) -> Iterator[tuple[bytes, bytes]]:
        cut = len(self._prefix)
        for key, stored in self._view.scan(self._prefix + start, self._prefix + stop):
            yield key[cut:], stored[_TICK:]

    def changes(self) -> Iterator[tuple[bytes, bytes | None, int]]:
        """Iterate over (key, value or None if deleted, tick) of everything changed over what is below."""
        cut = len(self._prefix)
        if self._complete:
            yield from unsaved(self._view, self.mimei)
            return
        for key, stored in self._view.scan(self._prefix, prefix_end(self._prefix)):
            yield key[cut:], stored[_TICK:] or None, tables.read_u64(stored)

    def unsaved(self) -> Iterator[tuple[bytes, bytes | None]]:
        """Iterate, by key, over (key, value or None if deleted) of what is other than in `last`, drafts included.

        Cost: the changes since `last`.
        """
        changed = ((key, value) for key, value, _ in self.changes())
        if not self.mimei.row.draft:
            yield from changed
            return
        last = base_version(self.engines, self.mimei)
        assert self._base is not None
        below = self._base.at(last.side if last else EMPTY_MAP.cid)
        shared = ((key, after.value if after else None) for key, _, after in below.diff(self._base))
        for key, group in groupby(merge(changed, shared, key=itemgetter(0)), itemgetter(0)):
            value = next(group)[1]  # of both, the change over the draft comes first
            held = below.get(key)
            if value != (held.value if held else None):
                yield key, value

    def unsaved_count(self) -> int:
        """Return how many entries are other than in `last`. Cheap where nothing was shared as a draft."""
        return sum(1 for _ in self.unsaved()) if self.mimei.row.draft else self.mimei.row.dirty


class Edit(Cur):
    """The working copy inside a transaction. `save` writes the row; leaving it out keeps nothing consistent."""

    def __init__(self, engines: Engines, transaction: Transaction, mimei: Mimei) -> None:
        super().__init__(engines, transaction, mimei)
        self.transaction = transaction
        self._tick = mimei.row.tick + 1
        self._bytes = mimei.row.size_bytes
        self._entries = mimei.row.entries
        self._dirty = mimei.row.dirty
        self.touched = False
        """Whether anything was changed."""

    def refuse_pinned(self, target: MimeiId) -> None:
        """Refuse a reference to a version where either side is private. Raises: PrivateUnsupported.

        Its blocks would have to be sealed again for the other side, or to stand there in the clear.
        """
        if self.mimei.is_private:
            raise PrivateUnsupported(self.mimei.id, f"a reference to a version of {id_text(target)}")
        if is_private(self.engines, self.transaction, target):
            raise PrivateUnsupported(target, f"a reference from {self.mimei.genesis.id_text} to a version of it")

    def put(self, key: bytes, value: bytes, *, resolve: bool = False) -> None:
        """Set the entry at `key`. With `resolve`, it counts as a change even where the value is the same."""
        self._set(key, value, force=resolve)

    def delete(self, key: bytes) -> bool:
        """Remove the entry at `key`; tell whether there was one."""
        return self._set(key, None, force=False)

    def discard(self) -> None:
        """Take back every change over what is below."""
        for key in [key for key, _, _ in self.changes()]:
            self._set(key, self.base(key), force=False)
            self.transaction.delete(self._prefix + key)
        self._dirty = 0

    def settle(self, saved: Mapping[bytes, int]) -> None:
        """Clear the changes that a backup saved, each with its tick; one that was changed since stays unsaved."""
        for key, tick in saved.items():
            stored_key = self._prefix + key
            stored = self.transaction.get(stored_key)
            if stored is None:
                # Meanwhile it was changed back to what the version before has, which the new one has not.
                self.transaction.put(stored_key, tables.u64(self._tick) + (self.base(key) or b""))
                self._dirty += 1
            elif tables.read_u64(stored) == tick:
                self.transaction.delete(stored_key)
                self._dirty -= 1

    def refresh(self, key: bytes, value: bytes | None) -> None:
        """Take in what stands at `key` of what `cur`, which has no changes, will stand on."""
        index_entry(self.transaction, self.mimei.id, key, value)

    def has_changed(self, key: bytes) -> bool:
        """Tell whether an entry was changed over what is below."""
        return self.transaction.get(self._prefix + key) is not None

    def has_changed_within(self, start: bytes, stop: bytes) -> bool:
        """Tell whether an entry with `start <= key < stop` was changed over what is below."""
        return next(self._changes(start, stop), None) is not None

    def count(self, key: bytes, before: bytes | None, after: bytes | None) -> None:
        """Count a change of what is below."""
        self._bytes += weight(key, after) - weight(key, before)
        self._entries += (after is not None) - (before is not None)

    def _set(self, key: bytes, value: bytes | None, *, force: bool) -> bool:
        stored_key = self._prefix + key
        stored = self.transaction.get(stored_key)
        held = self.base(key)
        before = held if stored is None else stored[_TICK:] or None
        if before == value and not force:
            return before is not None
        self.touched = True
        self._bytes += weight(key, value) - weight(key, before)
        self._entries += (value is not None) - (before is not None)
        if value == held and not force:
            self._dirty -= self.transaction.delete(stored_key)
        else:
            self._dirty += stored is None
            self.transaction.put(stored_key, tables.u64(self._tick) + (value or b""))
        index_entry(self.transaction, self.mimei.id, key, value)
        return before is not None

    def save(self) -> None:
        """Check the quota and write the row. Raises: QuotaReached."""
        row = self.mimei.row
        quota = self.mimei.control.quota
        if quota is not None and self._bytes > quota and self._bytes > row.size_bytes:
            raise QuotaReached(self.mimei.genesis.id_text, self._bytes, quota)
        save(self.transaction, self.mimei.id, self.row())

    def row(self) -> Holding:
        """Return the MiMei's row with the counters as they are now."""
        return msgspec.structs.replace(
            self.mimei.row,
            tick=self._tick,
            size_bytes=self._bytes,
            entries=self._entries,
            dirty=self._dirty,
        )


def weight(key: bytes, value: bytes | None) -> int:
    """Return what an entry counts against the quota: a file its size, anything else its bytes."""
    if value is None:
        return 0
    if key[:1] == PATH_TYPE:
        return decode_path_entry(value).size_bytes
    return len(key) + len(value)
