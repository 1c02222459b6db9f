"""Two histories of one writer: where each writer stands, unless its heads or versions can't be of one chain."""

from collections.abc import Iterable
from itertools import pairwise

from leither.codec import Cid
from leither.crypto import MimeiId, id_text, key_id
from leither.errors import Conflict
from leither.mimei.control import Control, Cut
from leither.mimei.head import Head
from leither.mimei.standing import heads_that_count
from leither.mimei.version import Version
from leither.service.engines import Engines


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


def newest_heads(
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


def refuse_clones(
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
