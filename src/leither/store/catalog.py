"""Where each durable block is: the index, and in memory what it does not know yet."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator

from leither import limits
from leither.store.disk import Disk
from leither.store.frame import Place
from leither.store.pack_index import IndexChange, PackIndex


class Catalog:
    """Places of blocks. `lock` is the store's; who changes anything holds it. Reading needs none."""

    def __init__(self, index: PackIndex, disk: Disk, lock: threading.Lock) -> None:
        self.lock = lock
        self.sizes: dict[int, int] = {}
        """Bytes of each pack that hold durable frames; what is said to lie beyond is lost."""
        self.known_to = index.known_to()
        """Every frame before this position is in here; the writer moves it."""
        self.blocks = index.blocks()
        self.damaged: dict[bytes, Place] = {}
        """Blocks found not to match their hash, until they are stored again."""
        self._index = index
        self._disk = disk
        self._pending: dict[bytes, Place] = {}
        self._unindexed_bytes = 0
        self._changed_packs: set[int] = set()
        self._forgotten: set[int] = set()

    def look(self, digest: bytes) -> Place | None:
        """Return what is known of `digest`, also if it is dropped or damaged. Raises: lmdb.Error."""
        # Pending entries are removed only after the index has them, so this order never misses one.
        return self._pending.get(digest) or self._index.find(digest)

    def find(self, digest: bytes) -> Place | None:
        """Return where the block can be read, or None."""
        place = self.look(digest)
        while place is not None and place.end > self.sizes.get(place.pack, 0):
            before, place = place, self.look(digest)  # lost, or it moved between the two looks
            if place == before:
                return None
        if place is None or place.dropped:
            return None
        return None if self.damaged and self.damaged.get(digest) == place else place

    def lost(self, digest: bytes) -> Place | None:
        """Return where the block should be and can't be read, or None."""
        place = self.look(digest)
        if place is None or place.dropped:
            return self.damaged.get(digest)
        return place if self.find(digest) is None else None

    def record(self, digest: bytes, place: Place, *, new: bool = False) -> None:
        """Note that a durable frame holds `digest`. `new`: it is known that nothing was known of it."""
        before = None if new else self.look(digest)
        if before is None or before.dropped:
            self.blocks += 1
        self._pending[digest] = place
        self.damaged.pop(digest, None)

    def drop(self, digest: bytes, place: Place) -> None:
        """Note that the block at `place` is garbage."""
        self._pending[digest] = place._replace(dropped=True)
        self.damaged.pop(digest, None)
        self.blocks -= 1

    def grow(self, pack: int, size_bytes: int) -> None:
        """Note that `pack` is durable up to `size_bytes`."""
        self._unindexed_bytes += size_bytes - self.sizes.get(pack, 0)
        self.sizes[pack] = size_bytes
        self._changed_packs.add(pack)

    def forget(self, pack: int) -> None:
        """Note that `pack` is deleted."""
        self.sizes.pop(pack, None)
        self._changed_packs.discard(pack)
        self._forgotten.add(pack)

    @property
    def pending_blocks(self) -> int:
        """Entries the index does not have yet."""
        return len(self._pending)

    @property
    def commit_is_due(self) -> bool:
        """Tell whether enough waits for the index to be written."""
        return len(self._pending) >= limits.INDEX_PENDING_MAX or self._unindexed_bytes >= limits.INDEX_PENDING_BYTES_MAX

    def commit(self, retired: Iterable[int] = ()) -> None:
        """Write what waits to the index; `retired` packs are deleted next. Raises: lmdb.Error, OSError."""
        with self.lock:
            places = dict(self._pending)
            packs, forgotten = self._changed_packs, self._forgotten
            unindexed_bytes = self._unindexed_bytes
            sizes = {pack: self.sizes[pack] for pack in packs}
            change = IndexChange(places, self.known_to, self.blocks, sizes, tuple(retired), tuple(forgotten))
            self._changed_packs, self._forgotten = set(), set()
        try:
            self._index.commit(change, self._disk)
        except BaseException:
            with self.lock:
                self._changed_packs |= packs & self.sizes.keys()
                self._forgotten |= forgotten
            raise
        with self.lock:
            self._unindexed_bytes -= unindexed_bytes
            for digest, place in places.items():
                if self._pending.get(digest) is place:
                    del self._pending[digest]

    def entries(self) -> Iterator[tuple[bytes, Place]]:
        """Iterate over what is known, dropped entries too, in no order."""
        with self.lock:
            pending = dict(self._pending)
        yield from pending.items()
        for digest, place in self._index.entries():
            if digest not in pending:
                yield digest, self._pending.get(digest, place)

    def close(self) -> None:
        """Release the index."""
        self._index.close()
