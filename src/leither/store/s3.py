"""Blocks in an S3-compatible object store, one object a block.

An object's key is `<prefix><digest in base32>.<codec in hex>`. Objects are created only if absent and never changed,
so a put that is repeated, or that two nodes do at once, does no harm.

Sweeping is safe for a single node: leases live in its memory. Where a second node writes to the same prefix, nothing
in its leases is known here; `sweep_age_s` then keeps whatever is younger, by the store's own clock, and must exceed
the longest lease.
"""

from __future__ import annotations

import threading
from base64 import b32decode, b32encode
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import S3Store

from leither import limits
from leither.codec import Block, BlockMismatch, BlockMissing, BlockTooLarge, Cid
from leither.codec.cid import CODECS
from leither.errors import PeerError
from leither.ports import BlockStats, Checked, Fault, Reclaimed
from leither.store.lease_book import LeaseBook
from leither.store.lock import StoreClosed

if TYPE_CHECKING:
    from obstore.store import ObjectStore

_CLOCK_NAME = "clock"
_LIST_PAGE = 1000


class RemoteStoreError(PeerError):
    """The object store refused, or did not answer in time."""

    code = "remote-store"

    def __init__(self, where: str, reason: str) -> None:
        self.where = where
        self.reason = reason[:300]
        super().__init__(
            f"object store failed at {where}: {self.reason}; check its address, credentials and network, and try again"
        )


def open_s3(bucket: str, *, endpoint: str, region: str, access_key: str, secret_key: str) -> S3Store:
    """Return a bucket with bounded time and retries. Plain HTTP is used if the endpoint says so."""
    seconds = timedelta(seconds=limits.REMOTE_TIMEOUT_S)
    return S3Store(
        bucket,
        endpoint=endpoint,
        region=region,
        access_key_id=access_key,
        secret_access_key=secret_key,
        virtual_hosted_style_request=False,
        client_options={
            "allow_http": endpoint.startswith("http://"),
            "timeout": seconds,
            "connect_timeout": seconds,
        },
        retry_config={"max_retries": limits.REMOTE_RETRIES_MAX, "retry_timeout": seconds},
    )


class S3Lease:
    """A stretch of work on an `S3Blocks`. Once a flush failed the lease is spent."""

    __slots__ = ("_blocks", "error", "touched", "waiting")

    def __init__(self, blocks: S3Blocks, touched: set[bytes]) -> None:
        self._blocks = blocks
        self.touched = touched
        self.waiting: set[Future[None]] = set()
        self.error: RemoteStoreError | None = None

    def put(self, block: Block) -> None:
        """Send `block`; waits while too many requests are under way. Raises: BlockTooLarge, RemoteStoreError."""
        self._blocks.put(self, block)

    def hold(self, cid: Cid) -> bool:
        """Protect a stored block; tell whether it is stored. Cost: up to three requests. Raises: RemoteStoreError."""
        return self._blocks.hold(self, cid)

    def put_many(self, blocks: Iterable[Block]) -> None:
        """Send several blocks."""
        for block in blocks:
            self._blocks.put(self, block)

    def note(self, error: BaseException | None) -> None:
        """Remember why a put failed."""
        if error is not None and self.error is None:
            self.error = error if isinstance(error, RemoteStoreError) else RemoteStoreError("a put", repr(error))

    def flush(self) -> None:
        """Return once all that was put is stored. Raises: RemoteStoreError."""
        for future in tuple(self.waiting):
            self.note(future.exception())
        if self.error is not None:
            raise self.error


class S3Blocks:
    """`Blocks` in an object store: S3 or any other that obstore speaks to. Thread-safe."""

    def __init__(self, store: ObjectStore, *, prefix: str = "blocks/", sweep_age_s: float) -> None:
        """Use `store` under `prefix`. A sweep keeps what is younger than `sweep_age_s`; 0 if no other node writes."""
        self._store = store
        self._prefix = prefix
        self._sweep_age_s = sweep_age_s
        self._mutex = threading.Lock()
        self._deleted = threading.Condition(self._mutex)
        self._deleting: set[bytes] = set()
        self._sending: dict[bytes, Block] = {}
        self._stats: tuple[int, int] | None = None
        self._sweeping = threading.Lock()
        self._leases = LeaseBook()
        self._room = threading.BoundedSemaphore(2 * limits.REMOTE_REQUESTS_MAX)
        self._pool = ThreadPoolExecutor(limits.REMOTE_REQUESTS_MAX, "leither-s3")
        self._closed = False

    def get(self, cid: Cid) -> bytes:
        """Return the block's bytes, checked. Raises: BlockMissing, BlockMismatch, RemoteStoreError.

        Cost: one request; up to three if it was stored under another codec.
        """
        self._refuse_closed()
        sending = self._sending.get(cid.digest)
        if sending is not None:
            return sending.data
        for key in self._keys(cid):
            try:
                data = bytes(obstore.get(self._store, key).bytes())
            except FileNotFoundError:
                continue
            except BaseError as error:
                raise RemoteStoreError(key, str(error)) from error
            if not cid.matches(data):
                raise BlockMismatch(cid, key)
            return data
        raise BlockMissing(cid)

    def has(self, cid: Cid) -> bool:
        """Tell whether the block is stored. Cost: up to three requests. Raises: RemoteStoreError."""
        return self._find_size(cid) is not None

    def size_bytes(self, cid: Cid) -> int:
        """Return the block's length. Cost: up to three requests. Raises: BlockMissing, RemoteStoreError."""
        size = self._find_size(cid)
        if size is None:
            raise BlockMissing(cid)
        return size

    @contextmanager
    def lease(self) -> Iterator[S3Lease]:
        """Open a lease; flushed when left without an error."""
        self._refuse_closed()
        with self._mutex:
            lease = S3Lease(self, self._leases.begin())
        try:
            yield lease
            lease.flush()
        finally:
            for future in tuple(lease.waiting):
                future.exception()
            with self._mutex:
                self._leases.end(lease.touched)

    def put(self, lease: S3Lease, block: Block) -> None:
        """Send `block` for `lease`."""
        self._refuse_closed()
        if len(block.data) > limits.BLOCK_BYTES_MAX:
            raise BlockTooLarge(len(block.data))
        if lease.error is not None:
            raise lease.error
        self._room.acquire()
        with self._mutex:
            self._leases.touch(lease.touched, block.cid.digest)
            self._sending[block.cid.digest] = block
        future = self._pool.submit(self._send, block)
        lease.waiting.add(future)
        future.add_done_callback(lambda done: self._sent(lease, block, done))

    def hold(self, lease: S3Lease, cid: Cid) -> bool:
        """Protect a stored block for `lease`; tell whether it is stored."""
        self._refuse_closed()
        # Noted first, so that it can't be judged between the question and the note.
        with self._mutex:
            self._leases.touch(lease.touched, cid.digest)
        with self._deleted:
            while cid.digest in self._deleting:
                self._deleted.wait()
        return self.has(cid)

    def _send(self, block: Block) -> None:
        digest = block.cid.digest
        with self._deleted:
            while digest in self._deleting:
                self._deleted.wait()
        key = self._key(block.cid.codec, digest)
        try:
            obstore.put(self._store, key, block.data, mode="create", use_multipart=False)
        except AlreadyExistsError:
            return
        except (BaseError, OSError) as error:
            raise RemoteStoreError(key, str(error)) from error
        with self._mutex:
            if self._stats is not None:
                self._stats = (self._stats[0] + 1, self._stats[1] + len(block.data))

    def _sent(self, lease: S3Lease, block: Block, done: Future[None]) -> None:
        error = done.exception()
        with self._mutex:
            if self._sending.get(block.cid.digest) is block:
                del self._sending[block.cid.digest]
            lease.note(error)
            lease.waiting.discard(done)
        self._room.release()

    def cids(self) -> Iterator[Cid]:
        """Iterate over what is stored. Raises: RemoteStoreError."""
        for codec, digest, _, _ in self._objects():
            yield Cid.from_digest(codec, digest)

    def sweep(self, mark: Callable[[], Iterable[Cid]], *, thorough: bool = False) -> Reclaimed:
        """Drop every block that `mark` does not name, no lease protects and no other node may just have stored.

        Cost: a listing, and a request for each dropped block. Raises: RemoteStoreError.
        """
        self._refuse_closed()
        with self._sweeping:
            with self._mutex:
                self._leases.begin_sweep()
            try:
                return self._sweep(mark)
            finally:
                with self._mutex:
                    self._leases.end_sweep()

    def _sweep(self, mark: Callable[[], Iterable[Cid]]) -> Reclaimed:
        newest = self._store_clock() - timedelta(seconds=self._sweep_age_s) if self._sweep_age_s else None
        marked = {cid.digest for cid in mark()}
        kept = dropped = before = after = 0
        for codec, digest, size, modified in self._objects():
            before += size
            young = newest is not None and modified >= newest
            if digest in marked or young or not self._drop(codec, digest):
                kept += 1
                after += size
            else:
                dropped += 1
        with self._mutex:
            self._stats = None
        return Reclaimed(kept, dropped, before, after)

    def _drop(self, codec: int, digest: bytes) -> bool:
        """Delete one object unless a lease protects it; who puts it meanwhile waits."""
        with self._mutex:
            if self._leases.protects(digest):
                return False
            self._deleting.add(digest)
        key = self._key(codec, digest)
        try:
            obstore.delete(self._store, key)
        except (BaseError, OSError) as error:
            raise RemoteStoreError(key, str(error)) from error
        finally:
            with self._deleted:
                self._deleting.discard(digest)
                self._deleted.notify_all()
        return True

    def _store_clock(self) -> datetime:
        """Return what time it is for the store, which stamps its objects by its own clock."""
        key = self._prefix + _CLOCK_NAME
        try:
            obstore.put(self._store, key, b"", use_multipart=False)
            return obstore.head(self._store, key)["last_modified"]
        except (BaseError, OSError) as error:
            raise RemoteStoreError(key, str(error)) from error

    def verify(self) -> Iterator[Fault | Checked]:
        """Read everything; yield what does not match its hash, and how far it is. Raises: RemoteStoreError."""
        for codec, digest, size_bytes, _ in self._objects():
            cid = Cid.from_digest(codec, digest)
            try:
                self.get(cid)
            except BlockMismatch as error:
                yield Fault(cid, error.where, "the block does not match its hash")
            except BlockMissing:
                continue  # swept meanwhile
            yield Checked(size_bytes)

    def stats(self) -> BlockStats:
        """Return counts and sizes. Cost: a listing the first time and after a sweep. Raises: RemoteStoreError."""
        self._refuse_closed()
        with self._mutex:
            known = self._stats
        if known is None:
            sizes = [size for _, _, size, _ in self._objects()]
            known = (len(sizes), sum(sizes))
            with self._mutex:
                self._stats = known
        return BlockStats(*known)

    def close(self) -> None:
        """Wait for what is under way and release. Idempotent."""
        self._closed = True
        self._pool.shutdown()

    def _find_size(self, cid: Cid) -> int | None:
        self._refuse_closed()
        sending = self._sending.get(cid.digest)
        if sending is not None:
            return len(sending.data)
        for key in self._keys(cid):
            try:
                return obstore.head(self._store, key)["size"]
            except FileNotFoundError:
                continue
            except BaseError as error:
                raise RemoteStoreError(key, str(error)) from error
        return None

    def _objects(self) -> Iterator[tuple[int, bytes, int, datetime]]:
        """Iterate over (codec, digest, size, time) of the blocks stored; other objects are passed over."""
        self._refuse_closed()
        try:
            for page in obstore.list(self._store, self._prefix or None, chunk_size=_LIST_PAGE):
                for entry in page:
                    name = _read_name(entry["path"].removeprefix(self._prefix))
                    if name is not None:
                        yield (*name, entry["size"], entry["last_modified"])
        except (BaseError, OSError) as error:
            raise RemoteStoreError(self._prefix, str(error)) from error

    def _key(self, codec: int, digest: bytes) -> str:
        return f"{self._prefix}{b32encode(digest).decode().rstrip('=').lower()}.{codec:02x}"

    def _keys(self, cid: Cid) -> list[str]:
        """Return the keys the block may stand under, the likeliest first."""
        codecs = sorted(CODECS, key=lambda codec: codec != cid.codec)
        return [self._key(codec, cid.digest) for codec in codecs]

    def _refuse_closed(self) -> None:
        if self._closed:
            raise StoreClosed(f"the object store {self._prefix}")


def _read_name(name: str) -> tuple[int, bytes] | None:
    """Return the codec and digest in an object's name, or None if it is not one of ours."""
    digest, dot, codec = name.partition(".")
    if len(digest) != 52 or not dot or len(codec) != 2:
        return None
    try:
        number, raw = int(codec, 16), b32decode(digest.upper() + "====")
    except ValueError:
        return None
    return (number, raw) if number in CODECS else None
