"""The one thread that appends to packs: group commit with backpressure.

Blocks queue up until a chunk is full or somebody waits for durability; then they are written one after the other and,
with one fdatasync for all who wait, become durable together. When the disk refuses, what was torn is cut off again and
every lease with a block in it hears so; the next block starts afresh.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future

import lmdb

from leither import limits
from leither.errors import LeitherError
from leither.store.catalog import Catalog
from leither.store.disk import Disk, StoreBroken, storage_error
from leither.store.frame import FRAME_HEADER_BYTES, PACK_HEADER_BYTES, Place, frame_header, pack_header
from leither.store.lock import StoreClosed
from leither.store.pack_file import PackFile, PackFiles
from leither.store.pack_index import Position

_CHUNK_BYTES = 1 * limits.MIB
_PIECES_MAX = 1000


class Waiter:
    """Who waits for blocks to be durable: the last one it depends on, and what went wrong."""

    __slots__ = ("error", "last")

    def __init__(self) -> None:
        self.last = 0
        self.error: LeitherError | None = None


class Item:
    """A block on its way into a pack. `data` is dropped once it can be read from `place`."""

    __slots__ = ("codec", "data", "digest", "length", "new", "place", "sequence", "waiters")

    def __init__(self, digest: bytes, codec: int, data: bytes, sequence: int, waiter: Waiter, *, new: bool) -> None:
        self.digest = digest
        self.codec = codec
        self.data: bytes | None = data
        self.length = len(data)
        self.sequence = sequence
        self.new = new
        self.place: Place | None = None
        self.waiters = [waiter]


class PackWriter:
    """Appends blocks to the active pack. `lock` guards everything others see; the file is the thread's alone."""

    def __init__(self, files: PackFiles, catalog: Catalog, disk: Disk, *, pack_bytes_max: int, number: int) -> None:
        """`number` is that of the next pack to create. Call `resume` to go on with an existing one, then `start`."""
        self.lock = catalog.lock
        self.inflight: dict[bytes, Item] = {}
        """Blocks put and not yet durable. Reading needs no lock."""
        self.broken: LeitherError | None = None
        """Set when the thread died; nothing can be stored any more."""
        self.index_error: LeitherError | None = None
        """Why the index could not be written when it was last due."""
        self._files = files
        self._catalog = catalog
        self._disk = disk
        self._pack_bytes_max = pack_bytes_max
        self._next_number = number
        self._where = str(files.directory)
        self._wake = threading.Condition(self.lock)
        self._room = threading.Condition(self.lock)
        self._progress = threading.Condition(self.lock)
        self._queue: deque[Item] = deque()
        self._queue_bytes = 0
        self._sequence = 0
        self._wanted = 0  # somebody waits for blocks up to this sequence number
        self._settled = 0  # blocks up to this one are durable or refused
        self._commands: deque[tuple[Callable[[], None], Future[None]]] = deque()
        self._closing = False
        # The thread's own:
        self._pack: PackFile | None = None
        self._end = 0
        self._handled = 0  # sequence number of the last block written or refused
        self._unsynced: list[Item] = []
        self._unsynced_bytes = 0
        self._thread = threading.Thread(target=self._run, name="leither-packs", daemon=True)

    def resume(self, pack: PackFile, end: int) -> None:
        """Append to `pack` after its `end`. Before `start`."""
        self._pack = pack
        self._end = end

    def start(self) -> None:
        """Begin to work."""
        self._thread.start()

    # What callers do. All but `run` and `close` with the lock held.

    def is_full(self) -> bool:
        """Tell whether a put must wait."""
        return self._queue_bytes >= limits.PUT_QUEUE_BYTES_MAX or len(self._queue) >= limits.PUT_QUEUE_BLOCKS_MAX

    def wait_for_room(self) -> None:
        """Wait until `is_full` may have changed."""
        self._wake.notify()
        self._room.wait()

    def enqueue(self, digest: bytes, codec: int, data: bytes, waiter: Waiter, *, new: bool) -> None:
        """Queue a block that is not in flight. `new`: the catalog knows nothing of it, not even that it was dropped."""
        self._sequence += 1
        item = Item(digest, codec, data, self._sequence, waiter, new=new)
        self.inflight[digest] = item
        self._queue.append(item)
        self._queue_bytes += item.length + FRAME_HEADER_BYTES
        waiter.last = item.sequence
        if self._queue_bytes >= _CHUNK_BYTES:
            self._wake.notify()

    def join(self, item: Item, waiter: Waiter) -> None:
        """Make `waiter` depend on a block that is in flight already."""
        if waiter not in item.waiters:
            item.waiters.append(waiter)
        waiter.last = max(waiter.last, item.sequence)

    def wait(self, waiter: Waiter) -> None:
        """Return once all that `waiter` depends on is durable. Raises: StoreFull, StoreBroken."""
        while waiter.error is None and self._settled < waiter.last:
            if self.broken is not None:
                raise self.broken
            self._wanted = max(self._wanted, waiter.last)
            self._wake.notify()
            self._progress.wait()
        if waiter.error is not None:
            raise waiter.error

    def run(self, command: Callable[[], None]) -> None:
        """Run `command` in the thread, after everything queued so far is durable."""
        future: Future[None] = Future()
        with self.lock:
            if self.broken is not None:
                raise self.broken
            self._commands.append((command, future))
            self._wake.notify()
        future.result()

    def close(self) -> None:
        """Make durable what is queued, and stop. Idempotent."""
        with self.lock:
            self._closing = True
            self._wake.notify()
        self._thread.join()
        with self.lock:
            self.broken = self.broken or StoreClosed(self._where)
            self._progress.notify_all()
            self._room.notify_all()

    # What the thread does.

    def _run(self) -> None:
        try:
            while self._step():
                pass
        except BaseException as error:  # nothing may wait for ever on a thread that is gone
            self._break(error)

    def _step(self) -> bool:
        """Do one round of work; False when it is time to stop."""
        with self.lock:
            while not (
                self._commands
                or self._closing
                or self._queue_bytes >= _CHUNK_BYTES
                or len(self._queue) >= limits.PUT_QUEUE_BLOCKS_MAX
                or self._wanted > self._settled
            ):
                self._wake.wait()
            items = list(self._queue)
            self._queue.clear()
            self._queue_bytes = 0
            commands = list(self._commands)
            self._commands.clear()
            stop = self._closing and not items and not commands
            sync = bool(commands) or self._closing or self._wanted > self._settled
            self._room.notify_all()
        self._write(items)
        many = len(self._unsynced) >= limits.INDEX_PENDING_MAX
        if sync or many or self._unsynced_bytes >= limits.PACK_UNSYNCED_BYTES_MAX:
            self._sync()
        self._commit_if_due(final=stop)
        for command, future in commands:
            try:
                command()
                future.set_result(None)
            except (OSError, lmdb.Error) as error:
                future.set_exception(storage_error(self._where, error))
            except BaseException as error:  # raised where it was asked for
                future.set_exception(error)
        return not stop

    def _write(self, items: list[Item]) -> None:
        """Append `items`; those the disk refuses are told so."""
        done = 0
        try:
            while done < len(items):
                done += self._write_chunk(items, done)
        except OSError as error:
            self._cut_back(self._end)
            self._sync()
            self._refuse(items[done:], error)
            with self.lock:
                self._settled = self._handled = items[-1].sequence
                self._progress.notify_all()

    def _write_chunk(self, items: list[Item], first: int) -> int:
        """Write some items from `first` on with one call and return how many. Raises: OSError."""
        pack = self._pack
        if pack is None or self._end + FRAME_HEADER_BYTES + items[first].length > self._pack_bytes_max:
            pack = self._next_pack()
        pieces: list[bytes] = []
        places: list[Place] = []
        end = self._end
        for item in items[first : first + _PIECES_MAX // 2]:
            after = end + FRAME_HEADER_BYTES + item.length
            if places and (after > self._pack_bytes_max or end - self._end >= _CHUNK_BYTES):
                break
            pieces.append(frame_header(pack.number, end, item.codec, item.digest, item.length))
            pieces.append(item.data or b"")
            places.append(Place(pack.number, end, item.length, item.codec))
            end = after
        self._disk.write(pack.fd, pieces, self._end)
        self._unsynced_bytes += end - self._end
        self._end = end
        for item, place in zip(items[first:], places, strict=False):
            item.place = place
            item.data = None
            self._unsynced.append(item)
            self._handled = item.sequence
        return len(places)

    def _next_pack(self) -> PackFile:
        """Seal the active pack and create the next. Raises: OSError."""
        self.seal()
        number = self._next_number
        self._next_number += 1
        path = self._files.path(number)
        pack = PackFile(number, self._disk.create(path))
        try:
            self._disk.write(pack.fd, [pack_header(number)], 0)
            self._disk.sync(pack.fd)
            self._disk.sync_directory(self._files.directory)
        except OSError:
            self._disk.delete(path)
            raise
        self._files.add(pack)
        self._pack = pack
        self._end = PACK_HEADER_BYTES
        with self.lock:
            self._catalog.grow(number, PACK_HEADER_BYTES)
            self._catalog.known_to = Position(number, PACK_HEADER_BYTES)
        return pack

    def seal(self) -> None:
        """Make the active pack durable and begin a new one with the next block. In the thread only."""
        self._sync()
        self._pack = None

    def _sync(self) -> None:
        """Make durable what is written, and tell who waits."""
        pack = self._pack
        if pack is not None and self._unsynced:
            try:
                self._disk.sync(pack.fd)
            except OSError as error:
                # What the kernel still holds of this file can't be known: cut it back and use another.
                refused, self._unsynced = self._unsynced, []
                self._cut_back(self._catalog.sizes[pack.number])
                self._pack = None
                self._refuse(refused, error)
        with self.lock:
            self._settle(self._unsynced)
        self._unsynced = []
        self._unsynced_bytes = 0

    def _settle(self, items: list[Item]) -> None:
        """Enter durable items in the catalog and let waiters go. With the lock held."""
        if self._pack is not None:
            self._catalog.grow(self._pack.number, self._end)
            self._catalog.known_to = Position(self._pack.number, self._end)
        for item in items:
            # In this order a reader, who takes no lock, finds the block at every moment.
            if item.place is not None:
                self._catalog.record(item.digest, item.place, new=item.new)
            del self.inflight[item.digest]
        self._settled = self._handled
        self._progress.notify_all()

    def _refuse(self, items: list[Item], error: OSError) -> None:
        """Tell everyone with a block among `items` that it is not stored."""
        with self.lock:
            for item in items:
                del self.inflight[item.digest]
                for waiter in item.waiters:
                    waiter.error = storage_error(self._where, error)
            self._room.notify_all()
            self._progress.notify_all()

    def _cut_back(self, end: int) -> None:
        """Remove what a failed write may have left after `end`; where that fails too, leave the pack behind."""
        if self._pack is None:
            return
        try:
            self._disk.truncate(self._pack.fd, end)
            self._end = end
        except OSError:
            self._pack = None

    def _commit_if_due(self, *, final: bool) -> None:
        """Write the index when enough waits. A full disk only delays that: the packs have it all."""
        if not (self._catalog.commit_is_due or final):
            return
        try:
            self._catalog.commit()
        except (OSError, lmdb.Error) as error:
            self.index_error = storage_error(self._where, error)
        else:
            self.index_error = None

    def _break(self, error: BaseException) -> None:
        with self.lock:
            self.broken = StoreBroken(self._where, f"the writer stopped: {error!r}")
            self.broken.__cause__ = error
            for _, future in self._commands:
                future.set_exception(self.broken)
            self._progress.notify_all()
            self._room.notify_all()
