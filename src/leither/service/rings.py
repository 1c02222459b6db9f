"""The key rings of a private MiMei as its author's control names them, and the keys that people here find in them."""

from collections.abc import Callable, Iterable
from typing import NamedTuple

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId, id_text, seal_key
from leither.errors import PeerError
from leither.mimei.control import Control
from leither.mimei.key_ring import KeyRing, open_rings
from leither.mimei.sealing import EpochKeyMissing, EpochKeys


class RingRefused(PeerError):
    """A key ring is not what its MiMei's control says it is."""

    code = "ring-refused"

    def __init__(self, mimei: MimeiId, reason: str) -> None:
        self.id = id_text(mimei)
        self.reason = reason
        super().__init__(f"a key ring of {self.id} is refused: {reason}; ask its author for a new export")


class Naming(NamedTuple):
    """What a control says of rings: the keys that may sign them, the key epoch, and the ring of that epoch."""

    by: tuple[bytes, ...]
    epoch: int
    ring: Cid | None

    @classmethod
    def of(cls, control: Control) -> "Naming":
        """Return what `control` says of rings."""
        return cls(control.lineage, control.key_epoch or 0, control.ring)


def rings_of(get: Callable[[Cid], bytes], mimei: MimeiId, named: Naming) -> list[KeyRing]:
    """Return the ring of each key epoch, the newest first; none where a MiMei was never shared.

    Raises: RingRefused, NotARecord, BadSignature, BlockMissing. Cost: a signature a ring.
    """
    found: list[KeyRing] = []
    cid, epoch = named.ring, named.epoch
    while cid is not None:
        if len(found) == limits.KEY_RINGS_MAX:
            raise RingRefused(mimei, f"it is one of more than {limits.KEY_RINGS_MAX:,}")
        ring = KeyRing.decode(get(cid)).check()
        if ring.by not in named.by:
            raise RingRefused(mimei, "it is not by the author")
        if ring.mimei != mimei:
            raise RingRefused(mimei, "it is another MiMei's")
        if ring.key_epoch != epoch:
            raise RingRefused(mimei, f"it is of key epoch {ring.key_epoch:,} in the place of {epoch:,}")
        found.append(ring)
        cid, epoch = ring.before, epoch - 1
    return found


def open_for(rings: Iterable[KeyRing], seeds: Iterable[bytes], epoch: int) -> EpochKeys:
    """Return the keys that who has these seeds finds in rings that were checked. Raises: EpochKeyMissing: none."""
    kept = list(rings)
    for seed in seeds:
        try:
            return open_rings(kept, seal_key(seed))
        except EpochKeyMissing:
            continue
    raise EpochKeyMissing(epoch)
