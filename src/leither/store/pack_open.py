"""Opening a directory of packs: finish deletions, cut off a torn tail, bring the index up to date or make it again."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

import lmdb

from leither import limits
from leither.store.catalog import Catalog
from leither.store.disk import Disk
from leither.store.frame import PACK_HEADER_BYTES, Place, pack_header_is_sound
from leither.store.lmdb_file import DATA_NAME, StateDamaged
from leither.store.pack_file import PackFile, PackFiles
from leither.store.pack_index import PackIndex, Position
from leither.store.pack_walk import Frame, Gap, walk

_INDEX_DAMAGE = (
    StateDamaged,
    lmdb.BadTxnError,
    lmdb.CorruptedError,
    lmdb.IncompatibleError,
    lmdb.InvalidError,
    lmdb.PageNotFoundError,
    lmdb.VersionMismatchError,
)
_NOTES_MAX = 1000


@dataclass(frozen=True, slots=True)
class Damage:
    """Something that was not as it should be when a store was opened."""

    where: str
    reason: str


@dataclass(frozen=True, slots=True)
class Opened:
    """What opening found. `tail`: the pack to go on with, and its end."""

    catalog: Catalog
    next_number: int
    tail: tuple[PackFile, int] | None
    damage: tuple[Damage, ...]


class PackOpening:
    """One opening of a directory of packs."""

    def __init__(self, files: PackFiles, index_directory: Path, disk: Disk, lock: threading.Lock) -> None:
        self._files = files
        self._index_directory = index_directory
        self._disk = disk
        self._lock = lock
        self._damage: list[Damage] = []
        self._tail: tuple[PackFile, int] | None = None

    def open(self) -> Opened:
        """Bring everything in order. Raises: PackVersionUnknown, OSError, lmdb.Error.

        Cost: reads what was written since the index was; the headers of everything if the index is made again.
        """
        try:
            catalog = self._bring_up_to_date(PackIndex(self._index_directory))
        except _INDEX_DAMAGE as error:
            self._tail = None
            self._note(str(self._index_directory), f"the index was made again from the packs: {error}")
            for name in (DATA_NAME, "lock.mdb"):
                self._disk.delete(self._index_directory / name)
            catalog = self._bring_up_to_date(PackIndex(self._index_directory))
        # A number is never used twice: the index might take the new pack for the old one.
        next_number = max([catalog.known_to.pack, *catalog.sizes, *self._files.numbers()]) + 1
        return Opened(catalog, next_number, self._tail, tuple(self._damage))

    def _note(self, where: str, reason: str) -> None:
        if len(self._damage) < _NOTES_MAX:
            self._damage.append(Damage(where, reason))

    def _bring_up_to_date(self, index: PackIndex) -> Catalog:
        try:
            catalog = Catalog(index, self._disk, self._lock)
            indexed, retired = index.packs()
            self._finish_deletions(catalog, retired)
            numbers = self._files.numbers()
            for number in sorted(indexed.keys() - set(numbers)):
                self._note(f"packs/{number}.pack", "the file is missing; its blocks are lost")
            known_to = catalog.known_to
            whole = known_to == Position(0, 0)
            for number in numbers:
                last = number == numbers[-1]
                if number < known_to.pack:
                    self._take_indexed(catalog, number, indexed.get(number))
                else:
                    start = known_to.offset if number == known_to.pack else PACK_HEADER_BYTES
                    self._scan(catalog, number, start, last=last, hashing=last or not whole)
        except BaseException:
            index.close()
            raise
        return catalog

    def _finish_deletions(self, catalog: Catalog, retired: list[int]) -> None:
        for number in retired:
            self._disk.delete(self._files.path(number))
        if retired:
            self._disk.sync_directory(self._files.directory)
        with self._lock:
            for number in retired:
                catalog.forget(number)

    def _take_indexed(self, catalog: Catalog, number: int, expected: int | None) -> None:
        """Enter a pack that was sealed and indexed."""
        size = self._files.get(number).size_bytes()
        if expected is not None and size < expected:
            self._note(f"packs/{number}.pack", f"it has {size:,} bytes where {expected:,} were written")
        catalog.sizes[number] = size if expected is None else min(size, expected)

    def _scan(self, catalog: Catalog, number: int, start: int, *, last: bool, hashing: bool) -> None:
        """Enter a pack from `start` on, where the index does not know it."""
        where = f"packs/{number}.pack"
        pack = self._files.get(number)
        size = pack.size_bytes()
        if size < PACK_HEADER_BYTES and last:  # its creation was cut short
            self._files.forget(number)
            self._disk.delete(self._files.path(number))
            return
        if not pack_header_is_sound(pack.read(0, PACK_HEADER_BYTES), number, where):
            self._note(where, "its header is damaged; its frames are used as far as they are right")
        if size < start:
            self._note(where, f"it has {size:,} bytes where {start:,} were written")
            catalog.sizes[number] = size
            return
        end, doubtful = self._enter_frames(catalog, pack, (start, size), hashing=hashing)
        if last:
            self._tail = (pack, end)
            if doubtful:
                self._disk.truncate(pack.fd, end)
                self._disk.sync(pack.fd)
                self._note(f"{where}:{end}", f"cut off a torn tail of {size - end:,} bytes")
        else:  # a pack is whole before the next one is begun, so this is no torn tail
            end = size
            for seen in doubtful:
                self._enter_damage(catalog, seen)
        with self._lock:
            catalog.grow(number, end)
            catalog.known_to = Position(number, end)

    def _enter_frames(
        self, catalog: Catalog, pack: PackFile, span: tuple[int, int], *, hashing: bool
    ) -> tuple[int, list[Frame | Gap]]:
        """Enter the frames in `span`; return where the last sound one ends, and what stands behind it."""
        sound_end, size = span
        doubtful: list[Frame | Gap] = []
        for seen in walk(pack, sound_end, size, hashing=hashing):
            if isinstance(seen, Gap) or not seen.sound:
                doubtful.append(seen)
                continue
            self._enter(catalog, seen.digest, seen.place)
            sound_end = seen.place.end
            for other in doubtful:
                self._enter_damage(catalog, other)
            doubtful.clear()
        return sound_end, doubtful

    def _enter(self, catalog: Catalog, digest: bytes, place: Place) -> None:
        with self._lock:
            catalog.record(digest, place)
            due = catalog.pending_blocks >= limits.INDEX_PENDING_MAX
            if due:
                catalog.grow(place.pack, place.end)
                catalog.known_to = Position(place.pack, place.end)
        if due:
            catalog.commit()

    def _enter_damage(self, catalog: Catalog, seen: Frame | Gap) -> None:
        if isinstance(seen, Gap):
            self._note(seen.where, f"{seen.end - seen.start:,} bytes are damaged")
            return
        self._note(seen.place.where, "a block does not match its hash")
        if catalog.find(seen.digest) is None:
            catalog.damaged[seen.digest] = seen.place
