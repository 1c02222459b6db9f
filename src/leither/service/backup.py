"""Backup: the changed entries of `cur` become blocks, and a read-only version is appended."""

from dataclasses import dataclass
from functools import partial

import msgspec

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.merkle import EMPTY_MAP
from leither.mimei.head import Head
from leither.mimei.version import Version
from leither.ports import Transaction
from leither.service import tables
from leither.service.complete import forget_eras
from leither.service.derived import prepare_stamping
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.gathering import Gathered, gather
from leither.service.holding import base_version, drafts, load
from leither.service.pages import fold
from leither.service.private import clear, lease_over, put_version
from leither.service.readers import settle_readers
from leither.service.writers import advance, ensure_writer, next_head, own_release


@dataclass(frozen=True, slots=True)
class Backup:
    """What a backup did. `changed` counts entries; where it is 0, `cid` names the version there was, or is None."""

    cid: Cid | None
    n: int | None
    changed: int


def backup(engines: Engines, mimei: MimeiId, *, note: str = "") -> Backup:
    """Append a version with what changed in `cur`, drafts that came included, or report that nothing did.

    Runs beside readers and writers: what changes meanwhile stays unsaved. Cost: in proportion to the changes.
    Raises: MimeiNotFound, NotTheAuthor, NotARecord (note too long), StoreFull.
    """
    with engines.lock(mimei):
        engines = settle_readers(engines, mimei).engines
        return _backup(engines, mimei, note)


def _backup(engines: Engines, mimei: MimeiId, note: str) -> Backup:
    with engines.state.read() as view:
        before = load(engines, view, mimei).below
    with lease_over(engines.blocks, before) as lease:
        held = ensure_writer(engines, mimei, lease)
        if held.genesis.type == "file":
            fold(engines, mimei, lease)
        renewed = prepare_stamping(engines, mimei, expire=True) if held.genesis.type == "db" else frozenset()
        gathered = gather(engines, mimei, lease, renewed=renewed)
        base = base_version(engines, gathered.held)
        if not gathered.is_new and not gathered.held.row.draft:
            if gathered.changed:
                gathered.settle_alone(engines)
            return Backup(held.base, base.n if base else None, 0)
        version = Version(
            **gathered.fields(),
            n=base.n + 1 if base else 0,
            parents=(held.base,) if held.base else (),
            note=note,
            time=engines.clock.now_ms(),
        )
        version = Version.decode(version.signed(engines.identity.node).encode())
        put_version(lease, version, gathered.side.nodes)
        head = next_head(engines, held, tip=version.cid, release=own_release(engines, held))
        clear(lease).put(head.block)
        lease.flush()
        engines.state.write(partial(_append, engines, gathered, version, head))
        if held.genesis.type == "db":
            forget_eras(engines, mimei)
    engines.events.tell(Event(mimei, "backup", version.cid.text))
    return Backup(version.cid, version.n, _count(gathered, base))


def _count(gathered: Gathered, base: Version | None) -> int:
    """Return how many entries changed since the version before. Cost: those, where some were shared as a draft."""
    if not gathered.held.row.draft:
        return gathered.changed
    return sum(1 for _ in gathered.side.at(base.side if base else EMPTY_MAP.cid).diff(gathered.side))


def _append(engines: Engines, gathered: Gathered, version: Version, head: Head, transaction: Transaction) -> None:
    mimei = gathered.held.id
    for number in drafts(transaction, gathered.held):  # each is included now
        transaction.delete(tables.draft(mimei, number))
    row = msgspec.structs.replace(gathered.settle(engines, transaction).row(), draft=b"")
    advance(engines, transaction, mimei, row, head, version.cid)
