"""Taking in a private MiMei that nobody here can read: proved as far as that goes, joined with what is kept of it."""

from collections.abc import Collection, Mapping

import msgspec

from leither.codec import BlockMissing, Cid
from leither.codec.sealed import check, walk
from leither.crypto import ID_BYTES, KeyId, MimeiId, key_id
from leither.merkle import Entry, Nodes, Shape, Stamp, build
from leither.mimei.control import Control
from leither.mimei.export import BESIDE, NUMBERED, VERSION_TYPE, Shelf
from leither.mimei.head import Head
from leither.ports import Lease
from leither.service.controls import newer_control
from leither.service.engines import Engines
from leither.service.kept import Kept, find_kept, versions_of
from leither.service.proof_of_records import Refused, check_control, check_head

_SHAPE = Shape(bytes(16))
_NOBODY = Stamp(0, 0)


def joined(engines: Engines, lease: Lease, shelf: Shelf) -> tuple[Shelf, Cid | None]:
    """Return what came, joined with what is kept of the same MiMei and stored, and the CID of the shelf of that.

    Neither control nor heads go back, and no version is lost but those that the author has deleted.
    Raises: BadSignature, NotARecord, BlockMissing, ControlUndone, ControlDiverged, Refused.
    """
    mimei = MimeiId(shelf.sealed or b"")
    control = engines.record(Control, shelf.control).check()
    before = _kept_before(engines, control, mimei)
    if before is None:
        return shelf, None
    standing = newer_control(engines, lease, engines.record(Control, before.shelf.control), control)
    heads: dict[bytes, Head] = {}
    for head in (engines.record(Head, cid) for cid in (*before.shelf.heads, *shelf.heads)):
        writer, other = standing.writer(head.by), heads.get(head.by)
        cut = standing.cut_of(writer.number) if writer is not None else None
        if cut is not None and head.seq >= cut.seq and head.cid != cut.head:
            continue
        if other is not None and other.seq == head.seq and other.cid != head.cid:
            raise Refused(mimei, "a writer has two heads at one place of its history")
        if other is None or head.seq > other.seq:
            heads[head.by] = head
    found = before.versions | versions_of(engines, shelf)
    if not standing.dropped:
        led_to = _led_to(engines, found, [head.sealed for head in heads.values() if head.sealed is not None])
        found = {cid: numbered for cid, numbered in found.items() if cid in led_to}
    made = msgspec.structs.replace(
        shelf,
        control=standing.cid,
        heads=tuple(head.cid for head in heads.values()),
        versions=list_versions(lease, {cid: found[cid] for cid in found.keys() - set(standing.dropped)}),
    )
    lease.put(made.block)
    return made, before.shelf.cid


def list_versions(lease: Lease, versions: Mapping[Cid, bool]) -> Cid:
    """Store a shelf's list of versions, each with whether its number names it; return its root."""
    listed = (
        Entry(VERSION_TYPE + cid, _NOBODY, NUMBERED if numbered else BESIDE)
        for cid, numbered in sorted(versions.items())
    )
    return build(Nodes(_missing, lease.put), listed, _SHAPE)


def take_in(engines: Engines, lease: Lease, shelf: Shelf, user: KeyId | None, *, imported: bool = True) -> Kept:
    """Return what is to be kept of a MiMei that nobody here can read, once it is proved as far as that goes.

    Each version must be one that a writer's head leads to, or that what was deleted may have led to.
    Args: user, imported: as in `Kept`.
    Raises: Refused, RingRefused, BadSignature, NotARecord, NotSealed, BlockMissing, BlockMismatch, BadRevoked, what
        `joined` does. Cost: reads all of it that is new, and what has links of what was kept before.
    """
    mimei = MimeiId(shelf.sealed or b"")
    control = engines.record(Control, shelf.control).check()
    if control.genesis.digest[:ID_BYTES] != mimei:
        raise Refused(mimei, "its control is another MiMei's")
    check_control(engines, mimei, control)
    tips = [_tip(engines, mimei, control, cid) for cid in shelf.heads]
    versions = versions_of(engines, shelf)
    before = _kept_before(engines, control, mimei)
    known = before.versions if before is not None else {}
    size_bytes = before.size_bytes if before is not None else 0
    seen: set[Cid] = set()
    for _ in walk(engines.blocks.get, [before.shelf.genesis, *known] if before is not None else [], seen):
        pass
    for cid in walk(engines.blocks.get, [shelf.genesis, *versions], seen):
        data = engines.blocks.get(cid)
        check(cid, data)
        size_bytes += len(data)
    stray = versions.keys() - known.keys() - _led_to(engines, known | versions, tips)
    if stray and not control.dropped:
        raise Refused(mimei, f"no head of its writers leads to the version sealed as {min(stray)}")
    whole, over = joined(engines, lease, shelf)
    held = versions_of(engines, whole)
    if held.keys() != known.keys() | versions.keys():
        size_bytes = sum(map(engines.blocks.size_bytes, walk(engines.blocks.get, [whole.genesis, *held])))
    return Kept(key_id(control.author), whole, held, size_bytes, user, imported, over)


def _kept_before(engines: Engines, control: Control, mimei: MimeiId) -> Kept | None:
    with engines.state.read() as view:
        return find_kept(engines, view, key_id(control.author), mimei)


def _tip(engines: Engines, mimei: MimeiId, control: Control, cid: Cid) -> Cid:
    """Return where the version of a head is sealed, whose record must be here."""
    head = check_head(mimei, control, engines.record(Head, cid))
    if head.sealed is None:
        raise Refused(mimei, "a head does not say where its version is sealed")
    check(head.sealed, engines.blocks.get(head.sealed))
    return head.sealed


def _led_to(engines: Engines, versions: Mapping[Cid, bool], tips: Collection[Cid]) -> set[Cid]:
    """Return the versions that heads lead to, and the merges of such, by what each of them stands on."""
    before = {cid: check(cid, engines.blocks.get(cid)).before for cid in {*versions, *tips}}
    found: set[Cid] = set()
    pending = list(tips)
    while pending:
        cid = pending.pop()
        if cid in before and cid not in found:
            found.add(cid)
            pending += before[cid]
    while merges := {cid for cid, below in before.items() if len(below) > 1 and found.issuperset(below)} - found:
        found |= merges
    return found


def _missing(cid: Cid) -> bytes:
    raise BlockMissing(cid)
