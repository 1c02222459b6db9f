"""A MiMei that comes from elsewhere: its records are proved, then it is added, brought forward, or merged."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import msgspec

from leither.codec import Cid
from leither.crypto import MimeiId, id_text, key_id
from leither.errors import PeerError
from leither.merkle import check
from leither.mimei.control import Control
from leither.mimei.entry import decode_path_entry
from leither.mimei.export import DELETED
from leither.mimei.genesis import Genesis
from leither.mimei.head import Head
from leither.mimei.path import PATH_TYPE
from leither.mimei.version import Version
from leither.ports import Lease, Transaction
from leither.service import tables
from leither.service.controls import newer_control
from leither.service.cur import Edit, edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import Holding, load, save
from leither.service.merge import merge, stand_on


class Refused(PeerError):
    """What came does not prove itself."""

    code = "refused"

    def __init__(self, mimei: MimeiId, reason: str) -> None:
        self.id = id_text(mimei)
        self.reason = reason
        super().__init__(f"what came as {self.id} is refused: {reason}; nothing of it was kept")


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of one MiMei. `state`: added, updated, merged or unchanged. `versions` counts the new ones."""

    id: MimeiId
    state: str
    versions: int


@dataclass(frozen=True, slots=True)
class _Proved:
    id: MimeiId
    control: Control
    heads: dict[int, Head]
    versions: dict[Cid, Version]


def arrive(
    engines: Engines,
    lease: Lease,
    *,
    genesis: Cid,
    control: Cid,
    heads: Sequence[Cid],
    versions: Sequence[Cid],
    changes: Sequence[tuple[bytes, bytes]] = (),
) -> Arrived:
    """Take in a MiMei whose blocks are stored. `changes` of `cur` count only for a MiMei that is new here.

    Raises: Refused, BadSignature, NotARecord, BlockMissing, MapNotCanonical, ControlDiverged.
    """
    topic = engines.record(Genesis, genesis)
    mimei = topic.id
    with engines.lock(mimei):
        proved = _prove(engines, mimei, genesis, control, heads, versions)
        with engines.state.read() as view:
            row = view.get(tables.holding(mimei))
            known = {cid for cid in proved.versions if view.get(tables.known(mimei, cid)) is not None}
            held = load(engines, view, mimei) if row is not None else None
        standing = proved.control
        if held is not None:
            standing = newer_control(engines, lease, held.control, proved.control)
        lease.flush()
        fresh = {cid: version for cid, version in proved.versions.items() if cid not in known}
        fresh = {cid: version for cid, version in fresh.items() if cid not in standing.dropped}
        moved = engines.state.write(lambda transaction: _enter(engines, transaction, proved, standing, genesis, fresh))
        merged = merge(engines, mimei) if moved else None
        if held is None:
            _take_changes(engines, mimei, changes)
            engines.events.tell(Event(mimei, "create"))
            return Arrived(mimei, "added", len(fresh))
    if merged is not None and merged.merged:
        own = merged.cid is not None and merged.cid not in proved.versions
        return Arrived(mimei, "merged" if own else "updated", len(fresh))
    return Arrived(mimei, "updated" if moved or fresh else "unchanged", len(fresh))


def _prove(
    engines: Engines, mimei: MimeiId, genesis: Cid, control: Cid, heads: Iterable[Cid], versions: Sequence[Cid]
) -> _Proved:
    topic = engines.record(Genesis, genesis)
    rule = engines.record(Control, control).check()
    if rule.by != topic.author or rule.genesis != genesis:
        raise Refused(mimei, "its control is not by its author")
    found: dict[int, Head] = {}
    for cid in heads:
        head = engines.record(Head, cid).check()
        writer = rule.writer(head.by)
        if head.mimei != mimei or writer is None:
            raise Refused(mimei, "a head is not by one of its writers")
        cut = rule.cut_of(writer.number)
        if cut is not None and (head.seq > cut.seq or (head.seq == cut.seq and cid != cut.head)):
            raise Refused(mimei, f"writer {writer.number} was cut off before the head that came")
        found[writer.number] = head
    records = {cid: engines.record(Version, cid) for cid in versions}
    for head in found.values():
        if head.tip not in records:
            raise Refused(mimei, "a head's version did not come with it")
    _prove_versions(engines, mimei, rule, found, records)
    return _Proved(mimei, rule, found, records)


def _prove_versions(
    engines: Engines, mimei: MimeiId, rule: Control, heads: dict[int, Head], records: dict[Cid, Version]
) -> None:
    """Check that every version is signed by a writer or vouched for by one that is, and that its maps are canonical."""
    vouched: set[Cid] = set()
    pending = [head.tip for head in heads.values()]
    pending += [cid for cid, record in records.items() if record.by is not None]
    while pending:
        cid = pending.pop()
        if cid in records and cid not in vouched:
            vouched.add(cid)
            pending.extend(records[cid].parents)
    for cid, record in sorted(records.items(), key=lambda item: item[1].n):
        if record.mimei != mimei:
            raise Refused(mimei, f"version {cid} belongs to another MiMei")
        if cid not in vouched:
            raise Refused(mimei, f"nobody vouches for the merge {cid}")
        if record.by is not None and rule.writer(record.check().by or b"") is None:
            raise Refused(mimei, f"version {cid} is by {id_text(key_id(record.by))}, who is none of its writers")
        side = engines.map(record.side, record.salt)
        base = next((records[parent].side for parent in record.parents if parent in records), None)
        check(side.nodes, record.side, side.shape, base=base)
        for change in side.at(base).diff(side) if base else ():
            if change.after is not None and change.key[:1] == PATH_TYPE:
                decode_path_entry(change.after.value)


def _enter(
    engines: Engines,
    transaction: Transaction,
    proved: _Proved,
    control: Control,
    genesis: Cid,
    fresh: dict[Cid, Version],
) -> bool:
    """Write what was proved; tell whether a writer's head moved on."""
    mimei = proved.id
    node = control.writer(engines.identity.node.public)
    stored = transaction.get(tables.holding(mimei))
    row = load(engines, transaction, mimei).row if stored is not None else Holding(genesis, control.cid)
    row = msgspec.structs.replace(row, control=control.cid, number=node.number if node else 0)
    for cid, version in fresh.items():
        transaction.put(tables.known(mimei, cid), tables.u64(version.n))
    moved = False
    for number, head in proved.heads.items():
        place = tables.head(mimei, number)
        before = transaction.get(place)
        if before is not None and engines.record(Head, Cid(before)).seq >= head.seq:
            continue
        transaction.put(place, head.cid)
        moved = True
        if number == row.number:
            row = msgspec.structs.replace(row, seq=head.seq, head=head.cid)
    save(transaction, mimei, row)
    if stored is None and len(proved.heads) == 1:
        stand_on(engines, transaction, mimei, next(iter(proved.heads.values())).tip)
    return moved


def _take_changes(engines: Engines, mimei: MimeiId, changes: Sequence[tuple[bytes, bytes]]) -> None:
    if not changes:
        return

    def apply(editing: Edit) -> None:
        for key, value in changes:
            if value == DELETED:
                editing.delete(key)
            else:
                editing.put(key, value)

    edit(engines, mimei, apply)
