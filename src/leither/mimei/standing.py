"""What counts of each writer under a control: of one that stands all, of one that was cut off what came before.

A cut names the last head accepted. Whatever else that writer signs counts no more, however high it counts, and what
others made of it may rest on that. But what a standing writer had built on it stays.
"""

from collections.abc import Callable, Collection, Iterable, Mapping

from leither.codec import Cid
from leither.mimei.control import Control, WriterEntry
from leither.mimei.draft import Draft
from leither.mimei.head import Head, winning_release
from leither.mimei.version import Version
from leither.people.right import Act


def heads_that_count(
    control: Control, number: int, *, held: Head | None, came: Head | None, accepted: Head | None
) -> list[Head]:
    """Return the heads of one writer that count, oldest first; the last is where it stands.

    Args: held: what was known before. came: what is new. accepted: the head that its cut names, if it is here.
    Of a writer that was cut off that head alone counts; until it is here, what was known of the time before.
    """
    cut = control.cut_of(number)
    if cut is None:
        return sorted((head for head in (held, came) if head is not None), key=lambda head: head.seq)
    if accepted is not None:
        return [accepted]
    return [held] if held is not None and held.seq < cut.seq else []


def newest_drafts(control: Control, held: Mapping[int, Draft], came: Mapping[int, Draft]) -> dict[int, Draft]:
    """Return the newest draft of each writer who was not cut off, by number; of one seq, the one that is held."""
    found: dict[int, Draft] = {}
    for number in held.keys() | came.keys():
        if control.cut_of(number) is None:
            both = [drafts[number] for drafts in (held, came) if number in drafts]
            found[number] = max(both, key=lambda draft: draft.seen_map[number])
    return found


def tips_that_count(control: Control, heads: Mapping[int, Head], here: Collection[Cid]) -> set[Cid]:
    """Return what the heads come to where only the versions `here` are held: their tips, and the released version.

    Of a tip that the author deleted the record is kept, and says what it had seen. The release counts where some tip
    is not held, since it may not be read.
    """
    tips = {head.tip for head in heads.values()}
    found = {tip for tip in tips if tip in here or tip in control.dropped}
    if len(found) < len(tips):
        acts = {writer.number: writer.rights for writer in control.writers}
        release = winning_release((number, head) for number, head in heads.items() if acts.get(number, 0) & Act.RELEASE)
        if release is not None and release.version in here:
            found.add(release.version)
    return found


def versions_that_count(
    control: Control,
    heads: Mapping[int, Head],
    versions: Mapping[Cid, Version],
    *,
    remade: Collection[Cid],
    read: Callable[[Cid], Version | None],
) -> set[Cid]:
    """Return which of `versions` count, all of which are proved.

    Args: heads: where each writer stands. remade: merges that came out the same when they were made again from their
        parents. read: the record of a version that is here, None of one that isn't.
    Cost: O(1) a version where nobody was cut off; else the history below the heads as well.
    """
    if not control.cut:
        return set(versions)
    standing = {cid for cid, version in versions.items() if _is_standing(control, version)}
    found = _below([*standing, *_vouched_for(control, heads)], lambda cid: versions.get(cid) or read(cid))
    counting = versions.keys() & found
    counting |= _left_behind(control, heads, versions, counting, read)
    for cid, version in sorted(versions.items(), key=lambda item: item[1].n):
        if cid in remade and counting.issuperset(version.parents):
            counting.add(cid)
    return counting


def _is_standing(control: Control, version: Version) -> bool:
    writer = _writer(control, version)
    return writer is not None and control.cut_of(writer.number) is None


def _writer(control: Control, version: Version) -> WriterEntry | None:
    return None if version.by is None else control.writer(version.by)


def _vouched_for(control: Control, heads: Mapping[int, Head]) -> Iterable[Cid]:
    """Yield what heads that count stand for: their tips, and what those of writers who may release put forward."""
    acts = {writer.number: writer.rights for writer in control.writers}
    for number, head in heads.items():
        yield head.tip
        if head.release is not None and acts.get(number, 0) & Act.RELEASE:
            yield head.release.version


def _below(roots: Iterable[Cid], read: Callable[[Cid], Version | None]) -> set[Cid]:
    """Return `roots` and all they stand on, as far as it is here."""
    found: set[Cid] = set()
    pending = list(roots)
    while pending:
        cid = pending.pop()
        if cid not in found and (version := read(cid)) is not None:
            found.add(cid)
            pending += version.parents
    return found


def _left_behind(
    control: Control,
    heads: Mapping[int, Head],
    versions: Mapping[Cid, Version],
    counting: Collection[Cid],
    read: Callable[[Cid], Version | None],
) -> set[Cid]:
    """Return versions that nothing leads to any more, since the author deleted some between.

    They are told from what was signed after the cut by their place in the writer's history, which must be one that
    those who count have seen, and that no version that counts has.
    """
    if not control.dropped:
        return set()
    seen: dict[int, int] = {cut.number: cut.seq for cut in control.cut}
    for head in heads.values():
        tip = versions.get(head.tip) or read(head.tip)
        for number, seq in (tip.seen_map if tip is not None else {}).items():
            seen[number] = max(seq, seen.get(number, 0))
    taken = {_place(control, versions[cid]) for cid in counting}
    found: dict[tuple[int, int], Cid] = {}
    for cid in sorted(versions.keys() - set(counting)):
        place = _place(control, versions[cid])
        if place is not None and place not in taken and place[1] <= seen.get(place[0], 0):
            found.setdefault(place, cid)
    return set(found.values())


def _place(control: Control, version: Version) -> tuple[int, int] | None:
    """Return (writer number, seq) of a version; None of a merge, which is nobody's."""
    writer = _writer(control, version)
    return None if writer is None else (writer.number, version.seen_map.get(writer.number, 0))
