"""Taking in MiMei that were proved: each is added, brought forward, or merged; all in one change, or none."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, ExitStack, nullcontext
from dataclasses import dataclass
from functools import partial
from itertools import count, pairwise

import msgspec

from leither import limits
from leither.codec import Cid
from leither.crypto import KeyId, MimeiId, id_text, key_id
from leither.errors import Conflict
from leither.mimei.control import Control
from leither.mimei.entry import EntryType, decode_path_entry
from leither.mimei.head import Head
from leither.mimei.path import PATH_TYPE, key_path
from leither.mimei.record import NotARecord
from leither.mimei.standing import newest_drafts, tips_that_count, versions_that_count
from leither.mimei.version import Version
from leither.ports import Lease, Transaction, View
from leither.service import tables
from leither.service.backup import backup
from leither.service.catalog import referrers
from leither.service.clones import ClonedWriter, newest_heads, refuse_clones
from leither.service.controls import newer_control
from leither.service.cur import Edit
from leither.service.demand_rows import DemandRow, put_demand
from leither.service.derived import check_unsaved
from leither.service.drafting import share_cur
from leither.service.editing import open_edit
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.footing import CurChanged, stand_on
from leither.service.holding import Holding, Mimei, drafts, ended_at, heads, load, save
from leither.service.kept import let_go
from leither.service.merge import join_drafts, join_tips, maximal_tips
from leither.service.proof import Came, Proved, prove
from leither.service.proof_of_records import Refused
from leither.service.succession import succeed_one
from leither.service.versions import forget_version, held_versions
from leither.service.writers import with_release


class CurBusy(Conflict):
    """The working copy was changed again and again while something was taken in."""

    code = "cur-busy"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"{self.id} was changed again and again while what came was taken in, so nothing was; try again when there "
            "is less writing"
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
    `cur` stands on then, if not on the newest version. seq: the highest of this node's own that others have seen.
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
    seq: int


@dataclass(frozen=True, slots=True)
class _Work:
    """What was proved, with what reads and writes its contents: of a private MiMei they open and seal."""

    engines: Engines
    lease: Lease
    proved: Proved


def arrive(
    engines: Engines,
    lease: Lease,
    shelves: Sequence[Came],
    *,
    user: KeyId | None = None,
    guard: Callable[[], AbstractContextManager[None]] = nullcontext,
) -> tuple[Arrived, ...]:
    """Take in MiMei whose blocks are stored. Changes of `cur` count only for one that is new here.

    What is new belongs to its author if they are here, else to `user` or the owner, who bring it.
    Unsaved changes of one whose `last` moves are backed up first, or shared as a draft where drafts are.
    guard: what the change of the state is made within.
    Raises: what `guard` and `prove` do, ClonedWriter, ControlDiverged, NotTheAuthor, NotYours, QuotaReached,
        UserQuotaReached, CurBusy.
    """
    with ExitStack() as leases:
        work = [_work(engines, lease, came, leases) for came in shelves]
        return _arrive(engines, work, user, guard)


def _work(engines: Engines, lease: Lease, came: Came, leases: ExitStack) -> _Work:
    if came.within is not None:
        engines = came.within
        lease = leases.enter_context(engines.blocks.lease())
    return _Work(engines, lease, prove(engines, lease, came))


def _arrive(
    engines: Engines, work: Sequence[_Work], user: KeyId | None, guard: Callable[[], AbstractContextManager[None]]
) -> tuple[Arrived, ...]:
    proved = [each.proved for each in work]
    ids = sorted(one.id for one in proved)
    for one, other in pairwise(ids):
        if one == other:
            raise Refused(one, "it came twice")
    with ExitStack() as locks:
        for mimei in ids:
            locks.enter_context(engines.lock(mimei))
        for tries in count(1):
            plans = [_plan(each.engines, each.lease, each.proved, user) for each in work]
            for each in work:
                each.lease.flush()
            try:
                with guard():
                    insist = tries > limits.ARRIVAL_TRIES_MAX
                    engines.state.write(partial(_enter_all, engines, plans, insist=insist))
                break
            except CurChanged:  # somebody wrote into `cur` since the plan was made
                if tries > 2 * limits.ARRIVAL_TRIES_MAX:
                    raise CurBusy(proved[0].id) from None
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
        newest = newest_heads(engines, proved.id, standing, before, proved.heads)
        shared_here = drafts(view, held) if held is not None else {}
        shared = newest_drafts(standing, shared_here, proved.drafts)
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
        refuse_clones(engines, proved.id, standing, known_versions, fresh)
    tips = tips_that_count(standing, newest, {*known_versions, *fresh})
    tip = join_tips(engines, proved.topic, standing, tips, lease)
    last = tip.cid if tip is not None else held.base if held is not None else None
    if tip is not None and held is not None and tip.cid == held.base:
        tip = None
    draft = join_drafts(engines, proved.topic, standing, last, [one.cid for one in shared.values()], lease)
    moves = tip is not None or (draft or b"") != (held.row.draft if held is not None else b"")
    own = standing.writer(engines.identity.node.public)
    seq = _seen_of(own.number, proved) if own is not None else 0
    if held is not None and own is not None and seq > held.row.seq and (held.row.dirty or own.number in shared_here):
        raise ClonedWriter(proved.id, own.number, own.key, seq)  # others have seen what this copy of its home has not
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
        proved, held is not None, user, standing, fresh, newest, tip, kept, arrived, event, standing_drafts, draft, seq
    )


def _seen_of(number: int, proved: Proved) -> int:
    """Return the highest seq of a writer that is seen in what came."""
    came = (*proved.versions.values(), *proved.drafts.values())
    return max((contents.seen_map.get(number, 0) for contents in came), default=0)


def _read(engines: Engines, mimei: MimeiId, cid: Cid) -> Version | None:
    """Return a version of the MiMei, None if it isn't here or is of another, as what a fork stands on is."""
    if not engines.blocks.has(cid):
        return None
    try:
        version = engines.record(Version, cid)
    except NotARecord:
        return None
    return version if version.mimei == mimei else None


def _enter_all(engines: Engines, plans: Sequence[_Plan], transaction: Transaction, *, insist: bool) -> None:
    for plan in plans:
        _enter(engines, transaction, plan, insist=insist)


def _enter(engines: Engines, transaction: Transaction, plan: _Plan, *, insist: bool) -> None:
    proved, mimei = plan.proved, plan.proved.id
    if plan.held:
        row = load(engines, transaction, mimei).row
    else:
        came, seq = proved.came, ended_at(transaction, mimei)
        row = Holding(came.genesis, plan.control.cid, seq=seq, user=plan.user or b"", sealed=came.sealed or b"")
    writer = plan.control.writer(engines.identity.node.public)
    row = msgspec.structs.replace(
        row, control=plan.control.cid, number=writer.number if writer else 0, seq=max(row.seq, plan.seq)
    )
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
    for number in drafts(transaction, load(engines, transaction, mimei)):
        transaction.delete(tables.draft(mimei, number))
    for number, cid in plan.drafts.items():
        transaction.put(tables.draft(mimei, number), cid)
    _stand(engines, transaction, plan, insist=insist)
    _drop(engines, transaction, load(engines, transaction, mimei), plan)
    if not plan.held and proved.came.changes:
        _take_changes(open_edit(engines, transaction, load(engines, transaction, mimei)), proved)


def _stand(engines: Engines, transaction: Transaction, plan: _Plan, *, insist: bool) -> None:
    """Let `cur` stand on what came, if it is to move."""
    held = load(engines, transaction, plan.proved.id)
    if plan.tip is not None or (plan.draft or b"") != held.row.draft:
        last = plan.tip.cid if plan.tip is not None else held.base
        stand_on(engines, transaction, held.id, last, plan.draft, insist=insist)


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
