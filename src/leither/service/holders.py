"""Who else holds a MiMei, as those tell who are asked now, and how what they hold stands to what is here."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.mimei.head import Head
from leither.mimei.sight import Sight
from leither.service.controls import is_or_follows
from leither.service.engines import Engines
from leither.service.holding import Mimei, heads, load
from leither.service.resolving_lookup import Answer
from leither.service.resolving_talk import Told


class HolderState(StrEnum):
    """How what a holder tells of stands to what is here."""

    CURRENT = "current"
    """It is what is here."""
    BEHIND = "behind"
    """Here is more."""
    AHEAD = "ahead"
    """There is more."""
    APART = "apart"
    """Each has what the other lacks."""


@dataclass(frozen=True, slots=True)
class HeldBy:
    """A node that holds a MiMei."""

    peer: PeerId
    state: HolderState


def compare(engines: Engines, mimei: MimeiId, answers: Sequence[Answer]) -> list[HeldBy]:
    """Return who told what, by peer. Raises: MimeiNotFound."""
    with engines.state.read() as view:
        held = load(engines, view, mimei)
        known = {number: (head, cid) for number, head, cid in heads(engines, view, mimei)}
    found = [
        HeldBy(holder.peer, state)
        for answer in answers
        for state in (_state(engines, held, known, answer.told),)
        for holder in answer.holders
    ]
    return sorted(found, key=lambda one: one.peer)


def _state(engines: Engines, held: Mimei, known: dict[int, tuple[Head, Cid]], told: Told) -> HolderState:
    mine = Sight.of(held.control, {number: head for number, (head, _) in known.items()}, length=0)
    here, there = mine.has_more_than(told.sight), told.sight.has_more_than(mine)
    if told.control.cid != held.control.cid:
        is_older = is_or_follows(engines, held.control, told.control.cid)
        here, there = here or is_older, there or not is_older
    if here and there:
        return HolderState.APART
    if not here and not there:
        same = set(told.standing.heads) == {cid for _, cid in known.values()}
        return HolderState.CURRENT if same else HolderState.APART
    return HolderState.BEHIND if here else HolderState.AHEAD
