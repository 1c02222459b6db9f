"""Which of two controls stands: a node never goes back behind one it knew."""

import msgspec

from leither.codec import Cid
from leither.errors import Conflict
from leither.mimei.control import Control
from leither.ports import Lease
from leither.service.engines import Engines


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


def newer_control(engines: Engines, lease: Lease, held: Control, came: Control) -> Control:
    """Return which of two controls stands, or what joins them where neither follows the other.

    The join is the same wherever the author's seed is: its fields follow from the two. Raises: ControlDiverged.
    """
    if held.cid == came.cid or _follows(engines, held, came):
        return held
    if _follows(engines, came, held):
        return came
    person = engines.identity.person
    numbers = {entry.number: entry for entry in held.writers} | {entry.number: entry for entry in came.writers}
    keys = {entry.key for entry in (*held.writers, *came.writers)}
    if person.public != held.by or len(numbers) != len(keys):
        raise ControlDiverged(held.cid, came.cid)
    leading = max((held, came), key=lambda control: (control.epoch, _depth(engines, control), control.cid))
    cuts = {cut.number: cut for cut in (*held.cut, *came.cut)}
    joined = msgspec.structs.replace(
        leading,
        prev=leading.cid,
        created=min(held.created, came.created),
        writers=tuple(numbers[number] for number in sorted(numbers)),
        cut=tuple(cuts[number] for number in sorted(cuts)),
        dropped=tuple(sorted({*held.dropped, *came.dropped})),
        sig=None,
    ).signed(person)
    lease.put(joined.block)
    return joined


def _chain(engines: Engines, control: Control) -> list[Cid]:
    """Return the CIDs of the controls before this one, as far as they are held."""
    found: list[Cid] = []
    prev = control.prev
    while prev is not None and engines.blocks.has(prev):
        found.append(prev)
        prev = engines.record(Control, prev).prev
    return found


def _follows(engines: Engines, later: Control, earlier: Control) -> bool:
    return earlier.cid in _chain(engines, later)


def _depth(engines: Engines, control: Control) -> int:
    return len(_chain(engines, control))
