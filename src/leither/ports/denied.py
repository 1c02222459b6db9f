"""The port to what the owner of the node has ruled out: given to nobody, resolved for nobody."""

from collections.abc import Sequence
from typing import Protocol

from leither.codec.foreign import AnyCid
from leither.wire.denylist import Denylist


class Denied(Protocol):
    """What is denied, now. Thread-safe, and from memory."""

    @property
    def generation(self) -> int:
        """Counts the changes; what was found out under an older one may no longer hold."""

    def denies(self, cid: AnyCid, path: Sequence[str] = ()) -> bool:
        """Tell whether what a CID names, or stands at a path below it, is given to nobody."""

    def denies_name(self, name: str, path: Sequence[str] = ()) -> bool:
        """Tell whether an IPNS name is resolved for nobody."""


NOTHING_DENIED: Denied = Denylist()
