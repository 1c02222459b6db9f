"""What this node thinks of peers: points that misbehaviour costs, and that come back with time."""

from collections import OrderedDict
from collections.abc import Callable

from leither.crypto.peer_id import PeerId
from leither.limits import PEER_SCORE_DROPPED, PEER_SCORE_RECOVERY_S, PEERS_KNOWN_MAX

_RECOVERED = 10
"""Points regained in PEER_SCORE_RECOVERY_S."""


class Standing:
    """0 for a peer of whom nothing bad is known, below it for others."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._points: OrderedDict[PeerId, tuple[float, float]] = OrderedDict()

    def score(self, peer: PeerId) -> int:
        """Return a peer's standing now."""
        points, at = self._points.get(peer, (0.0, 0.0))
        return min(0, round(points + (self._now() - at) * _RECOVERED / PEER_SCORE_RECOVERY_S))

    def admits(self, peer: PeerId) -> bool:
        """Tell whether a peer is let in."""
        return self.score(peer) > PEER_SCORE_DROPPED

    def blame(self, peer: PeerId, points: int) -> bool:
        """Lower a peer's standing; tell whether it is still let in."""
        self._points[peer] = (max(self.score(peer) - points, 2 * PEER_SCORE_DROPPED), self._now())
        self._points.move_to_end(peer)
        while len(self._points) > PEERS_KNOWN_MAX:
            self._points.popitem(last=False)
        return self.admits(peer)
