"""Who another node asks for, and who watches what: the doors of `/leither/sync/1`."""

import threading
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId
from leither.people import ALL, GUEST, Act, Chain, Device, Principal, Visit, visitor
from leither.people.policy import decide
from leither.people.visit import require_signer
from leither.service.engines import Engines
from leither.service.holding import Mimei, MimeiNotFound, heads, load
from leither.service.known_keys import known_revocations
from leither.service.pair_rows import may_keep
from leither.service.sync_offer import may_be_told
from leither.wire.sync_messages import Hello, News


@dataclass(frozen=True, slots=True)
class Asker:
    """For whom a node asks.

    Fields: shown: grants that it brought, which may not have come here with the MiMei yet. node: the key it has shown.
    """

    principal: Principal = GUEST
    shown: tuple[Chain, ...] = ()
    node: bytes = b""

    def acts(self, engines: Engines, held: Mimei) -> Act:
        """Return what may be done with a MiMei now."""
        acts = held.acts(self.principal)
        if self.shown and self.principal.keys:
            acts |= decide(self.principal, held.facts, engines.clock.now_ms(), self.shown).acts
        with engines.state.read() as view:
            return acts | Act.READ_VERSIONS if may_keep(view, self.node, held) else acts


def known_asker(engines: Engines, key: bytes, hello: Hello) -> Asker:
    """Return for whom the node with this key asks, which the connection has shown.

    Raises: NotARecord, BadSignature, DeviceRevoked, NotYetValid, Expired, ChainTooLong, ChainBroken.
    """
    mine = [device for device in map(Device.decode, hello.devices) if device.device == key]
    shown = tuple(engines.granted.prove(grant) for grant in hello.grants)
    if not mine:
        return Asker(node=key)
    person, now_ms = mine[0].by, engines.clock.now_ms()
    revoked = known_revocations(engines)
    until_ms = require_signer("session", key, person, now_ms=now_ms, devices=mine, revoked=revoked)
    return Asker(visitor(Visit(person, key, until_ms, ALL)), shown, key)


@dataclass(slots=True)
class _Watcher:
    asker: Asker
    told: frozenset[Cid]


class Watchers:
    """Which connected nodes want to hear of new heads, and what each has heard. Thread-safe."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._watched: dict[PeerId, OrderedDict[MimeiId, _Watcher]] = {}
        self._guard = threading.Lock()

    def add(self, peer: PeerId, asker: Asker, mimei: MimeiId) -> None:
        """Tell a peer from now on; of those it watches already the oldest makes room."""
        watcher = _Watcher(asker, frozenset(self._standing(asker, mimei)))
        with self._guard:
            watched = self._watched.setdefault(peer, OrderedDict())
            watched[mimei] = watcher
            watched.move_to_end(mimei)
            if len(watched) > limits.SYNC_WATCHED_MAX:
                watched.popitem(last=False)

    def remove(self, peer: PeerId) -> None:
        """Forget a peer that went."""
        with self._guard:
            self._watched.pop(peer, None)

    def news(self, mimei: MimeiId) -> Iterator[tuple[PeerId, bytes]]:
        """Yield what is to be sent to whom, now that a MiMei changed."""
        with self._guard:
            watching = [(peer, watched[mimei]) for peer, watched in self._watched.items() if mimei in watched]
        for peer, watcher in watching:
            standing = self._standing(watcher.asker, mimei)
            told, watcher.told = watcher.told, frozenset(standing)
            if not standing:
                continue
            control, *now = standing
            fresh = [cid for cid in now if cid not in told] or ([] if control in told else now[:1])
            for cid in fresh:
                yield peer, News(head=self._engines.blocks.get(cid), control=control).encode()

    def _standing(self, asker: Asker, mimei: MimeiId) -> list[Cid]:
        """Return the control and the heads of a MiMei, nothing if they may not be known."""
        with self._engines.state.read() as view:
            try:
                held = load(self._engines, view, mimei)
            except MimeiNotFound:
                return []
            if not may_be_told(held, asker.acts(self._engines, held)):
                return []
            return [Cid(held.row.control), *(cid for _, _, cid in heads(self._engines, view, mimei))]
