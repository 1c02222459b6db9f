"""Backup: the changed entries of `cur` become blocks, and a read-only version is appended."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.db import DERIVED
from leither.merkle import Entry, Stamp, resolve
from leither.mimei.head import Head
from leither.mimei.version import Version, seen_tuple
from leither.ports import Lease, Transaction
from leither.service.content import derive_content
from leither.service.cur import Cur, Edit
from leither.service.derived import NOBODY, prepare_backup
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Mimei, base_version, load
from leither.service.maps import OrderedMap
from leither.service.pages import fold
from leither.service.writers import advance, ensure_writer, next_head, own_release


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup did. `changed` counts entries; where it is 0, `cid` names the version there was, or is None."""

    cid: Cid | None
    n: int | None
    changed: int


@dataclass(frozen=True, slots=True)
class Sealed:
    """A version made of `cur`, or None where nothing is new. `saved`: for each key it saved, the tick of the change."""

    version: Version | None
    saved: dict[bytes, int]
    changed: int


def backup(engines: Engines, mimei: MimeiId, *, note: str = "") -> Backup:
    """Append a version with what changed in `cur`, or report that nothing did.

    Runs beside readers and writers: what changes meanwhile stays unsaved. Cost: in proportion to the changes.
    Raises: MimeiNotFound, NotTheAuthor, NotARecord (note too long), StoreFull.
    """
    with engines.lock(mimei), engines.blocks.lease() as lease:
        held = ensure_writer(engines, mimei, lease)
        if held.genesis.type == "file":
            fold(engines, mimei, lease)
        renewed = prepare_backup(engines, mimei) if held.genesis.type == "db" else frozenset()
        sealed = _seal(engines, mimei, lease, note=note, renewed=renewed)
        version = sealed.version
        if version is None:
            if sealed.saved:
                engines.state.write(partial(_settle, engines, mimei, sealed))
            base = base_version(engines, held)
            return Backup(held.base, base.n if base else None, 0)
        block = version.block
        head = next_head(engines, held, tip=block.cid, release=own_release(engines, held))
        lease.put_many((block, head.block))
        lease.flush()
        engines.state.write(partial(_append, engines, mimei, sealed, block.cid, head))
    engines.events.tell(Event(mimei, "backup", block.cid.text))
    return Backup(block.cid, version.n, sealed.changed)


def _settle(engines: Engines, mimei: MimeiId, sealed: Sealed, transaction: Transaction) -> None:
    """Clear changes that came to what the version below holds."""
    editing = Edit(engines, transaction, load(engines, transaction, mimei))
    editing.settle(sealed.saved)
    editing.save()


def _append(engines: Engines, mimei: MimeiId, sealed: Sealed, cid: Cid, head: Head, transaction: Transaction) -> None:
    editing = Edit(engines, transaction, load(engines, transaction, mimei))
    editing.settle(sealed.saved)
    advance(engines, transaction, mimei, editing.row(), head, cid)


def _entries(
    held: Mimei,
    below: OrderedMap,
    changes: Iterable[tuple[bytes, bytes | None, int]],
    stamp: Stamp,
    renewed: frozenset[bytes],
) -> Iterator[tuple[bytes, Entry | None]]:
    """Yield the changes as the map takes them. What follows from other entries has nobody's stamp."""
    database = held.genesis.type == "db"
    for key, value, _ in changes:
        if value is None:
            yield key, None
        elif not database or key in renewed:
            yield key, Entry(key, stamp, value)
        elif key[:1] in DERIVED:
            yield key, Entry(key, NOBODY, value)
        else:
            # A command may set what is there already; that is no change.
            before = below.get(key)
            yield key, before if before is not None and before.value == value else Entry(key, stamp, value)


def _seal(engines: Engines, mimei: MimeiId, lease: Lease, *, note: str, renewed: frozenset[bytes]) -> Sealed:
    """Put the blocks of a version that holds what `cur` holds now, unless that is what the version below holds."""
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        base = base_version(engines, held)
        cur = Cur(engines, view, held)
        changes = list(cur.changes())
        saved = {key: tick for key, _, tick in changes}
        if base is not None and not changes:
            return Sealed(None, saved, 0)
        salt = base.salt if base else engines.map_salt(mimei)
        stamp = Stamp(held.row.number, held.row.seq + 1)
        below = engines.map(base.side, salt, lease) if base else engines.empty_map(salt, lease)
        side = below.update(_entries(held, below, changes, stamp, renewed))
        siblings = base.siblings if base else None
        if siblings is not None:
            siblings = resolve(below.nodes, siblings, saved, below.shape)
        if base is not None and side.root == base.side and siblings == base.siblings:
            return Sealed(None, saved, 0)
        content = derive_content(
            engines,
            lease,
            kind=held.genesis.type,
            side=side.root,
            before=base.content if base else None,
            changed=saved,
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
        note=note,
        time=engines.clock.now_ms(),
    )
    version = Version.decode(version.signed(engines.identity.node).encode())
    return Sealed(version, saved, len(changes))
