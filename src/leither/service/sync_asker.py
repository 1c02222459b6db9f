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
from leither.service.sync_offer import may_be_told, shared_with
from leither.wire.sync_messages import Hello, News, Shared


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
    """Who hears of a MiMei, `live` of drafts as well; and what they were told: control, heads, drafts."""

    asker: Asker
    live: bool
    told: frozenset[Cid]
    shared: frozenset[Cid] = frozenset()


class Watchers:
    """Which connected nodes want to hear of new heads, and what each has heard. Thread-safe."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._watched: dict[PeerId, OrderedDict[MimeiId, _Watcher]] = {}
        self._guard = threading.Lock()

    def add(self, peer: PeerId, asker: Asker, mimei: MimeiId, *, live: bool = False) -> None:
        """Tell a peer from now on; of those it watches already the oldest makes room."""
        standing, drafts = self._standing(asker, mimei)
        watcher = _Watcher(asker, live, frozenset(standing), frozenset(drafts))
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

    def has_live(self, mimei: MimeiId) -> bool:
        """Tell whether somebody who may read `cur` wants to hear of each draft."""
        with self._guard:
            watching = [watched[mimei] for watched in self._watched.values() if mimei in watched]
        return any(watcher.live and self._may_read_cur(watcher.asker, mimei) for watcher in watching)

    def news(self, mimei: MimeiId) -> Iterator[tuple[PeerId, bytes]]:
        """Yield what is to be sent to whom, now that a MiMei changed."""
        with self._guard:
            watching = [(peer, watched[mimei]) for peer, watched in self._watched.items() if mimei in watched]
        for peer, watcher in watching:
            standing, drafts = self._standing(watcher.asker, mimei)
            told, watcher.told = watcher.told, frozenset(standing)
            if not standing:
                continue
            shared, watcher.shared = watcher.shared, frozenset(drafts)
            if watcher.live:
                yield from ((peer, drafts[cid].encode()) for cid in drafts.keys() - shared)
            control, *now = standing
            fresh = [cid for cid in now if cid not in told] or ([] if control in told else now[:1])
            for cid in fresh:
                yield peer, News(head=self._engines.blocks.get(cid), control=control).encode()

    def _may_read_cur(self, asker: Asker, mimei: MimeiId) -> bool:
        with self._engines.state.read() as view:
            try:
                held = load(self._engines, view, mimei)
            except MimeiNotFound:
                return False
            return Act.READ_CUR in asker.acts(self._engines, held)

    def _standing(self, asker: Asker, mimei: MimeiId) -> tuple[list[Cid], dict[Cid, Shared]]:
        """Return the control and the heads of a MiMei, and what is to be said of its drafts; nothing of the unknown."""
        with self._engines.state.read() as view:
            try:
                held = load(self._engines, view, mimei)
            except MimeiNotFound:
                return [], {}
            acts = asker.acts(self._engines, held)
            if not may_be_told(held, acts):
                return [], {}
            shared = {
                draft.cid: Shared(mimei=mimei, writer=number, seq=draft.seen_map[number])
                for number, draft in shared_with(self._engines, view, held, acts).items()
            }
            return [Cid(held.row.control), *(cid for _, _, cid in heads(self._engines, view, mimei))], shared
