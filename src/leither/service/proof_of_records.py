"""Proving what the author and the writers of a MiMei signed: who may, and leaving room for others to follow."""

from leither import limits
from leither.crypto import MimeiId, id_text
from leither.errors import PeerError
from leither.mimei.control import Control
from leither.mimei.head import Head
from leither.people.revoked import check_revoked
from leither.service.engines import Engines
from leither.service.rings import Naming, rings_of

SEQ_LAST = limits.MAP_SEQ_MAX - limits.NUMBER_ROOM
U64_LAST = (1 << 63) - 1 - limits.NUMBER_ROOM
"""Largest numbers taken from elsewhere: who follows counts on from the highest."""


class Refused(PeerError):
    """What came does not prove itself."""

    code = "refused"

    def __init__(self, mimei: MimeiId, reason: str) -> None:
        self.id = id_text(mimei)
        self.reason = reason
        super().__init__(f"what came as {self.id} is refused: {reason}; nothing of it was kept")


def check_control(engines: Engines, mimei: MimeiId, control: Control) -> None:
    """Make sure of what a control that its author signed leads to, and that others can follow it.

    Raises: Refused, BadRevoked, RingRefused, NotARecord, BadSignature, BlockMissing.
    """
    if control.revoked is not None:
        check_revoked(engines.root.blocks.get, control.revoked)
    if control.epoch > U64_LAST or (control.key_epoch or 0) >= limits.KEY_RINGS_MAX:
        raise Refused(mimei, "its control has an epoch so high that none could follow")
    if control.ring is not None:
        rings_of(engines.root.blocks.get, mimei, Naming.of(control))


def check_head(mimei: MimeiId, control: Control, head: Head) -> Head:
    """Return a head that one of the writers signed, and that others can follow. Raises: Refused, BadSignature."""
    writer = control.writer(head.check().by)
    if head.mimei != mimei or writer is None:
        raise Refused(mimei, "a head is not by one of its writers")
    cut = control.cut_of(writer.number)
    if cut is not None and (head.seq > cut.seq or (head.seq == cut.seq and head.cid != cut.head)):
        raise Refused(mimei, f"writer {writer.number} was cut off before the head that came")
    turn = head.release.turn if head.release else 0
    if head.seq > SEQ_LAST or head.epoch > U64_LAST or turn > U64_LAST:
        raise Refused(mimei, f"the head of writer {writer.number} has a number so high that none could follow")
    return head
