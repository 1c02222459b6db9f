"""What is told of a private MiMei that is kept here sealed: to its author, and to who had it kept."""

from collections.abc import Mapping, Sequence

from leither.codec import Cid
from leither.codec.sealed import check
from leither.crypto import MimeiId
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.ports import View
from leither.service.engines import Engines
from leither.service.kept import Kept, kept
from leither.service.pair_rows import persons_with
from leither.service.sync_offer import Offer, controls_after


def kept_offer(
    engines: Engines, view: View, mimei: MimeiId, keys: Sequence[bytes], *, control: Cid | None, known: Sequence[Cid]
) -> Offer | None:
    """Return what who has shown these keys is told; None where that is nothing.

    Args: control, known: the control and the heads that they have. Cost: reads a block of each version.
    """
    found = _theirs(engines, view, mimei, keys)
    if found is None:
        return None
    shelf = found.shelf
    tips = [engines.record(Head, cid).sealed for cid in shelf.heads if cid not in known]
    versions = () if control == shelf.control and not tips else _from_below(engines, found.versions)
    return Offer(
        genesis=shelf.genesis,
        control=shelf.control,
        heads=shelf.heads,
        records=(
            *(() if known else (shelf.genesis,)),
            *controls_after(engines, shelf.control, control),
            *(cid for cid in shelf.heads if cid not in known),
            *(tip for tip in tips if tip is not None and tip not in found.versions),
        ),
        versions=tuple(versions),
        plain=(),
        released=False,
        sealed=True,
    )


def _theirs(engines: Engines, view: View, mimei: MimeiId, keys: Sequence[bytes]) -> Kept | None:
    """Return what is kept of one's own, else what one had kept of somebody else's."""
    if not keys:
        return None
    had_kept = None
    for one in kept(engines, view, mimei):
        if not set(engines.record(Control, one.shelf.control).lineage).isdisjoint(keys):
            return one
        if not persons_with(view, one.author, mimei).isdisjoint(keys):
            had_kept = one
    return had_kept


def _from_below(engines: Engines, versions: Mapping[Cid, bool]) -> list[tuple[Cid, bool]]:
    """Return versions with whether their numbers name them, those below before those above."""
    below = {cid: check(cid, engines.blocks.get(cid)).before for cid in versions}
    found: dict[Cid, bool] = {}
    pending = sorted(versions, reverse=True)
    while pending:
        cid = pending[-1]
        rest = [under for under in below[cid] if under in below and under not in found]
        if rest:
            pending += rest
        else:
            found[pending.pop()] = versions[cid]
    return list(found.items())
