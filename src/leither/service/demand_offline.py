"""Files on demand on a node that speaks with no other: what is not here can't be had, and that is said."""

from leither.codec import BlockMissing, Cid
from leither.service.demanded import Demanded, NotFetched
from leither.service.engines import Engines


class Offline:
    """Implements `file_blocks.OnDemand`. Thread-safe."""

    def __init__(self, engines: Engines) -> None:
        self._demanded = Demanded(engines)
        self.hear = self._demanded.hear
        """To be called for every event of the node."""

    @property
    def is_used(self) -> bool:
        """Whether anything is on demand at all."""
        return bool(self._demanded.ids)

    def has(self, cid: Cid) -> bool:
        """Tell nothing: what is not here does not come when it is read."""
        return False

    def use(self, cid: Cid) -> None:
        """Note nothing: what is read while the node does not serve is as old as before."""

    def fetch(self, cid: Cid) -> bytes:
        """Raise why a leaf can't be had. Raises: BlockMissing: if it is of no file on demand. NotFetched."""
        spot = self._demanded.find(cid)
        if spot is None:
            raise BlockMissing(cid)
        raise NotFetched(spot.mimei[0], cid, "this node does not serve now, and so speaks with no other")
