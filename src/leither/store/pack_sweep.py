"""Reclaiming packs: drop what is not marked, write anew what is mostly garbage, beside readers and writers."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from leither import limits
from leither.codec import Cid
from leither.errors import LeitherError
from leither.ports import Reclaimed
from leither.store.catalog import Catalog
from leither.store.disk import Disk, StoreFull
from leither.store.frame import FRAME_HEADER_BYTES, PACK_HEADER_BYTES, Place
from leither.store.lease_book import LeaseBook
from leither.store.pack_file import PackFiles
from leither.store.pack_walk import Gap, walk
from leither.store.pack_writer import PackWriter, Waiter

_GROUP = 1024
_SMALL_PACK_BYTES = limits.PACK_BYTES_MAX // 8


@dataclass(frozen=True, slots=True)
class _Judged:
    """A sealed pack after its garbage was dropped."""

    number: int
    live_bytes: int
    size_bytes: int

    def is_worn(self, live_percent: int) -> bool:
        empty = self.live_bytes == PACK_HEADER_BYTES
        return empty or self.live_bytes * 100 < self.size_bytes * live_percent


class PackSweep:
    """One sweep.

    The order that makes it safe: note what leases touch; seal the active pack; only then ask for the marks. A block is
    dropped under the lock, and only if nobody touched it since; who stores it afterwards writes it anew. Live blocks
    are copied and durable before one index commit moves them and names the pack to delete, and the file goes last.
    """

    def __init__(self, files: PackFiles, catalog: Catalog, writer: PackWriter, leases: LeaseBook, disk: Disk) -> None:
        self._files = files
        self._catalog = catalog
        self._writer = writer
        self._leases = leases
        self._disk = disk
        self._dropped = 0

    def run(self, mark: Callable[[], Iterable[Cid]], *, thorough: bool) -> Reclaimed:
        """Sweep; `thorough`: every pack that holds garbage. Raises: StoreFull, StoreBroken, and what `mark` raises."""
        with self._catalog.lock:
            self._leases.begin_sweep()
        try:
            sealed: dict[int, int] = {}

            def seal() -> None:
                self._writer.seal()
                # In the writer's thread: an instant later there may be a new active pack, which is not to be judged.
                with self._catalog.lock:
                    sealed.update(self._catalog.sizes)

            self._writer.run(seal)
            marked = {cid.digest for cid in mark()}
            judged = [self._judge(number, size, marked) for number, size in sealed.items()]
            del marked
            full = self._rewrite(judged, 100 if thorough else limits.SWEEP_LIVE_PERCENT)
            try:
                self._writer.run(self._catalog.commit)
            except StoreFull as error:  # what was dropped is dropped in memory, and the packs have the rest
                full = full or error
        finally:
            with self._catalog.lock:
                self._leases.end_sweep()
        with self._catalog.lock:
            after = sum(self._catalog.sizes.values())
            kept = self._catalog.blocks
        before = sum(sealed.values())
        if full is not None and after >= before:
            raise full
        return Reclaimed(kept, self._dropped, before, after)

    def _judge(self, number: int, size_bytes: int, marked: set[bytes]) -> _Judged:
        """Drop the garbage of a pack and measure what is live."""
        live_bytes = PACK_HEADER_BYTES
        for group in self._groups(number, size_bytes):
            garbage = [(digest, place) for digest, place in group if digest not in marked]
            live_bytes += sum(_frame_bytes(place) for _, place in group)
            with self._catalog.lock:
                for digest, place in garbage:
                    if not self._leases.protects(digest) and self._catalog.look(digest) == place:
                        self._catalog.drop(digest, place)
                        self._dropped += 1
                        live_bytes -= _frame_bytes(place)
            if self._catalog.commit_is_due:
                self._writer.run(self._catalog.commit)
        return _Judged(number, live_bytes, size_bytes)

    def _groups(self, number: int, size_bytes: int) -> Iterator[list[tuple[bytes, Place]]]:
        """Yield the blocks whose place is in this pack, some at a time."""
        group: list[tuple[bytes, Place]] = []
        for digest, place in self._blocks_in(number, size_bytes):
            if self._catalog.look(digest) == place:
                group.append((digest, place))
            if len(group) == _GROUP:
                yield group
                group = []
        if group:
            yield group

    def _blocks_in(self, number: int, size_bytes: int) -> Iterator[tuple[bytes, Place]]:
        try:
            pack = self._files.get(number)
        except FileNotFoundError:
            return
        gaps: list[Gap] = []
        for found in walk(pack, PACK_HEADER_BYTES, size_bytes, hashing=False):
            if isinstance(found, Gap):
                gaps.append(found)
            else:
                yield found.digest, found.place
        if gaps:  # behind a damaged header there may be a block that the index still finds
            for digest, place in self._catalog.entries():
                if place.pack == number and any(gap.start <= place.offset < gap.end for gap in gaps):
                    yield digest, place

    def _rewrite(self, judged: list[_Judged], live_percent: int) -> StoreFull | None:
        """Write anew the packs that pay, the emptiest first; return why it stopped if room ran out."""
        small = [pack for pack in judged if pack.size_bytes < _SMALL_PACK_BYTES]
        chosen = {pack.number: pack for pack in judged if pack.is_worn(live_percent)}
        if len(small) > limits.SMALL_PACKS_MAX:
            chosen.update((pack.number, pack) for pack in small)
        for pack in sorted(chosen.values(), key=lambda pack: pack.live_bytes):
            try:
                # What is empty goes without a copy, so a sweep makes room on a full disk.
                if self._copy(pack):
                    self._delete(pack.number)
            except StoreFull as full:
                return full
        return None

    def _copy(self, pack: _Judged) -> bool:
        """Copy what is live in `pack` to the active one, durably; False if some of it can't be read."""
        waiter = Waiter()
        for group in self._groups(pack.number, pack.size_bytes):
            for digest, place in group:
                if place.dropped:
                    continue
                data = self._files.get(place.pack).read(place.offset + FRAME_HEADER_BYTES, place.length)
                if hashlib.sha256(data).digest() != digest:
                    with self._catalog.lock:
                        self._catalog.damaged[digest] = place
                    return False
                self._append(digest, place.codec, data, waiter)
        with self._catalog.lock:
            self._writer.wait(waiter)
        return True

    def _append(self, digest: bytes, codec: int, data: bytes, waiter: Waiter) -> None:
        writer = self._writer
        with self._catalog.lock:
            while writer.is_full() and writer.broken is None and waiter.error is None:
                writer.wait_for_room()
            error: LeitherError | None = waiter.error or writer.broken
            if error is not None:
                raise error
            item = writer.inflight.get(digest)
            if item is None:
                writer.enqueue(digest, codec, data, waiter, new=False)
            else:
                writer.join(item, waiter)

    def _delete(self, number: int) -> None:
        self._writer.run(lambda: self._catalog.commit(retired=[number]))
        path: Path = self._files.path(number)
        self._disk.delete(path)
        self._disk.sync_directory(self._files.directory)
        self._files.forget(number)
        with self._catalog.lock:
            self._catalog.forget(number)


def _frame_bytes(place: Place) -> int:
    return FRAME_HEADER_BYTES + place.length
