"""Saying to holders of a MiMei for whom this node asks, so that they give what they give to them alone."""

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import closing

from leither import limits
from leither.crypto import KeyId, MimeiId
from leither.crypto.peer_id import PeerId
from leither.errors import CorruptionError, InputError, LimitError, PeerError
from leither.ports import Network
from leither.service.demand_rows import note_told
from leither.service.engines import Engines
from leither.service.follow_rows import read_follow
from leither.service.resolving_talk import SYNC_PROTOCOL, Talk
from leither.wire.sync_messages import Hello

_AGAIN_S = limits.GREETED_S // 2


class Introducing:
    """Introduces this node, to each holder that its owner chose, and seldom. Thread-safe."""

    def __init__(self, engines: Engines, network: Network, hello: Callable[[KeyId | None], Hello]) -> None:
        """Take hello: makes what says that this node acts for a user, or the owner."""
        self._engines = engines
        self._network = network
        self._hello = hello
        self._said_ms: dict[tuple[PeerId, KeyId | None], int] = {}
        self._guard = threading.Lock()
        self._pool = ThreadPoolExecutor(limits.DEMAND_FETCHES_MAX, "leither-introducing")

    def close(self) -> None:
        """Let go of the threads."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def __call__(self, mimei: MimeiId, peers: Sequence[PeerId]) -> None:
        """Introduce this node to those of `peers` that were chosen; who is slow is not waited for long."""
        with self._engines.state.read() as view:
            row = read_follow(view, mimei)
        user = row.owner if row is not None else None
        chosen = {*(row.peers if row is not None else ()), *(peer.id for peer in self._network.kept())}
        due = [peer for peer in peers if peer in chosen and self._is_due(peer, user)]
        wait([self._pool.submit(self._introduce, mimei, peer, user) for peer in due], timeout=limits.GREETING_S)

    def forget(self, peers: Sequence[PeerId]) -> None:
        """Introduce this node to these anew: they don't give what they should."""
        with self._guard:
            self._said_ms = {key: ms for key, ms in self._said_ms.items() if key[0] not in peers}

    def _is_due(self, peer: PeerId, user: KeyId | None) -> bool:
        now_ms = self._engines.clock.now_ms()
        with self._guard:
            return self._said_ms.get((peer, user), -_AGAIN_S * 1000) + _AGAIN_S * 1000 <= now_ms

    def _introduce(self, mimei: MimeiId, peer: PeerId, user: KeyId | None) -> None:
        try:
            with closing(self._network.open(peer, [SYNC_PROTOCOL], timeout_s=limits.GREETING_S)) as stream:
                standing = Talk(stream, mimei, hello=self._hello(user)).standing()
        except (PeerError, InputError, LimitError, CorruptionError):
            return  # it is away, or holds nothing; whoever has the blocks is asked anyway
        now_ms = self._engines.clock.now_ms()
        with self._guard:
            self._said_ms[peer, user] = now_ms
        if standing is not None:
            note_told(self._engines, mimei, [(peer, standing)])
