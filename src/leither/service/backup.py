"""Backup: the changed entries of `cur` become blocks, and a read-only version is appended."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import partial

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.db import DERIVED
from leither.merkle import Entry, Stamp, resolve
from leither.mimei.head import Head
from leither.mimei.version import Version, seen_tuple
from leither.ports import Lease, Transaction
from leither.service.catalog import NotTheAuthor
from leither.service.complete import CompleteEdit, forget_eras
from leither.service.content import derive_content
from leither.service.cur import Cur, Edit
from leither.service.derived import NOBODY, prepare_backup
from leither.service.editing import open_edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Mimei, base_version, load
from leither.service.pages import fold
from leither.service.private import clear, key_epoch, lease_over, put_version
from leither.service.readers import settle_readers
from leither.service.writers import advance, ensure_writer, next_head, own_release


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup did. `changed` counts entries; where it is 0, `cid` names the version there was, or is None."""

    cid: Cid | None
    n: int | None
    changed: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A version made of `cur`, or None where nothing is new.

    Fields: saved: for each key it saved, the tick of the change; of a database only the deleted ones. tick: that of
    the last change it saved. changed: how many entries it saved.
    """

    version: Version | None
    saved: dict[bytes, int]
    tick: int
    changed: int


def backup(engines: Engines, mimei: MimeiId, *, note: str = "") -> Backup:
    """Append a version with what changed in `cur`, or report that nothing did.

    Runs beside readers and writers: what changes meanwhile stays unsaved. Cost: in proportion to the changes.
    Raises: MimeiNotFound, NotTheAuthor, NotARecord (note too long), StoreFull.
    """
    with engines.lock(mimei):
        engines = settle_readers(engines, mimei).engines
        return _backup(engines, mimei, note)


def _backup(engines: Engines, mimei: MimeiId, note: str) -> Backup:
    with engines.state.read() as view:
        before = load(engines, view, mimei).base
    with lease_over(engines.blocks, before) as lease:
        held = ensure_writer(engines, mimei, lease)
        if held.genesis.type == "file":
            fold(engines, mimei, lease)
        renewed = prepare_backup(engines, mimei) if held.genesis.type == "db" else frozenset()
        sealed = _seal(engines, mimei, lease, note=note, renewed=renewed)
        version = sealed.version
        if version is None:
            if sealed.changed:
                engines.state.write(partial(_settle, engines, mimei, sealed))
            base = base_version(engines, held)
            return Backup(held.base, base.n if base else None, 0)
        cid = version.cid
        put_version(lease, version, engines.map(version.side, version.salt, lease).nodes)
        head = next_head(engines, held, tip=cid, release=own_release(engines, held))
        clear(lease).put(head.block)
        lease.flush()
        engines.state.write(partial(_append, engines, mimei, sealed, cid, head))
        if held.genesis.type == "db":
            forget_eras(engines, mimei)
    engines.events.tell(Event(mimei, "backup", cid.text))
    return Backup(cid, version.n, sealed.changed)


def _settle(engines: Engines, mimei: MimeiId, sealed: Sealed, transaction: Transaction) -> None:
    """Clear changes that came to what the version below holds."""
    editing = open_edit(engines, transaction, load(engines, transaction, mimei))
    _clear(editing, sealed)
    editing.save()


def _clear(editing: Edit, sealed: Sealed) -> None:
    if isinstance(editing, CompleteEdit):
        editing.settle_all(sealed.tick, sealed.saved)
    else:
        editing.settle(sealed.saved)


def _append(engines: Engines, mimei: MimeiId, sealed: Sealed, cid: Cid, head: Head, transaction: Transaction) -> None:
    editing = open_edit(engines, transaction, load(engines, transaction, mimei))
    _clear(editing, sealed)
    advance(engines, transaction, mimei, editing.row(), head, cid)


def _seal(engines: Engines, mimei: MimeiId, lease: Lease, *, note: str, renewed: frozenset[bytes]) -> Sealed:
    """Put the blocks of a version that holds what `cur` holds now, unless that is what the version below holds."""
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        base = base_version(engines, held)
        cur = Cur(engines, view, held)
        salt = base.salt if base else _salt(engines, held)
        stamp = Stamp(held.row.number, held.row.seq + 1)
        below = engines.map(base.side, salt, lease) if base else engines.empty_map(salt, lease)
        has_siblings = base is not None and base.siblings is not None
        changes = _Changes(held, stamp, renewed, has_siblings=has_siblings)
        # A command of a database may set what is there already; that is no change.
        side = below.update(changes.read(cur.changes()), renewed=renewed if held.genesis.type == "db" else None)
        sealed = Sealed(None, changes.saved, held.row.tick, changes.count)
        if base is not None and not changes.count:
            return sealed
        siblings = base.siblings if base else None
        if siblings is not None:
            siblings = resolve(below.nodes, siblings, changes.keys, below.shape)
        if base is not None and side.root == base.side and siblings == base.siblings:
            return sealed
        content = derive_content(
            engines,
            lease,
            kind=held.genesis.type,
            side=side.root,
            before=base.content if base else None,
            changed=changes.keys,
            look=cur.entry,
        )
    version = Version(
        mimei=mimei,
        n=base.n + 1 if base else 0,
        parents=(held.base,) if held.base else (),
        seen=seen_tuple((base.seen_map if base else {}) | {stamp.writer: stamp.seq}),
        content=content,
        side=side.root,
        siblings=siblings,
        salt=salt,
        size_bytes=held.row.size_bytes,
        key_epoch=key_epoch(engines.blocks),
        note=note,
        time=engines.clock.now_ms(),
    )
    version = Version.decode(version.signed(engines.identity.node).encode())
    return replace(sealed, version=version)


def _salt(engines: Engines, held: Mimei) -> bytes:
    """Return the salt of a map that begins. Raises: NotTheAuthor: only where the author's seed is."""
    author = engines.persons.of_key(held.genesis.author)
    if author is None:
        raise NotTheAuthor(held.id)
    return author.map_salt(held.id)


class _Changes:
    """The changes of `cur` on their way into the map: as its entries, and noted as far as it matters afterwards.

    `count`: how many there were. `keys`: theirs, unless it is a database's without siblings, where nobody asks.
    `saved`: as in Sealed.
    """

    def __init__(self, held: Mimei, stamp: Stamp, renewed: frozenset[bytes], *, has_siblings: bool) -> None:
        self._database = held.genesis.type == "db"
        self._stamp = stamp
        self._renewed = renewed
        self._keep_keys = has_siblings or not self._database
        self.count = 0
        self.keys: list[bytes] = []
        self.saved: dict[bytes, int] = {}

    def read(self, changes: Iterable[tuple[bytes, bytes | None, int]]) -> Iterator[tuple[bytes, Entry | None]]:
        """Yield `changes` as the map takes them. What follows from other entries has nobody's stamp."""
        for key, value, tick in changes:
            self.count += 1
            if self._keep_keys:
                self.keys.append(key)
            if value is None or not self._database:
                self.saved[key] = tick
            yield key, None if value is None else Entry(key, self._stamp_of(key), value)

    def _stamp_of(self, key: bytes) -> Stamp:
        follows = self._database and key[:1] in DERIVED and key not in self._renewed
        return NOBODY if follows else self._stamp
