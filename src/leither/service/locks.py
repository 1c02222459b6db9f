"""Locks that WebDAV clients take on paths of `cur`. They stand in the state engine, so they outlive a restart.

They bind WebDAV clients among each other, as the protocol has it; other doors don't ask for them.
Source: RFC 4918 sections 6 and 7.
"""

from collections.abc import Iterator

import msgspec

from leither import limits
from leither.crypto import KeyId, MimeiId, id_text
from leither.errors import Conflict, LimitError
from leither.mimei.path import Path, after_subtree, key_path, path_key, path_text
from leither.ports import Transaction, View, prefix_end
from leither.service import tables

_BEFORE_TOKEN = b"\0\0"


class TooManyLocks(LimitError):
    """As many locks are out on a MiMei as there may be."""

    code = "too-many-locks"

    def __init__(self) -> None:
        super().__init__(f"{limits.LOCKS_MAX:,} locks are out, the limit for one MiMei; release some, or wait")


class LockConflict(Conflict):
    """Somebody else's lock stands in the way of a new one."""

    code = "lock-conflict"

    def __init__(self, path: Path) -> None:
        self.path = path_text(path)
        self._held = path
        super().__init__(f"{self.path or '/'!r} is locked already in a way that bars this lock; wait until it is free")

    @property
    def held(self) -> Path:
        """The path that is locked."""
        return self._held


class LockRow(msgspec.Struct, frozen=True, array_like=True):
    """A lock as stored.

    Fields: exclusive: no other lock may stand beside it. deep: it covers all under its path. owner: XML that its taker
    gave of itself. principal: who may use it. seconds: how long it holds from a refresh. expires_ms: when it ends.
    """

    exclusive: bool
    deep: bool
    owner: bytes
    principal: str
    seconds: int
    expires_ms: int


class Lock(msgspec.Struct, frozen=True):
    """A lock with its token and the path it stands on."""

    token: str
    path: Path
    row: LockRow

    def covers(self, path: Path) -> bool:
        """Tell whether `path` is under this lock."""
        return self.path == path or (self.row.deep and path[: len(self.path)] == self.path)


_DECODER = msgspec.msgpack.Decoder(LockRow)


class Locks:
    """The locks of one MiMei as a snapshot shows them at `now_ms`. What has expired does not show."""

    def __init__(self, view: View, mimei: MimeiId, now_ms: int) -> None:
        self._view = view
        self._prefix = tables.LOCKS + mimei
        self._now_ms = now_ms
        self._none = next(iter(view.scan(self._prefix, prefix_end(self._prefix))), None) is None

    def __iter__(self) -> Iterator[Lock]:
        return iter(()) if self._none else self._scan(self._prefix, prefix_end(self._prefix))

    def on(self, path: Path) -> list[Lock]:
        """Return the locks that stand on `path` itself."""
        if self._none:
            return []
        key = self._prefix + path_key(path) + _BEFORE_TOKEN
        return list(self._scan(key, prefix_end(key)))

    def covering(self, path: Path) -> list[Lock]:
        """Return the locks that `path` is under, from the root down. Cost: a seek a level."""
        if self._none:
            return []
        above = (path[:depth] for depth in range(len(path) + 1))
        return [lock for place in above for lock in self.on(place) if lock.covers(path)]

    def below(self, path: Path) -> list[Lock]:
        """Return the locks that stand on something under `path`."""
        if self._none:
            return []
        start = self._prefix + path_key(path)
        stop = self._prefix + after_subtree(path) if path else prefix_end(self._prefix)
        return [lock for lock in self._scan(start, stop) if len(lock.path) > len(path)]

    def _scan(self, start: bytes, stop: bytes | None) -> Iterator[Lock]:
        for key, value in self._view.scan(start, stop):
            row = _DECODER.decode(value)
            if row.expires_ms > self._now_ms:
                place, _, token = key[len(self._prefix) :].rpartition(_BEFORE_TOKEN)
                yield Lock(token.decode(), key_path(place), row)


def add_lock(transaction: Transaction, mimei: MimeiId, lock: Lock, now_ms: int) -> None:
    """Keep a new lock, unless one that stands is in its way. Raises: LockConflict, TooManyLocks."""
    _drop_expired(transaction, mimei, now_ms)
    locks = Locks(transaction, mimei, now_ms)
    met = locks.covering(lock.path)
    if lock.row.deep:
        met += locks.below(lock.path)
    for held in met:
        if held.row.exclusive or lock.row.exclusive:
            raise LockConflict(held.path)
    if sum(1 for _ in locks) >= limits.LOCKS_MAX:
        raise TooManyLocks
    _put(transaction, mimei, lock)


def refresh_lock(transaction: Transaction, mimei: MimeiId, lock: Lock, *, seconds: int, now_ms: int) -> Lock:
    """Make a lock hold for `seconds` from now, and return it as it is then."""
    row = msgspec.structs.replace(lock.row, seconds=seconds, expires_ms=now_ms + seconds * 1000)
    refreshed = Lock(lock.token, lock.path, row)
    _put(transaction, mimei, refreshed)
    return refreshed


def drop_lock(transaction: Transaction, mimei: MimeiId, lock: Lock) -> None:
    """End a lock."""
    transaction.delete(_key(mimei, lock))


def drop_locks(transaction: Transaction, mimei: MimeiId, path: Path, *, itself: bool, now_ms: int) -> None:
    """End the locks on everything under `path`, and with `itself` those on it too: what they were for is gone."""
    locks = Locks(transaction, mimei, now_ms)
    for lock in [*(locks.on(path) if itself else ()), *locks.below(path)]:
        drop_lock(transaction, mimei, lock)


def _put(transaction: Transaction, mimei: MimeiId, lock: Lock) -> None:
    transaction.put(_key(mimei, lock), msgspec.msgpack.encode(lock.row))


def _key(mimei: MimeiId, lock: Lock) -> bytes:
    return tables.LOCKS + mimei + path_key(lock.path) + _BEFORE_TOKEN + lock.token.encode()


def _drop_expired(transaction: Transaction, mimei: MimeiId, now_ms: int) -> None:
    prefix = tables.LOCKS + mimei
    for key, value in list(transaction.scan(prefix, prefix_end(prefix))):
        if _DECODER.decode(value).expires_ms <= now_ms:
            transaction.delete(key)


def drop_locks_of(transaction: Transaction, user: KeyId) -> None:
    """Release every lock that a user holds, on whatever MiMei."""
    held = [
        key
        for key, value in transaction.scan(tables.LOCKS, prefix_end(tables.LOCKS))
        if _DECODER.decode(value).principal.endswith(f"\n{id_text(user)}")
    ]
    for key in held:
        transaction.delete(key)
