"""How a MiMei stands, as far as it takes to tell which of two standings is the newer one."""

from collections.abc import Mapping
from typing import Self

import msgspec
from msgspec import Struct

from leither.codec import Cid
from leither.mimei.control import Control
from leither.mimei.head import Head, winning_release
from leither.people.right import Act


class Sight(Struct, frozen=True, array_like=True):
    """One standing. Controls know those before them, heads their number; both only ever go forward.

    Fields: control: its CID. epoch: of the control. length: how many controls there were, it included; 0 where that
    was not seen. seqs: the sequence number of each writer's head. turn: of the release.
    """

    control: bytes
    epoch: int
    length: int
    seqs: dict[int, int]
    turn: int

    @classmethod
    def of(cls, control: Control, heads: Mapping[int, Head], *, length: int) -> Self:
        """Return what a control and the heads of its writers come to."""
        acts = {writer.number: Act(writer.rights) for writer in control.writers}
        release = winning_release((number, head) for number, head in heads.items() if Act.RELEASE in acts[number])
        return cls(
            bytes(control.cid),
            control.epoch,
            length,
            {number: head.seq for number, head in heads.items()},
            release.turn if release is not None else 0,
        )

    @property
    def rank(self) -> tuple[int, int, int, int]:
        """What sorts standings that don't contradict each other, the newest last."""
        return self.epoch, self.length, self.turn, sum(self.seqs.values())

    def has_more_than(self, other: "Sight") -> bool:
        """Tell whether some writer stands further here."""
        return any(seq > other.seqs.get(number, -1) for number, seq in self.seqs.items())

    def joined(self, later: "Sight", control: Control) -> "Sight":
        """Return what is known once `later`, under `control`, was seen too. Of writers that were cut nothing stays."""
        seqs = {number: seq for number, seq in self.seqs.items() if _stands(control, number)}
        for number, seq in later.seqs.items():
            seqs[number] = max(seq, seqs.get(number, 0))
        return msgspec.structs.replace(later, seqs=seqs)


def behind(seen: Sight, now: Sight, control: Control, *, follows: bool) -> str | None:
    """Return why a standing is older than one that was seen before; None if it isn't.

    Args: control: of `now`. follows: whether the controls before it lead to the one that was seen.
    A control that doesn't follow may join two that contradicted each other: then there are more before it, or its epoch
    is higher, than of either.
    """
    if now.control != seen.control and not follows:
        is_longer = now.epoch == seen.epoch and seen.length and now.length > seen.length
        if now.epoch <= seen.epoch and not is_longer:
            return f"its control {Cid(now.control)} is older than {Cid(seen.control)}, which was seen before"
    for number, seq in seen.seqs.items():
        if _stands(control, number) and now.seqs.get(number, -1) < seq:
            return f"writer {number} stands at {now.seqs.get(number, 0):,}, and was seen at {seq:,} before"
    return None


def _stands(control: Control, number: int) -> bool:
    return any(writer.number == number for writer in control.writers) and control.cut_of(number) is None
