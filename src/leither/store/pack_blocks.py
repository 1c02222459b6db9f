"""Blocks in append-only pack files, with an index in LMDB."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path

import lmdb

from leither import limits
from leither.codec import Block, BlockMismatch, BlockMissing, BlockTooLarge, Cid
from leither.errors import LeitherError
from leither.ports import BlockStats, Checked, Fault, Reclaimed
from leither.store.disk import Disk, make_directory, storage_error
from leither.store.frame import FRAME_HEADER_BYTES, Place
from leither.store.lease_book import LeaseBook
from leither.store.lock import DirectoryLock, StoreClosed
from leither.store.pack_file import PackFiles
from leither.store.pack_open import Damage, PackOpening
from leither.store.pack_sweep import PackSweep
from leither.store.pack_verify import verify_packs
from leither.store.pack_writer import PackWriter, Waiter

_READ_TRIES = 5
_INDEX_LAG_MAX = 4 * limits.INDEX_PENDING_MAX


class PackLease:
    """A stretch of work on a `PackBlocks`. Once a flush failed the lease is spent: begin another and put again."""

    __slots__ = ("_blocks", "touched", "waiter")

    def __init__(self, blocks: PackBlocks, touched: set[bytes]) -> None:
        self._blocks = blocks
        self.touched = touched
        self.waiter = Waiter()

    def put(self, block: Block) -> None:
        """Store `block`, not yet durably; waits while the writer is behind. Raises: BlockTooLarge, StoreFull."""
        self._blocks.put(self, block)

    def hold(self, cid: Cid) -> bool:
        """Protect a stored block; tell whether it is stored."""
        return self._blocks.hold(self, cid)

    def put_many(self, blocks: Iterable[Block]) -> None:
        """Store several blocks, not yet durably."""
        for block in blocks:
            self._blocks.put(self, block)

    def flush(self) -> None:
        """Return once all that was put through this lease is durable. Raises: StoreFull, StoreBroken."""
        self._blocks.flush(self)


class PackBlocks:
    """`Blocks` in a directory of its own. Thread-safe. Don't fork while it is open."""

    def __init__(
        self, directory: Path, *, disk: Disk | None = None, pack_bytes_max: int = limits.PACK_BYTES_MAX
    ) -> None:
        """Open or create the store in `directory`.

        Raises: StoreInUse, PackVersionUnknown, StoreFull, StoreBroken.
        """
        self._directory = directory
        self._disk = disk or Disk()
        self._files = PackFiles(directory / "packs")
        self._mutex = threading.Lock()
        self._sweeping = threading.Lock()
        self._leases = LeaseBook()
        self._verified: set[bytes] = set()
        self._closed = False
        try:
            make_directory(self._files.directory)
            self._lock = DirectoryLock(directory)
        except OSError as error:
            raise storage_error(str(directory), error) from error
        try:
            opened = PackOpening(self._files, directory / "index", self._disk, self._mutex).open()
        except BaseException as error:
            self._files.close()
            self._lock.release()
            if isinstance(error, OSError | lmdb.Error):
                raise storage_error(str(directory), error) from error
            raise
        self.damage: tuple[Damage, ...] = opened.damage
        """What opening found amiss and dealt with."""
        self._catalog = opened.catalog
        self._writer = PackWriter(
            self._files, self._catalog, self._disk, pack_bytes_max=pack_bytes_max, number=opened.next_number
        )
        if opened.tail is not None:
            self._writer.resume(*opened.tail)
        self._writer.start()

    def get(self, cid: Cid) -> bytes:
        """Return the block's bytes. Raises: BlockMissing, BlockMismatch, StoreBroken.

        Cost: one lookup and one read; a SHA-256 of the block the first time it is read in this process.
        """
        self._refuse_closed()
        digest = cid.digest
        place: Place | None = None
        for _ in range(_READ_TRIES):
            item = self._writer.inflight.get(digest)
            waiting = item.data if item is not None else None
            if waiting is not None:
                return waiting
            place = item.place if item is not None else self._catalog.find(digest)
            if place is None:
                break
            data = self._read(place)
            if data is not None and self._is_right(digest, data):
                return data
            if item is None and data is not None and self._catalog.find(digest) == place:
                self._catalog.damaged[digest] = place
                break
            # The block moved to another pack, or its write was just undone: look again.
        lost = self._catalog.lost(digest) or place
        if lost is None:
            raise BlockMissing(cid)
        raise BlockMismatch(cid, lost.where)

    def _read(self, place: Place) -> bytes | None:
        """Return what stands at `place`, or None if the pack is gone. Raises: StoreBroken."""
        try:
            return self._files.get(place.pack).read(place.offset + FRAME_HEADER_BYTES, place.length)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise storage_error(place.where, error) from error

    def _is_right(self, digest: bytes, data: bytes) -> bool:
        if digest in self._verified:
            return True
        if hashlib.sha256(data).digest() != digest:
            return False
        if len(self._verified) >= limits.VERIFIED_BLOCKS_MAX:
            self._verified.clear()
        self._verified.add(digest)
        return True

    def has(self, cid: Cid) -> bool:
        """Tell whether the block is stored."""
        self._refuse_closed()
        digest = cid.digest
        return digest in self._writer.inflight or self._catalog.find(digest) is not None

    def size_bytes(self, cid: Cid) -> int:
        """Return the block's length without reading it. Raises: BlockMissing."""
        self._refuse_closed()
        digest = cid.digest
        item = self._writer.inflight.get(digest)
        if item is not None:
            return item.length
        place = self._catalog.find(digest)
        if place is None:
            raise BlockMissing(cid)
        return place.length

    @contextmanager
    def lease(self) -> Iterator[PackLease]:
        """Open a lease; flushed when left without an error."""
        self._refuse_closed()
        with self._mutex:
            lease = PackLease(self, self._leases.begin())
        try:
            yield lease
            lease.flush()
        finally:
            with self._mutex:
                self._leases.end(lease.touched)

    def put(self, lease: PackLease, block: Block) -> None:
        """Store `block` for `lease`."""
        self._refuse_closed()
        cid, data = block
        if len(data) > limits.BLOCK_BYTES_MAX:
            raise BlockTooLarge(len(data))
        digest = cid.digest
        writer, waiter = self._writer, lease.waiter
        with self._mutex:
            self._leases.touch(lease.touched, digest)
            while True:
                self._refuse_failed(waiter.error or writer.broken)
                item = writer.inflight.get(digest)
                if item is not None:
                    return writer.join(item, waiter)
                known = self._catalog.look(digest)
                if known is not None and self._catalog.find(digest) is not None:
                    return None
                if not writer.is_full():
                    break
                writer.wait_for_room()
            if self._catalog.pending_blocks >= _INDEX_LAG_MAX:
                self._refuse_failed(writer.index_error)
            return writer.enqueue(digest, cid.codec, data, waiter, new=known is None)

    def hold(self, lease: PackLease, cid: Cid) -> bool:
        """Protect a stored block for `lease`; tell whether it is stored. A flush waits if it is still being written."""
        self._refuse_closed()
        digest = cid.digest
        with self._mutex:
            item = self._writer.inflight.get(digest)
            if item is not None:
                self._writer.join(item, lease.waiter)
            elif self._catalog.find(digest) is None:
                return False
            self._leases.touch(lease.touched, digest)
            return True

    def flush(self, lease: PackLease) -> None:
        """Return once what `lease` put is durable."""
        with self._mutex:
            self._writer.wait(lease.waiter)

    def cids(self) -> Iterator[Cid]:
        """Iterate over what is stored and durable, in no order."""
        self._refuse_closed()
        for digest, place in self._catalog.entries():
            if not place.dropped:
                yield Cid.from_digest(place.codec, digest)

    def sweep(self, mark: Callable[[], Iterable[Cid]], *, thorough: bool = False) -> Reclaimed:
        """Drop every block that `mark` does not name and no lease protects, beside readers and writers.

        Packs of which less than limits.SWEEP_LIVE_PERCENT is live are written anew; with `thorough`, all that hold
        garbage. One sweep at a time. Cost: the headers of all frames, the live blocks of the packs written anew, and
        about 110 bytes of memory
        for each marked block. Raises: StoreFull: nothing could be reclaimed for want of room to copy.
        """
        self._refuse_closed()
        with self._sweeping:
            self._refuse_closed()
            return PackSweep(self._files, self._catalog, self._writer, self._leases, self._disk).run(
                mark, thorough=thorough
            )

    def verify(self) -> Iterator[Fault | Checked]:
        """Read everything durable; yield what is wrong with it, and how far it is."""
        self._refuse_closed()
        yield from verify_packs(self._files, self._catalog)

    def stats(self) -> BlockStats:
        """Return counts and sizes of what is durable."""
        with self._mutex:
            return BlockStats(self._catalog.blocks, sum(self._catalog.sizes.values()))

    def close(self) -> None:
        """Make durable what was put, write the index, release. Idempotent."""
        if self._closed:
            return
        self._closed = True
        with self._sweeping:
            self._writer.close()
            self._catalog.close()
            self._files.close()
            self._lock.release()

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed(str(self._directory))

    @staticmethod
    def _refuse_failed(error: LeitherError | None) -> None:
        if error is not None:
            raise error
