"""Head: where one writer of a MiMei stands. `seq` and `prev` chain one writer's heads."""

from collections.abc import Iterable
from typing import ClassVar

from msgspec import Struct

from leither.codec import Cid
from leither.mimei.record import U64, Id, Seq, SignedRecord


class Release(Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A version put forward as the released one. The highest turn wins, then the lowest writer number."""

    version: Cid
    turn: U64


class Head(SignedRecord, frozen=True, kw_only=True, tag="head"):
    """Signed by the writer. `tip` is its newest version; `sealed` that version's sealed CID when private."""

    KIND: ClassVar[str] = "head"

    mimei: Id
    epoch: U64
    seq: Seq
    tip: Cid
    prev: Cid | None = None
    sealed: Cid | None = None
    release: Release | None = None


def winning_release(heads: Iterable[tuple[int, Head]]) -> Release | None:
    """Return the release that wins among (writer number, head) pairs of writers who may release."""
    best: tuple[int, int] | None = None
    winner = None
    for number, head in heads:
        if head.release is not None and (best is None or (head.release.turn, -number) > best):
            best, winner = (head.release.turn, -number), head.release
    return winner
