"""Taking in MiMei that were proved: each is added, brought forward, or merged; all in one change, or none."""

from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from itertools import pairwise

import msgspec

from leither.codec import Cid
from leither.crypto import KeyId, MimeiId, id_text, key_id
from leither.errors import Conflict
from leither.mimei.control import Control, Cut
from leither.mimei.entry import EntryType, decode_path_entry
from leither.mimei.head import Head
from leither.mimei.path import PATH_TYPE, key_path
from leither.mimei.record import NotARecord
from leither.mimei.standing import heads_that_count, newest_drafts, tips_that_count, versions_that_count
from leither.mimei.version import Version
from leither.ports import Lease, Transaction, View
from leither.service import tables
from leither.service.backup import backup
from leither.service.catalog import referrers
from leither.service.controls import newer_control
from leither.service.cur import Edit
from leither.service.demand_rows import DemandRow, put_demand
from leither.service.derived import check_unsaved
from leither.service.drafting import share_cur
from leither.service.editing import open_edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.footing import CurChanged, stand_on
from leither.service.holding import Holding, Mimei, contents_below, drafts, ended_at, heads, load, save
from leither.service.kept import let_go
from leither.service.merge import join_drafts, join_tips, maximal_tips
from leither.service.proof import Came, Proved, prove
from leither.service.proof_of_records import Refused
from leither.service.succession import succeed_one
from leither.service.versions import forget_version, held_versions
from leither.service.writers import with_release


class ClonedWriter(Conflict):
    """One writer has written two histories: its home folder runs twice, or an old copy of it was gone on with."""

    code = "cloned-writer"

    def __init__(self, mimei: MimeiId, number: int, key: bytes, seq: int) -> None:
        self.id = id_text(mimei)
        self.writer = number
        self.key = id_text(key_id(key))
        self.seq = seq
        super().__init__(
            f"writer {number} of {self.id}, node {self.key}, has written two different histories up to change "
            f"{seq:,}, so nothing was taken in: its home folder was copied and both copies were used; keep one of "
            "them, and bring what the other holds into a node with a home folder of its own, as files"
        )


class NotYours(Conflict):
    """A user brings what belongs to somebody else on this node."""

    code = "not-yours"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"{self.id} belongs to somebody else on this node, so nothing was taken in; they can import it themselves; "
            "leave it out of the archive"
        )


@dataclass(frozen=True, slots=True)
class Arrived:
    """What became of one MiMei. `state`: added, updated, merged or unchanged. `versions` counts the new ones."""

    id: MimeiId
    state: str
    versions: int


@dataclass(frozen=True, slots=True)
class _Plan:
    """What is to be written.

    Fields: user: to whom it belongs, None for the owner. tip: the newest version then; None to leave it. heads: every
    one that stands. event: what watchers are told. drafts: those of each writer that no other includes. draft: what
    `cur` stands on then, if not on the newest version.
    """

    proved: Proved
    held: bool
    user: KeyId | None
    control: Control
    fresh: dict[Cid, Version]
    heads: dict[int, Head]
    tip: Version | None
    kept: frozenset[Cid]
    arrived: Arrived
    event: str
    drafts: dict[int, Cid]
    draft: Cid | None


@dataclass(frozen=True, slots=True)
class _Work:
    """What was proved, with what reads and writes its contents: of a private MiMei they open and seal."""

    engines: Engines
    lease: Lease
    proved: Proved


def arrive(
    engines: Engines, lease: Lease, shelves: Sequence[Came], *, user: KeyId | None = None
) -> tuple[Arrived, ...]:
    """Take in MiMei whose blocks are stored. Changes of `cur` count only for one that is new here.

    What is new belongs to its author if they are here, else to `user` or the owner, who bring it.
    Unsaved changes of one whose `last` moves are backed up first, or shared as a draft where drafts are.
    Raises: what `prove` does, ClonedWriter, ControlDiverged, NotTheAuthor, NotYours, QuotaReached, UserQuotaReached.
    """
    with ExitStack() as leases:
        work = [_work(engines, lease, came, leases) for came in shelves]
        return _arrive(engines, work, user)


def _work(engines: Engines, lease: Lease, came: Came, leases: ExitStack) -> _Work:
    if came.within is not None:
        engines = came.within
        lease = leases.enter_context(engines.blocks.lease())
    return _Work(engines, lease, prove(engines, lease, came))


def _arrive(engines: Engines, work: Sequence[_Work], user: KeyId | None) -> tuple[Arrived, ...]:
    proved = [each.proved for each in work]
    ids = sorted(one.id for one in proved)
    for one, other in pairwise(ids):
        if one == other:
            raise Refused(one, "it came twice")
    with ExitStack() as locks:
        for mimei in ids:
            locks.enter_context(engines.lock(mimei))
        while True:
            plans = [_plan(each.engines, each.lease, each.proved, user) for each in work]
            for each in work:
                each.lease.flush()
            try:
                engines.state.write(partial(_enter_all, engines, plans))
                break
            except CurChanged:
                continue  # somebody wrote into `cur` since the plan was made
    for plan in plans:
        succeed_one(engines, plan.arrived.id)
        if plan.arrived.state != "unchanged":
            engines.events.tell(Event(plan.arrived.id, plan.event))
    return tuple(plan.arrived for plan in plans)


def _belongs_to(engines: Engines, proved: Proved, held: Mimei | None, bringer: KeyId | None) -> KeyId | None:
    """Return the user to whom a MiMei belongs that a user or the owner brings. Raises: NotYours."""
    author = engines.persons.of_key(proved.topic.author)
    found = author.user if author is not None else bringer
    user = held.facts.user if held is not None else found
    if bringer is not None and user != bringer:
        raise NotYours(proved.id)
    return user


def _plan(engines: Engines, lease: Lease, proved: Proved, bringer: KeyId | None) -> _Plan:
    with engines.state.read() as view:
        held = load(engines, view, proved.id) if view.get(tables.holding(proved.id)) is not None else None
        user = _belongs_to(engines, proved, held, bringer)
        standing = newer_control(engines, lease, held.control, proved.control) if held else proved.control
        before = {number: head for number, head, _ in heads(engines, view, proved.id)}
        known = {cid for cid in proved.versions if view.get(tables.known(proved.id, cid)) is not None}
        known_versions = held_versions(view, proved.id)
        newest = _newest(engines, proved.id, standing, before, proved.heads)
        shared = newest_drafts(standing, drafts(engines, view, proved.id), proved.drafts)
    if proved.came.sealed is not None:
        engines = engines.root.private(proved.id, standing, user)  # the keys of the control that stands
    counting = versions_that_count(
        standing, newest, proved.versions, remade=proved.remade, read=partial(_read, engines, proved.id)
    )
    fresh = {
        cid: version
        for cid, version in proved.versions.items()
        if cid in counting and cid not in known and cid not in standing.dropped
    }
    if held is not None:
        _refuse_clones(engines, proved.id, standing, known_versions, fresh)
    tips = tips_that_count(standing, newest, {*known_versions, *fresh})
    tip = join_tips(engines, proved.topic, standing, tips, lease)
    last = tip.cid if tip is not None else held.base if held is not None else None
    if tip is not None and held is not None and tip.cid == held.base:
        tip = None
    draft = join_drafts(engines, proved.topic, standing, last, [one.cid for one in shared.values()], lease)
    moves = tip is not None or (draft or b"") != (held.row.draft if held is not None else b"")
    if moves and held is not None and held.row.dirty:
        if held.row.draft or shared:
            share_cur(engines, proved.id)
        else:
            backup(engines, proved.id, note="before a merge")
        return _plan(engines, lease, proved, bringer)
    if held is None and proved.topic.type == "db":
        check_unsaved(engines, tip, proved.came.changes)
    settled = newest != before or fresh or tip is not None or held is None or standing.cid != held.control.cid
    event = "create" if held is None else "merge" if settled else "change"
    state = "added" if held is None else "updated" if settled or moves else "unchanged"
    if held is not None and tip is not None and tip.is_merge and tip.cid not in proved.versions:
        state = "merged"
    kept = frozenset(maximal_tips(engines, tips))
    arrived = Arrived(proved.id, state, len(fresh))
    joined = maximal_tips(engines, (draft,)) if draft is not None else []
    standing_drafts = {number: one.cid for number, one in shared.items() if one.cid in joined}
    return _Plan(
        proved, held is not None, user, standing, fresh, newest, tip, kept, arrived, event, standing_drafts, draft
    )


def _newest(
    engines: Engines, mimei: MimeiId, control: Control, held: dict[int, Head], came: dict[int, Head]
) -> dict[int, Head]:
    """Return the head that stands of each writer: the newest, and of one who was cut off the last accepted.

    Raises: ClonedWriter: where two heads of one writer can't both be in its chain.
    """
    found: dict[int, Head] = {}
    for number in sorted(held.keys() | came.keys()):
        candidates = heads_that_count(
            control,
            number,
            held=held.get(number),
            came=came.get(number),
            accepted=_accepted(engines, control.cut_of(number)),
        )
        for older, newer in pairwise(candidates):
            if _apart(older, newer):
                raise ClonedWriter(mimei, number, newer.by, newer.seq)
        if candidates:
            found[number] = candidates[-1]
    return found


def _refuse_clones(
    engines: Engines, mimei: MimeiId, control: Control, held: Iterable[Cid], fresh: dict[Cid, Version]
) -> None:
    """Make sure that no writer, but one that was cut off, has signed two versions at one place of its history."""
    made: dict[tuple[int, int], Cid] = {}
    signed = [(cid, version) for cid, version in fresh.items() if version.by is not None]
    if signed:
        signed += [(cid, engines.record(Version, cid)) for cid in held]
    for cid, version in signed:
        writer = control.writer(version.by) if version.by is not None else None
        if writer is None or control.cut_of(writer.number) is not None:
            continue
        seq = version.seen_map.get(writer.number, 0)
        if made.setdefault((writer.number, seq), cid) != cid:
            raise ClonedWriter(mimei, writer.number, writer.key, seq)


def _apart(older: Head, newer: Head) -> bool:
    """Tell whether two heads of one writer are of different chains, as far as the two alone can show it."""
    if older.seq == newer.seq:
        return older.cid != newer.cid
    # A node that deleted the MiMei and made it again names no head before its next.
    return newer.seq == older.seq + 1 and newer.prev not in (None, older.cid)


def _accepted(engines: Engines, cut: Cut | None) -> Head | None:
    """Return the head that a cut names, if it and the record of its version are here."""
    if cut is None or not engines.blocks.has(cut.head):
        return None
    head = engines.record(Head, cut.head)
    return head if engines.blocks.has(head.tip) else None


def _read(engines: Engines, mimei: MimeiId, cid: Cid) -> Version | None:
    """Return a version of the MiMei, None if it isn't here or is of another, as what a fork stands on is."""
    if not engines.blocks.has(cid):
        return None
    try:
        version = engines.record(Version, cid)
    except NotARecord:
        return None
    return version if version.mimei == mimei else None


def _enter_all(engines: Engines, plans: Sequence[_Plan], transaction: Transaction) -> None:
    for plan in plans:
        _enter(engines, transaction, plan)


def _enter(engines: Engines, transaction: Transaction, plan: _Plan) -> None:
    proved, mimei = plan.proved, plan.proved.id
    if plan.held:
        row = load(engines, transaction, mimei).row
    else:
        came, seq = proved.came, ended_at(transaction, mimei)
        row = Holding(came.genesis, plan.control.cid, seq=seq, user=plan.user or b"", sealed=came.sealed or b"")
    writer = plan.control.writer(engines.identity.node.public)
    row = msgspec.structs.replace(row, control=plan.control.cid, number=writer.number if writer else 0)
    for cid, version in plan.fresh.items():
        transaction.put(tables.known(mimei, cid), tables.u64(version.n))
        if not plan.held and proved.came.versions[cid]:
            transaction.put(tables.version(mimei, version.n), cid)
    for number, _, _ in heads(engines, transaction, mimei):
        transaction.delete(tables.head(mimei, number))
    for number, head in plan.heads.items():
        transaction.put(tables.head(mimei, number), head.cid)
        if number == row.number:
            row = msgspec.structs.replace(row, seq=max(row.seq, head.seq), head=head.cid)
    save(transaction, mimei, with_release(engines, transaction, mimei, row))
    if proved.came.on_demand and not plan.held:
        put_demand(transaction, mimei, DemandRow(engines.clock.now_ms()))
    if proved.came.sealed is not None:
        let_go(transaction, key_id(plan.control.author), mimei)
    for number in drafts(engines, transaction, mimei):
        transaction.delete(tables.draft(mimei, number))
    for number, cid in plan.drafts.items():
        transaction.put(tables.draft(mimei, number), cid)
    _stand(engines, transaction, plan)
    _drop(engines, transaction, load(engines, transaction, mimei), plan)
    if not plan.held and proved.came.changes:
        _take_changes(open_edit(engines, transaction, load(engines, transaction, mimei)), proved)


def _stand(engines: Engines, transaction: Transaction, plan: _Plan) -> None:
    """Let `cur` stand on what came, if it is to move, and see that no number of this node's is used twice."""
    mimei, held = plan.proved.id, load(engines, transaction, plan.proved.id)
    last = plan.tip.cid if plan.tip is not None else held.base
    if plan.tip is not None or (plan.draft or b"") != held.row.draft:
        stand_on(engines, transaction, mimei, last, plan.draft)
    held = load(engines, transaction, mimei)
    below = contents_below(held)
    seq = below.seen_map.get(held.row.number, 0) if below is not None else 0
    if seq > held.row.seq:  # of an older copy of this node's home others have seen what it has forgotten
        save(transaction, mimei, msgspec.structs.replace(held.row, seq=seq))


def _drop(engines: Engines, transaction: Transaction, mimei: Mimei, plan: _Plan) -> None:
    """Forget the versions that the author deleted elsewhere, as far as nothing here needs them."""
    for cid in set(plan.control.dropped) - plan.kept - {mimei.base} - pinned(transaction, mimei.id):
        forget_version(transaction, mimei.id, cid)


def pinned(view: View, mimei: MimeiId) -> set[Cid]:
    """Return the versions that others refer to."""
    return {version for _, version, _ in referrers(view, mimei) if version is not None}


def _take_changes(editing: Edit, proved: Proved) -> None:
    for key, value in proved.came.changes:
        if value is None:
            editing.delete(key)
        else:
            editing.put(key, value)
    for key, value in proved.came.changes:
        if value is None or key[:1] != PATH_TYPE:
            continue
        path, entry = key_path(key), decode_path_entry(value)
        above = (editing.entry(path[:depth]) for depth in range(1, len(path)))
        if any(found is not None and not found.is_directory for found in above) or (
            entry.type is not EntryType.DIRECTORY and editing.has_below(path)
        ):
            raise Refused(proved.id, "its unsaved changes put something below what is no directory")
    editing.save()
