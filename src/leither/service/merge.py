"""Merging diverged versions: the join of their entries, the same bytes on every node that knows the same tips."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId, id_text
from leither.errors import Conflict
from leither.merkle import Tip, join
from leither.mimei.contents import Contents
from leither.mimei.control import Control
from leither.mimei.draft import Draft
from leither.mimei.genesis import Genesis
from leither.mimei.standing import tips_that_count
from leither.mimei.version import Version, seen_tuple
from leither.ports import Lease, Transaction
from leither.service.backup import backup
from leither.service.content import derive_content
from leither.service.cur import weight
from leither.service.derived import settle_derived
from leither.service.engines import Engines
from leither.service.entries import VersionEntries
from leither.service.events import Event
from leither.service.footing import CurChanged, stand_on
from leither.service.holding import drafts, heads, load, within
from leither.service.private import PrivateUnsupported, lease_joining, put_version
from leither.service.shadows import settle_shadows
from leither.service.versions import held_versions
from leither.service.writers import advance, ensure_writer, next_head, own_release


class NotRelated(Conflict):
    """The versions don't descend from one MiMei, so their entries can't be joined."""

    code = "not-related"

    def __init__(self, mimei: MimeiId) -> None:
        self.id = id_text(mimei)
        super().__init__(
            f"the version to merge shares no history with {self.id}; only forks and copies of it can be merged"
        )


@dataclass(frozen=True, slots=True)
class Merged:
    """What a merge did. `cid` is the version `cur` stands on now, if there is one; `merged` whether it is a new one."""

    cid: Cid | None
    merged: bool


def merge(engines: Engines, mimei: MimeiId, others: Iterable[Cid] = ()) -> Merged:
    """Join what the MiMei's writers have, and `others`: versions of its forks. Unsaved changes are backed up first.

    Without `others` the result is nobody's: it follows from the writers' tips alone. With them this node signs it.
    Raises: MimeiNotFound, NotRelated, NotTheAuthor, BlockMissing, PrivateUnsupported.
    """
    forks = list(others)
    with engines.lock(mimei):
        while True:
            _save_changes(engines, mimei)
            engines = within(engines, mimei)
            try:
                with engines.blocks.lease() as lease:
                    merged = (
                        _merge_forks(engines, mimei, forks, lease) if forks else _merge_writers(engines, mimei, lease)
                    )
                break
            except CurChanged:
                continue  # somebody wrote into `cur` since; that is saved and joined as well
    if merged.merged and merged.cid is not None:
        engines.events.tell(Event(mimei, "merge", merged.cid.text))
    return merged


def _save_changes(engines: Engines, mimei: MimeiId) -> None:
    with engines.state.read() as view:
        row = load(engines, view, mimei).row
    if row.dirty or (row.draft and row.number):
        backup(engines, mimei, note="before a merge")


def _merge_writers(engines: Engines, mimei: MimeiId, lease: Lease) -> Merged:
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        standing = {number: head for number, head, _ in heads(engines, view, mimei)}
        tips = tips_that_count(held.control, standing, held_versions(view, mimei))
        shared = [draft.cid for draft in drafts(view, held).values()]
    version = join_tips(engines, held.genesis, held.control, tips, lease)
    if version is None or version.cid == held.base:
        return Merged(held.base, merged=False)
    draft = join_drafts(engines, held.genesis, held.control, version.cid, shared, lease)
    lease.flush()
    engines.state.write(lambda transaction: stand_on(engines, transaction, mimei, version.cid, draft))
    return Merged(version.cid, merged=True)


def _merge_forks(engines: Engines, mimei: MimeiId, others: list[Cid], lease: Lease) -> Merged:
    held = ensure_writer(engines, mimei, lease)
    if held.is_private:
        raise PrivateUnsupported(mimei, "merging a fork")
    tips = maximal_tips(engines, (cid for cid in (held.base, *others) if cid is not None))
    joined = join_tips(engines, held.genesis, held.control, tips, lease)
    if joined is None or joined.cid == held.base:
        return Merged(held.base, merged=False)
    if len(tips) == 1:  # a fork that went on from here: its state, as a version of this MiMei
        joined = msgspec.structs.replace(joined, mimei=mimei, n=joined.n + 1, parents=(joined.cid,))
    own = {held.row.number: held.row.seq + 1}
    signed = msgspec.structs.replace(
        joined, seen=seen_tuple(joined.seen_map | own), note="merged", time=engines.clock.now_ms()
    )
    version = Version.decode(signed.signed(engines.identity.node).encode())
    head = next_head(engines, held, tip=version.cid, release=own_release(engines, held))
    lease.put_many((version.block, head.block))
    lease.flush()

    def append(transaction: Transaction) -> None:
        stand_on(engines, transaction, mimei, version.cid)
        advance(engines, transaction, mimei, load(engines, transaction, mimei).row, head, version.cid)

    engines.state.write(append)
    return Merged(version.cid, merged=True)


def join_tips(engines: Engines, topic: Genesis, control: Control, tips: Iterable[Cid], lease: Lease) -> Version | None:
    """Return the version that `tips` come to: the one that includes all, or the unsigned merge, which is stored.

    None without tips. Raises: NotRelated, BlockMissing, EpochKeyMissing.
    """
    versions = maximal_tips(engines, tips)
    if not versions:
        return None
    records = [engines.record(Version, cid) for cid in versions]
    if len(records) == 1:
        return records[0]
    fields, lease = _join(engines, topic, control, records, lease)
    merged = Version(**fields, n=max(record.n for record in records) + 1)
    put_version(lease, merged, engines.map(merged.side, merged.salt, lease).nodes)
    return merged


def join_drafts(
    engines: Engines, topic: Genesis, control: Control, last: Cid | None, shared: Collection[Cid], lease: Lease
) -> Cid | None:
    """Return what `cur` stands on where writers have `shared` drafts and `last` is the newest version.

    That is the draft that includes all, or an unsigned merge, which is stored; None where `last` includes the drafts.
    Raises: as `join_tips`.
    """
    tips = maximal_tips(engines, (*(() if last is None else (last,)), *shared))
    if not any(cid in tips for cid in shared):
        return None
    if len(tips) == 1:
        return tips[0]
    records = [engines.record(Contents, cid) for cid in tips]
    fields, lease = _join(engines, topic, control, records, lease)
    merged = Draft(**fields)
    put_version(lease, merged, engines.map(merged.side, merged.salt, lease).nodes)
    return merged.cid


def _join(
    engines: Engines, topic: Genesis, control: Control, records: Sequence[Contents], lease: Lease
) -> tuple[dict[str, Any], Lease]:
    """Return the fields that follow from the tips that are joined, and the lease under which it was stored."""
    epoch = max((record.key_epoch for record in records if record.key_epoch is not None), default=None)
    lease = lease_joining(lease, engines.blocks, _by_writer(control, records), epoch)
    first = records[0]
    if len({record.salt for record in records}) != 1:
        # Forks inherit the salt, and nobody else can: another one says that there is no common history.
        raise NotRelated(topic.id)
    before = engines.map(first.side, first.salt, lease)
    joined = join(
        before.nodes, [Tip(record.side, record.siblings, record.seen_map) for record in records], before.shape
    )
    side, siblings = settle_shadows(before, before.at(joined.root), joined.siblings)
    if topic.type == "db":
        side = settle_derived(side, [before.at(record.side) for record in records])
    changes = list(before.diff(side))
    content = derive_content(
        engines,
        lease,
        kind=topic.type,
        side=side.root,
        before=first.content,
        changed=[change.key for change in changes],
        look=VersionEntries(side).entry,
    )
    fields: dict[str, Any] = {
        "mimei": topic.id,
        "parents": tuple(sorted(record.cid for record in records)),
        "seen": seen_tuple(joined.seen),
        "content": content,
        "side": side.root,
        "siblings": siblings,
        "salt": first.salt,
        "size_bytes": first.size_bytes
        + sum(
            weight(key, after.value if after else None) - weight(key, old.value if old else None)
            for key, old, after in changes
        ),
        "key_epoch": epoch,
    }
    return fields, lease


def _by_writer(control: Control, records: Iterable[Contents]) -> list[Cid]:
    """Return the CIDs of versions by the numbers of their writers; those that nobody signed come last, by CID."""
    writers = {entry.key: entry.number for entry in control.writers}
    return [
        cid
        for _, cid in sorted(
            (writers.get(record.by or b"", limits.MAP_WRITER_MAX + 1), record.cid) for record in records
        )
    ]


def maximal_tips(engines: Engines, tips: Iterable[Cid]) -> list[Cid]:
    """Return, sorted, the signed versions and drafts that `tips` come from and that no other of them includes.

    Of a tip that another includes, its record is enough.
    """
    return _maximal(engines, _flatten(engines, tips))


def _flatten(engines: Engines, tips: Iterable[Cid]) -> set[Cid]:
    """Return the signed versions and drafts that `tips` come from: a merge stands for the tips it joined.

    A merge of which some were deleted stands for itself, which comes to the same: joining is associative.
    """
    found: set[Cid] = set()
    pending = list(tips)
    while pending:
        cid = pending.pop()
        record = engines.record(Contents, cid)
        if record.is_merge and all(engines.blocks.has(parent) for parent in record.parents):
            pending.extend(record.parents)
        else:
            found.add(cid)
    return found


def _maximal(engines: Engines, tips: Iterable[Cid]) -> list[Cid]:
    """Return, sorted, the tips that no other includes."""
    seen = {cid: engines.record(Contents, cid).seen_map for cid in tips}

    def included(cid: Cid) -> bool:
        return any(
            other != cid
            and all(seen[other].get(writer, 0) >= seq for writer, seq in seen[cid].items())
            and (seen[other] != seen[cid] or other < cid)
            for other in seen
        )

    return sorted(cid for cid in seen if not included(cid))
