"""Which of two controls stands: a node never goes back behind one it knew."""

import msgspec

from leither import limits
from leither.codec import Cid
from leither.errors import Conflict, PeerError
from leither.merkle import Nodes
from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.key_ring import KeyRing
from leither.mimei.revoking import undone
from leither.people.revoked import revoked_in_both
from leither.people.successor import KeysDiverged
from leither.ports import Lease
from leither.service.engines import Engines
from leither.service.persons import Person
from leither.service.private import clear


class ControlDiverged(Conflict):
    """Two controls of one author contradict each other, and this node can't sign what joins them."""

    code = "control-diverged"

    def __init__(self, held: Cid, came: Cid) -> None:
        self.held = held.text
        self.came = came.text
        super().__init__(
            f"controls {held} and {came} of one author contradict each other; "
            "import them on a node that holds the author's identity, then take its export"
        )


class ControlUndone(PeerError):
    """A control takes back what an author says once and for all."""

    code = "control-undone"

    def __init__(self, came: Cid, reason: str) -> None:
        self.came = came.text
        self.reason = reason
        super().__init__(f"control {came} is refused: {reason}; a later control can't undo that")


def newer_control(engines: Engines, lease: Lease, held: Control, came: Control) -> Control:
    """Return which of two controls stands, or what joins them where neither follows the other.

    The join is the same wherever the author's seed is: its fields follow from the two, and what either has taken from
    a writer stays taken. What one of them has already is not signed again, so that nodes that go on exchanging come to
    an end. Where a key took the place of another, what that one signs beside it counts for nothing.
    Raises: ControlDiverged, ControlUndone, KeysDiverged, NotARecord, TooManyRevoked.
    """
    if held.cid == came.cid or _follows(engines, held, came):
        return held
    if _follows(engines, came, held):
        if (reason := undone(held, came)) is not None:
            raise ControlUndone(came.cid, reason)
        return came
    if held.lineage != came.lineage:
        return _under_later_key(held, came)
    leading, other = sorted((held, came), key=lambda control: _standing(engines, control), reverse=True)
    nodes = Nodes(engines.blocks.get, clear(lease).put)
    lowered = {entry.number: entry.rights for entry in other.writers}
    numbers = {entry.number: entry for entry in other.writers} | {
        entry.number: WriterEntry(entry.number, entry.key, entry.rights & lowered.get(entry.number, entry.rights))
        for entry in leading.writers
    }
    keys = {entry.key for entry in (*held.writers, *came.writers)}
    if len(numbers) != len(keys):
        raise ControlDiverged(held.cid, came.cid)
    cuts = {cut.number: cut for cut in sorted((*held.cut, *came.cut), key=_earliest, reverse=True)}
    author = engines.persons.of_present_key(held.by)
    key_epoch, ring = _joined_ring(engines, lease, leading, other, author)
    joined = msgspec.structs.replace(
        leading,
        key_epoch=key_epoch,
        ring=ring,
        created=min(held.created, came.created),
        writers=tuple(numbers[number] for number in sorted(numbers)),
        cut=tuple(cuts[number] for number in sorted(cuts)),
        dropped=tuple(sorted({*held.dropped, *came.dropped})),
        revoked=revoked_in_both(nodes, leading.revoked, other.revoked),
        upheld=tuple(sorted({*held.upheld, *came.upheld})[: limits.GRANTS_MAX]),
    )
    if joined == leading:
        return leading
    if author is None:
        raise ControlDiverged(held.cid, came.cid)
    signed = Control.decode(msgspec.structs.replace(joined, prev=leading.cid, sig=None).signed(author.key).encode())
    clear(lease).put(signed.block)
    return signed


def _under_later_key(held: Control, came: Control) -> Control:
    """Return the one of two controls whose key took the place of the other's. Raises: KeysDiverged."""
    former, later = sorted((held, came), key=lambda control: len(control.lineage))
    for before, key, other in zip(former.lineage, former.lineage[1:], later.lineage[1:], strict=False):
        if key != other:
            raise KeysDiverged(before)
    return later


def _joined_ring(
    engines: Engines, lease: Lease, leading: Control, other: Control, author: Person | None
) -> tuple[int | None, Cid | None]:
    """Return the key epoch and ring of two controls joined: the later epoch's; of one epoch, for the readers of either.

    Who was left out by one of them alone is left out again once the readers are looked over.
    """
    first, second = leading.key_epoch or 0, other.key_epoch or 0
    if first != second:
        later = leading if first > second else other
        return later.key_epoch, later.ring
    if leading.ring is None or other.ring is None or leading.ring == other.ring:
        return (leading if leading.ring is not None else other).key_epoch, leading.ring or other.ring
    one, two = (engines.root.record(KeyRing, cid) for cid in (leading.ring, other.ring))
    keys = tuple(sorted({*one.keys, *two.keys}))[: limits.READERS_MAX]
    for ring in (one, two):
        if ring.keys == keys:
            return ring.key_epoch, ring.cid
    if author is None:
        raise ControlDiverged(leading.cid, other.cid)
    both = msgspec.structs.replace(one, keys=keys, sig=None).signed(author.key)
    both = KeyRing.decode(both.encode())
    clear(lease).put(both.block)
    return both.key_epoch, both.cid


def _standing(engines: Engines, control: Control) -> tuple[int, int, Cid]:
    """Return what decides between two controls of which neither follows the other."""
    return control.epoch, len(_chain(engines, control)), control.cid


def _earliest(cut: Cut) -> tuple[int, Cid]:
    return cut.seq, cut.head


def _chain(engines: Engines, control: Control) -> list[Cid]:
    """Return the CIDs of the controls before this one, as far as they are held."""
    found: list[Cid] = []
    prev = control.prev
    while prev is not None and engines.blocks.has(prev):
        found.append(prev)
        prev = engines.record(Control, prev).prev
    return found


def is_or_follows(engines: Engines, later: Control, earlier: Cid) -> bool:
    """Tell whether `later` is the control `earlier`, or was signed over it."""
    return later.cid == earlier or earlier in _chain(engines, later)


def _follows(engines: Engines, later: Control, earlier: Control) -> bool:
    return earlier.cid in _chain(engines, later)
