"""LOCK and UNLOCK. Source: RFC 4918 sections 9.10 and 9.11."""

from dataclasses import dataclass
from functools import partial
from uuid import UUID

from leither import limits
from leither.codec import Cid
from leither.dav.change import present, require_cur, require_parent
from leither.dav.element import DAV, BadXml, element_bytes, parse_xml
from leither.dav.fault import BadHeader, ForeignLock, NotTheLock
from leither.dav.guard import Guard
from leither.dav.live import active_lock
from leither.mimei.entry import EntryType, PathEntry
from leither.people import Act
from leither.ports import Transaction
from leither.service.catalog import authorize
from leither.service.editing import open_edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import load, within
from leither.service.locks import Lock, LockRow, Locks, add_lock, drop_lock, refresh_lock
from leither.service.paths import place as put_in_place
from leither.service.properties import drop_properties
from leither.unixfs import FileBuilder


@dataclass(frozen=True, slots=True)
class LockRequest:
    """The lock a body asks for; `owner` is XML, empty for none."""

    exclusive: bool
    owner: bytes


def parse_lock(body: bytes) -> LockRequest:
    """Return what the body of a LOCK asks for. Raises: BadXml, ForeignEntity."""
    root = parse_xml(body)
    scope = root.find(f"{DAV}lockscope")
    kind = root.find(f"{DAV}locktype")
    if root.tag != f"{DAV}lockinfo" or scope is None or kind is None or kind.find(f"{DAV}write") is None:
        raise BadXml("it is no lockinfo element with a scope and the type write")
    exclusive, shared = (scope.find(f"{DAV}{name}") is not None for name in ("exclusive", "shared"))
    if exclusive == shared:
        raise BadXml("the scope of a lock is exclusive or shared")
    owner = root.find(f"{DAV}owner")
    if owner is not None:
        owner.tail = None
    told = element_bytes(owner) if owner is not None else b""
    if len(told) > limits.LOCK_OWNER_BYTES_MAX:
        raise BadXml(f"the lock's owner exceeds the limit of {limits.LOCK_OWNER_BYTES_MAX:,} bytes")
    return LockRequest(exclusive, told)


def take(engines: Engines, guard: Guard, wanted: LockRequest, *, deep: bool, seconds: int) -> tuple[bytes, str, bool]:
    """Lock what is addressed, making an empty file where nothing is: (answer, token, whether the file is new).

    Raises: ReadOnly, MimeiNotFound, Denied, NoParent, Unmet, Locked, LockConflict, TooManyLocks.
    """
    place = guard.place
    require_cur(place)
    token = UUID(bytes=engines.random.token(16), version=4).urn
    now_ms = engines.clock.now_ms()
    row = LockRow(wanted.exclusive, deep, wanted.owner, guard.principal.holder, seconds, now_ms + seconds * 1000)
    lock = Lock(token, place.path, row)
    within_place = within(engines, place.address.id)
    with within_place.blocks.lease() as lease:
        empty = FileBuilder(lease.put).finish().cid
        lease.flush()
        new = engines.state.write(partial(_take, engines, guard, lock, empty, now_ms))
    if new:
        engines.events.tell(Event(place.address.id, "change"))
    return _discovery(active_lock(lock, place, now_ms)), token, new


def _take(engines: Engines, guard: Guard, lock: Lock, empty: Cid, now_ms: int, transaction: Transaction) -> bool:
    mimei, path = guard.place.address.id, lock.path
    editing = open_edit(engines, transaction, load(engines, transaction, mimei))
    authorize(guard.principal, editing.mimei, Act.WRITE)
    before = present(editing, path)
    guard.check(transaction, before)
    if before is None:
        require_parent(editing, path)
        guard.claim(transaction, mimei, path[:-1], deep=False, member=False)
        drop_properties(editing, path, below=True)
        put_in_place(editing, path, PathEntry(EntryType.FILE, 0, now_ms, empty, 0))
        editing.save()
    add_lock(transaction, mimei, lock, now_ms)
    return before is None


def refresh(engines: Engines, guard: Guard, *, seconds: int) -> bytes:
    """Make the locks that the If header names hold from now on anew, and return the answer.

    Raises: BadHeader, MimeiNotFound, Unmet, ForeignLock.
    """
    place = guard.place
    require_cur(place)
    now_ms = engines.clock.now_ms()
    if not guard.tokens:
        raise BadHeader("If", "")

    def run(transaction: Transaction) -> list[Lock]:
        editing = open_edit(engines, transaction, load(engines, transaction, place.address.id))
        authorize(guard.principal, editing.mimei, Act.WRITE)
        guard.check(transaction, present(editing, place.path))
        locks = Locks(transaction, place.address.id, now_ms)
        named = [lock for lock in locks.covering(place.path) if lock.token in guard.tokens]
        for lock in named:
            _require_own(guard, lock)
        return [refresh_lock(transaction, place.address.id, one, seconds=seconds, now_ms=now_ms) for one in named]

    found = engines.state.write(run)
    if not found:
        raise NotTheLock(next(iter(guard.tokens)))
    return _discovery("".join(active_lock(lock, place, now_ms) for lock in found))


def release(engines: Engines, guard: Guard, token: str) -> None:
    """End a lock. Raises: MimeiNotFound, NotTheLock, ForeignLock."""
    place = guard.place
    require_cur(place)

    def run(transaction: Transaction) -> None:
        editing = open_edit(engines, transaction, load(engines, transaction, place.address.id))
        authorize(guard.principal, editing.mimei, Act.WRITE)
        guard.check(transaction, present(editing, place.path))
        locks = Locks(transaction, place.address.id, engines.clock.now_ms())
        found = next((lock for lock in locks.covering(place.path) if lock.token == token), None)
        if found is None:
            raise NotTheLock(token)
        principal = guard.principal
        if not principal.is_resident or principal.user != editing.mimei.facts.user:
            _require_own(guard, found)
        drop_lock(transaction, place.address.id, found)

    engines.state.write(run)


def _require_own(guard: Guard, lock: Lock) -> None:
    if lock.row.principal != guard.principal.holder:
        raise ForeignLock(lock.token)


def _discovery(locks: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="utf-8"?>\n<D:prop xmlns:D="DAV:"><D:lockdiscovery>'
        f"{locks}</D:lockdiscovery></D:prop>\n"
    ).encode()
