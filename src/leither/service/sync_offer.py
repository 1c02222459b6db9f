"""What of a MiMei is told to who asks for it: what the policy lets them read, and of that what they lack."""

import heapq
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass

from leither.codec import Cid
from leither.mimei.control import Control
from leither.mimei.draft import Draft
from leither.mimei.head import Head
from leither.mimei.record import NotARecord
from leither.mimei.version import Version
from leither.people import Act
from leither.ports import View
from leither.service import tables
from leither.service.demand_rows import read_demand
from leither.service.engines import Engines
from leither.service.holding import Mimei, heads
from leither.service.holding import drafts as drafts_of
from leither.service.private import sealed_form
from leither.service.versions import held_versions, is_held


@dataclass(frozen=True, slots=True)
class Offer:
    """What one asker may have of a MiMei.

    Fields: genesis: its sealed form where the MiMei is private. records: CIDs of records that the asker lacks, to be
    sent along. versions: (CID or sealed form, whether its number names it), lower ones first. plain: the CIDs
    of these versions. released: the released version is all they may read. sealed: the MiMei is private.
    drafts: those that the asker lacks. partial: it is on demand here.
    """

    genesis: Cid
    control: Cid
    heads: tuple[Cid, ...]
    records: tuple[Cid, ...]
    versions: tuple[tuple[Cid, bool], ...]
    plain: tuple[Cid, ...]
    released: bool
    sealed: bool
    drafts: tuple[Cid, ...] = ()
    partial: bool = False


def may_be_told(held: Mimei, acts: Act) -> bool:
    """Tell whether somebody who may do `acts` is told anything of a MiMei."""
    return Act.READ_VERSIONS in acts or (Act.READ_RELEASE in acts and held.release is not None)


def offer(
    engines: Engines,
    view: View,
    held: Mimei,
    acts: Act,
    *,
    control: Cid | None,
    known: Sequence[Cid],
    drafts: Collection[Cid] | None = None,
) -> Offer | None:
    """Return what somebody who may do `acts` is told; None where that is nothing.

    Args: control, known: the control and the heads that they have. drafts: those that they have, None where they want
        none. Cost: in proportion to what they lack.
    """
    if not may_be_told(held, acts):
        return None
    released = Act.READ_VERSIONS not in acts
    all_heads = heads(engines, view, held.id)
    if released:
        assert held.release is not None
        found = [held.release]
    else:
        vouched = [head.tip for _, head, _ in all_heads]
        vouched += [head.release.version for _, head, _ in all_heads if head.release is not None]
        found = _lacking(view, held, vouched, _tips(engines, held, known))
    shared = _new_drafts(engines, view, held, acts, drafts)
    numbered = [(cid, view.get(tables.version(held.id, _version(held, cid).n)) == cid) for cid in found]
    lacking = [cid for _, _, cid in all_heads if cid not in known]
    return Offer(
        genesis=Cid(held.row.sealed or held.row.genesis),
        control=Cid(held.row.control),
        heads=tuple(cid for _, _, cid in all_heads),
        records=(
            *(() if known else (Cid(held.row.sealed or held.row.genesis),)),
            *controls_after(engines, Cid(held.row.control), control),
            *lacking,
            *(() if released else _dropped_tips(engines, view, held, lacking)),
        ),
        versions=tuple((sealed_form(held.engines.blocks, cid) or cid, is_named) for cid, is_named in numbered),
        plain=(*found, *(cid for cid, _ in shared)),
        released=released,
        sealed=held.is_private,
        drafts=tuple(name for _, name in shared),
        partial=read_demand(view, held.id) is not None,
    )


def shared_with(engines: Engines, view: View, held: Mimei, acts: Act) -> dict[int, Draft]:
    """Return the drafts, by writer number, that who may do `acts` is told of: may read `cur`, and what it stands on."""
    if Act.READ_CUR not in acts or Act.READ_VERSIONS not in acts:
        return {}
    return drafts_of(view, held)


def _new_drafts(
    engines: Engines, view: View, held: Mimei, acts: Act, known: Collection[Cid] | None
) -> list[tuple[Cid, Cid]]:
    """Return each draft that the asker lacks with what it goes by: its sealed form, if the MiMei is private."""
    if known is None:
        return []
    shared = [draft.cid for draft in shared_with(engines, view, held, acts).values()]
    named = [(cid, sealed_form(held.engines.blocks, cid) or cid) for cid in shared]
    return [(cid, name) for cid, name in named if name not in known]


def _version(held: Mimei, cid: Cid) -> Version:
    return held.engines.record(Version, cid)


def _tips(engines: Engines, held: Mimei, known: Iterable[Cid]) -> list[Cid]:
    """Return the tips of those of the asker's heads that are known here."""
    found = []
    for cid in known:
        try:
            head = engines.record(Head, cid) if engines.blocks.has(cid) else None
        except NotARecord:
            continue
        if head is not None and head.mimei == held.id:
            found.append(head.tip)
    return found


def controls_after(engines: Engines, newest: Cid, known: Cid | None) -> Iterator[Cid]:
    """Yield the controls after the one the asker has, newest first; nothing if that is the newest."""
    cid: Cid | None = newest
    while cid is not None and cid != known and engines.blocks.has(cid):
        yield cid
        cid = engines.record(Control, cid).prev


def _dropped_tips(engines: Engines, view: View, held: Mimei, lacking: Iterable[Cid]) -> Iterator[Cid]:
    """Yield tips that their author deleted, in the form that is stored: they still say what had been seen."""
    for head in (engines.record(Head, cid) for cid in lacking):
        stored = head.sealed or head.tip
        if not is_held(engines, view, held, head.tip) and engines.blocks.has(stored):
            yield stored


def _lacking(view: View, held: Mimei, vouched: Sequence[Cid], known: Iterable[Cid]) -> list[Cid]:
    """Return the versions that who has the versions `known` lacks, lower ones first.

    Whoever has none of what is here is told all. A merge that nothing stands on is not told: its tips make it again.
    Args: vouched: what the heads stand for. Cost: the versions down to those that both have.
    """
    engines = held.engines
    have = [cid for cid in known if is_held(engines, view, held, cid)]
    if not have:
        numbers = {cid: _version(held, cid).n for cid in held_versions(view, held.id)}
        needed = {*vouched, *(parent for cid in numbers for parent in _version(held, cid).parents)}
        told = (cid for cid in numbers if cid in needed or not _version(held, cid).is_merge)
        return sorted(told, key=lambda cid: (numbers[cid], cid))
    lacking: dict[Cid, int] = {}
    common = set(have)
    met: set[Cid] = set()
    queue: list[tuple[int, Cid]] = []

    def visit(cid: Cid) -> None:
        if cid not in met and is_held(engines, view, held, cid):
            met.add(cid)
            heapq.heappush(queue, (-_version(held, cid).n, cid))

    for cid in (*have, *vouched):
        visit(cid)
    while any(cid not in common for _, cid in queue):
        _, cid = heapq.heappop(queue)  # after all that stand on it, which are numbered above it
        version = _version(held, cid)
        if cid in common:
            common.update(version.parents)
        else:
            lacking[cid] = version.n
        for parent in version.parents:
            visit(parent)
    return sorted(lacking, key=lambda cid: (lacking[cid], cid))
