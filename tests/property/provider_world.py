"""A world of providers in virtual time: honest, slow, lying and silent ones, and what a fetch makes of them."""

from __future__ import annotations

import heapq
import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial

from leither.codec import RAW, Cid
from leither.wire.block_events import (
    Ask,
    Came,
    Dismiss,
    Effect,
    Event,
    Joined,
    Left,
    Misbehaved,
    Seek,
    Take,
    Ticked,
    Told,
    Wanted,
    Withdraw,
)
from leither.wire.block_provider import Fault
from leither.wire.block_session import BlockSession

BLOCKS = [Cid.of(RAW, number.to_bytes(4, "big")) for number in range(400)]
ENDS_S = 100_000.0


@dataclass(eq=False)
class Provider:
    """Gives one block after the other, `bytes_per_s` after a `delay_s`. lies: the share of answers that are wrong.

    loses: the share of answers that never come. silent_from_s: from when on it answers nothing. leaves_s: when it goes.
    """

    name: str
    holds: frozenset[Cid]
    bytes_per_s: float = 1e6
    delay_s: float = 0.01
    lies: float = 0.0
    loses: float = 0.0
    silent_from_s: float = ENDS_S
    leaves_s: float = ENDS_S
    tells: bool = True
    likely: bool = True
    free_s: float = 0.0
    withdrawn: set[Cid] = field(default_factory=set)


class World:
    """Runs a session that wants all of `BLOCKS[:count]`, a window at a time, until nothing more happens."""

    def __init__(self, providers: list[Provider], *, count: int, seed: int, size_bytes: int = 100_000) -> None:
        self.session = BlockSession()
        self.providers = {provider.name: provider for provider in providers}
        self.size_bytes = size_bytes
        self.now_s = 0.0
        self.taken: list[Cid] = []
        self.given: dict[str, int] = dict.fromkeys(self.providers, 0)
        self.asked: dict[Cid, int] = {}
        self.dismissed: dict[str, Dismiss] = {}
        self.sought: list[Cid] = []
        self.outstanding_max = 0
        self.ended_s = 0.0
        self._left = iter(BLOCKS[:count])
        self._random = random.Random(seed)
        self._queue: list[tuple[float, int, Callable[[], None]]] = []
        self._order = itertools.count()
        for provider in providers:
            self._feed(Joined(provider.name, likely=provider.likely, tells=provider.tells))
            if provider.leaves_s < ENDS_S:
                self._later(provider.leaves_s, partial(self._feed, Left(provider.name)))
        self._want()

    def run(self) -> World:
        steps = 0
        while self._queue or self.session.wake_s is not None:
            steps += 1
            wake_s = self.session.wake_s
            due_s = self._queue[0][0] if self._queue else ENDS_S
            if wake_s is not None and wake_s < due_s:
                assert wake_s >= self.now_s, f"{wake_s} is past at {self.now_s}"
                self.now_s = wake_s
                self._feed(Ticked())
            else:
                self.now_s, _, act = heapq.heappop(self._queue)
                act()
            self._want()
            assert steps < 20_000, f"nothing ends; it is {self.now_s}"
        return self

    def _want(self) -> None:
        wanted = tuple(itertools.islice(self._left, max(0, self.session.room)))
        if wanted:
            self._feed(Wanted(wanted))

    def _feed(self, event: Event) -> None:
        for effect in self.session.receive(event, self.now_s):
            self._do(effect)
        outstanding = sum(len(provider.asked) for provider in self.session.providers)
        self.outstanding_max = max(self.outstanding_max, outstanding)

    def _do(self, effect: Effect) -> None:
        match effect:
            case Ask(name, blocks, haves):
                assert name not in self.dismissed
                self._answer(self.providers[name], blocks, haves)
            case Withdraw(name, cids):
                self.providers[name].withdrawn |= set(cids)
            case Take(cid):
                assert cid not in self.taken
                self.taken.append(cid)
                self.ended_s = self.now_s
            case Dismiss(name):
                self.dismissed[name] = effect
            case Seek(cids):
                self.sought += cids

    def _answer(self, provider: Provider, blocks: tuple[Cid, ...], haves: tuple[Cid, ...]) -> None:
        silent = self.now_s >= min(provider.silent_from_s, provider.leaves_s)
        for cid in blocks:
            assert cid in self.session.wanted
            self.asked[cid] = self.asked.get(cid, 0) + 1
            provider.withdrawn.discard(cid)
            if silent or self._random.random() < provider.loses:
                continue
            if cid not in provider.holds:
                if provider.tells:
                    self._tell(provider, Told(provider.name, dont_haves=(cid,)))
                continue
            start_s = max(self.now_s + provider.delay_s, provider.free_s)
            provider.free_s = start_s + self.size_bytes / provider.bytes_per_s
            lie = self._random.random() < provider.lies
            self._later(provider.free_s, partial(self._deliver, provider, cid, lie))
        if haves and not silent:
            has = tuple(cid for cid in haves if cid in provider.holds)
            self._tell(provider, Told(provider.name, has, tuple(set(haves) - set(has))))

    def _tell(self, provider: Provider, told: Told) -> None:
        self._later(self.now_s + provider.delay_s, partial(self._feed, told))

    def _deliver(self, provider: Provider, cid: Cid, lie: bool) -> None:
        if cid in provider.withdrawn or self.now_s >= provider.leaves_s:
            return
        self.given[provider.name] += 1
        self._feed(Misbehaved(provider.name, Fault.LIED) if lie else Came(provider.name, cid, self.size_bytes))

    def _later(self, at_s: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._queue, (at_s, next(self._order), act))
