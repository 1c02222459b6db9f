"""Where copies are and how old: of what is the owner's at paired nodes, and of what is kept here for those."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from enum import StrEnum

from leither.codec import BlockMissing, Cid
from leither.crypto import MimeiId, PeerId
from leither.mimei.version import Version
from leither.ports import View
from leither.service.cur import Cur
from leither.service.engines import Engines
from leither.service.holding import Mimei, heads, load, load_all
from leither.service.pair_marks import mark_of
from leither.service.pair_rows import KeptRow, PairRow, ToldRow, is_wished, peer_of, read_kept, read_pairs, told_row


class CopyState(StrEnum):
    """How a copy stands to what is here."""

    CURRENT = "current"
    """It is what is here."""
    BEHIND = "behind"
    """It was what is here, and isn't any more."""
    APART = "apart"
    """It has what is not here, or nothing is known of how it stands."""
    WAITING = "waiting"
    """Nothing has come there yet."""
    STOPPED = "stopped"
    """Something stands in the way; `reason` says what."""


@dataclass(frozen=True, slots=True)
class Copy:
    """A copy at a paired node.

    Fields: at_ms: when it was last found to be what it is. current_ms: when it was last equal to what is here, 0 for
    never. reason: the code of what stands in the way of more, empty for nothing.
    """

    node: bytes
    name: str
    state: CopyState
    at_ms: int
    current_ms: int
    size_bytes: int
    reason: str

    @property
    def peer(self) -> PeerId:
        """The peer id of the paired node."""
        return peer_of(self.node)


@dataclass(frozen=True, slots=True)
class Backed:
    """Something of the owner's, and where copies of it are.

    Fields: version_ms: when its last version was made, None where it has none. unsaved: changes that no version holds.
    """

    mimei: Mimei
    version_ms: int | None
    unsaved: int
    copies: tuple[Copy, ...]

    @property
    def is_safe(self) -> bool:
        """Whether some other node holds all of it."""
        return not self.unsaved and any(copy.state is CopyState.CURRENT for copy in self.copies)


def backed(engines: Engines, view: View) -> Iterator[Backed]:
    """Yield all that is the owner's, by id, with its copies. Cost: O(MiMei × paired nodes)."""
    pairs = list(read_pairs(view))
    for held in load_all(engines, view):
        if held.facts.own and held.facts.user is None:
            yield _backed(engines, view, held, pairs)


def where(engines: Engines, view: View, mimei: MimeiId) -> Backed:
    """Return where copies of a MiMei are, as far as paired nodes have told. Raises: MimeiNotFound."""
    return _backed(engines, view, load(engines, view, mimei), list(read_pairs(view)))


def _backed(engines: Engines, view: View, held: Mimei, pairs: Collection[tuple[bytes, PairRow]]) -> Backed:
    mark = mark_of(engines, view, held)
    copies = []
    for node, row in pairs:
        told = told_row(view, node, held.id)
        if told is not None or (is_wished(row, held) and held.base is not None):
            copies.append(_copy(node, row, told, mark))
    return Backed(held, _version_ms(held), Cur(engines, view, held).unsaved_count(), tuple(copies))


def _copy(node: bytes, row: PairRow, told: ToldRow | None, mark: bytes) -> Copy:
    if told is None:
        return Copy(node, row.name, CopyState.WAITING, 0, 0, 0, "")
    if told.mark and told.mark == mark:
        state = CopyState.CURRENT
    elif told.reason:
        state = CopyState.STOPPED
    elif not told.mark:
        state = CopyState.WAITING
    else:
        state = CopyState.BEHIND if told.mark == told.known else CopyState.APART
    return Copy(node, row.name, state, told.at_ms, told.known_ms, told.size_bytes, told.reason)


def _version_ms(held: Mimei) -> int | None:
    """Return when the newest version was made that says so: a merge says nothing, what it joins does."""
    pending = [held.base] if held.base is not None else []
    times: list[int] = []
    while pending:
        try:
            version = held.engines.record(Version, pending.pop())
        except BlockMissing:
            continue
        if version.time is not None:
            times.append(version.time)
        else:
            pending += version.parents
    return max(times, default=None)


def kept_here(view: View) -> Iterator[tuple[bytes, PairRow, MimeiId, KeptRow]]:
    """Yield (node, its row, MiMei, how it is kept) of all that is kept here for paired nodes."""
    for node, row in read_pairs(view):
        for mimei, kept in read_kept(view, node):
            yield node, row, mimei, kept


def tips_here(engines: Engines, view: View, mimei: MimeiId) -> list[Cid]:
    """Return the newest version of each writer of a MiMei that is here."""
    return [head.tip for _, head, _ in heads(engines, view, mimei)]
