"""Saying to other nodes what everybody may have from this one, and saying it again before they forget.

Only two keys of a MiMei are announced, under which its holders are found and the root of its release; and where the
author's seed is, its name is put. What is deleted, or no longer for everybody, is announced no more from the moment
that it changes; what peers were told before, they forget within two days.
"""

import threading
from collections import Counter
from collections.abc import Iterable

from leither.crypto import MimeiId
from leither.errors import PeerError
from leither.ports import Network, PeerEvent, Transaction, prefix_end
from leither.ports.network_errors import NetworkOff
from leither.service import tables
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.holding import MimeiNotFound, load
from leither.service.publishing_keys import NOTHING, Announced, announced
from leither.service.publishing_names import NAMESPACE, Names, NameValues
from leither.wire.ipns import ipns_key
from leither.wire.provide_schedule import ProvideSchedule

_REACH = tables.SETTINGS + b"announced-reach"
"""How far the node reached when it last announced something."""


class Publishing:
    """What is announced. `hear`, `meet` and `close` may be called from any thread; `run` or `step` from one."""

    def __init__(self, engines: Engines, network: Network) -> None:
        self._engines = engines
        self._network = network
        self._names = Names(engines, network)
        self._schedule = ProvideSchedule(now_ms=engines.clock.now_ms())
        self._announced: dict[MimeiId, Announced] = {}
        self._wanting: Counter[bytes] = Counter()
        self._named: dict[bytes, MimeiId] = {}
        self._changed: set[MimeiId] = set()
        self._reach = network.reach
        self._is_met = False
        self._is_closed = False
        self._guard = threading.Lock()
        self._wake = threading.Event()
        network.validate(NAMESPACE, NameValues(engines.clock))
        self._load()

    @property
    def announced(self) -> int:
        """How many keys are announced."""
        return len(self._schedule)

    @property
    def waiting(self) -> int:
        """How many keys were not announced yet."""
        return self._schedule.waiting

    def hear(self, event: Event) -> None:
        """Take note of a change. To be called for every event of the node."""
        if event.what != "change":
            with self._guard:
                self._changed.add(event.id)
            self._wake.set()

    def meet(self, event: PeerEvent) -> None:
        """Take note that a peer came: it may take what nobody took. To be called for every event of the network."""
        if event.came:
            with self._guard:
                self._is_met = True
            self._wake.set()

    def close(self) -> None:
        """Let `run` end."""
        self._is_closed = True
        self._wake.set()

    def run(self) -> None:
        """Announce until `close`."""
        stop = self._network.watch(self.meet)
        try:
            with self._engines.events.watching(self.hear):
                while not self._is_closed:
                    next_ms = self.step()
                    pause_ms = None if next_ms is None else next_ms - self._engines.clock.now_ms()
                    if pause_ms is None or pause_ms > 0:
                        self._wake.wait(None if pause_ms is None else pause_ms / 1000)
                    self._wake.clear()
        finally:
            stop()

    def step(self) -> int | None:
        """Take note of what changed and announce one key, if it is time.

        Returns: when to call again: at once, later, or None: when something happens.
        """
        now_ms = self._engines.clock.now_ms()
        with self._guard:
            changed, self._changed = self._changed, set()
            is_met, self._is_met = self._is_met, False
        self._refresh(changed, now_ms)
        self._follow_reach()
        if is_met:
            self._schedule.hurry(now_ms)
        if not self._network.peers():
            return None
        key, next_ms = self._schedule.next(now_ms)
        if key is None:
            return next_ms
        if self._say(key):
            self._schedule.said(key, now_ms=now_ms)
            self._note(key, now_ms)
        else:
            self._schedule.failed(key, now_ms=now_ms)
        return now_ms

    def _follow_reach(self) -> None:
        """Say everything anew where the node reaches others than those who were told."""
        reach = self._network.reach
        if reach != self._reach:
            self._reach = reach
            self._schedule.renew()
            self._forget(list(self._wanting))

    def _say(self, key: bytes) -> int:
        try:
            mimei = self._named.get(key)
            if mimei is None:
                return self._network.provide([key])
            with self._engines.state.read() as view:
                held = load(self._engines, view, mimei)
            return self._names.put(held)
        except (PeerError, NetworkOff, MimeiNotFound):
            return 0

    def _note(self, key: bytes, now_ms: int) -> None:
        """Remember when a key was announced, and how far."""

        def put(view: Transaction) -> None:
            view.put(tables.SAID + key, tables.u64(now_ms))
            view.put(_REACH, self._reach.encode())

        self._engines.state.write(put)

    def _load(self) -> None:
        """Find out what is to be announced, and when it last was; forget the rest."""
        with self._engines.state.read() as view:
            ids = [MimeiId(key[1:]) for key, _ in view.scan(tables.HOLDINGS, prefix_end(tables.HOLDINGS))]
            rows = list(view.scan(tables.SAID, prefix_end(tables.SAID)))
            reach = view.get(_REACH)
        said = {key[1:]: tables.read_u64(value) for key, value in rows}
        if reach is not None and reach != self._reach.encode():
            self._forget(said)
            said = {}
        self._refresh(ids, self._engines.clock.now_ms(), said)
        self._forget(key for key in said if key not in self._wanting)

    def _refresh(self, ids: Iterable[MimeiId], now_ms: int, said: dict[bytes, int] | None = None) -> None:
        said = said or {}
        gone: set[bytes] = set()
        for mimei in ids:
            with self._engines.state.read() as view:
                now = announced(self._engines, view, mimei)
                says = self._names.says(view, mimei)
            before = self._announced.pop(mimei, NOTHING)
            if now != NOTHING:
                self._announced[mimei] = now
            self._wanting.update(now.all_keys)
            self._wanting.subtract(before.all_keys)
            if now.name is not None:
                name = ipns_key(now.name)
                self._named[name] = mimei
                assert now.root is not None
                if says != b"/ipfs/" + now.root.text.encode("ascii"):
                    self._schedule.remove([name])
                    said.pop(name, None)
            self._schedule.add(now.all_keys, said, now_ms=now_ms)
            gone.update(key for key in before.all_keys if not self._wanting[key])
        self._schedule.remove(gone)
        for key in gone:
            del self._wanting[key]
            self._named.pop(key, None)
        self._forget(gone)

    def _forget(self, keys: Iterable[bytes]) -> None:
        rows = [tables.SAID + key for key in keys]
        if rows:
            self._engines.state.write(lambda view: [view.delete(row) for row in rows])
