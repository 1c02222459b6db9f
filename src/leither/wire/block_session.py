"""Who is asked for which block: the wants of one fetch, shared out among its providers. A pure state machine.

`receive` takes what happened and when, and returns what to do. It works alike for peers of Bitswap, who say what they
have, and for gateways, who give a block or don't.

- A want goes to the provider that should be the first to have delivered it, as far as its pace is known; a fast one
  that is busy is waited for rather than a slow one asked. A new provider is tried with little.
- Whoever is silent for too long gets no more, and others are asked for the same: a block is asked of two at the most.
  Towards the end an idle fast provider is asked for what a slow one still owes.
- Who gives wrong bytes, floods, or stays silent is dismissed for good.
- What nobody is left to ask for is sought, once: more providers may join.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass, field

from leither import limits
from leither.codec import Cid
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
    Unwanted,
    Wanted,
    Withdraw,
)
from leither.wire.block_provider import BlockProvider, Fault

_FIRST_BLOCK_BYTES = 256 * 1024
"""What a block is taken to weigh before any has come."""
_SIZE_MEMORY = 0.9
_ASKED_OF_MAX = 2
"""Providers that are asked for one block at once."""
_RACE = 2.0
"""How many times faster an idle provider must be to be asked for what another one owes."""


@dataclass(slots=True)
class _Want:
    """A block that is wanted. `number` tells which is more urgent: the lower one."""

    cid: Cid
    number: int
    asked_of: set[str] = field(default_factory=set)
    is_late: bool = False
    is_sought: bool = False

    @property
    def is_open(self) -> bool:
        """Whether one more provider should be asked for it."""
        return not self.asked_of or (self.is_late and len(self.asked_of) < _ASKED_OF_MAX)


class BlockSession:
    """The wants of one fetch and its providers. Not thread-safe. Memory: O(wants x providers)."""

    def __init__(self) -> None:
        self._wants: dict[Cid, _Want] = {}
        self._open: dict[Cid, _Want] = {}
        """Those for which one more provider should be asked."""
        self._numbered = 0
        self._providers: dict[str, BlockProvider] = {}
        self._dismissed: set[str] = set()
        self._block_bytes = float(_FIRST_BLOCK_BYTES)

    @property
    def room(self) -> int:
        """How many more blocks it is useful to want at once."""
        return min(limits.FETCH_WANTS_MAX, int(limits.FETCH_WINDOW_BYTES / self._block_bytes)) - len(self._wants)

    @property
    def wanted(self) -> tuple[Cid, ...]:
        """What is wanted and has not come, the most urgent first."""
        return tuple(self._wants)

    @property
    def providers(self) -> tuple[BlockProvider, ...]:
        """Who can be asked now. To be looked at only."""
        return tuple(self._providers.values())

    @property
    def is_starved(self) -> bool:
        """Whether something is wanted, and nobody has been asked for any of it."""
        return bool(self._wants) and not any(provider.asked or provider.probed for provider in self._providers.values())

    @property
    def wake_s(self) -> float | None:
        """When `Ticked` is due if nothing else happens."""
        times = []
        for provider in self._providers.values():
            until = provider.patience_until(self._block_bytes)
            if until is not None:
                times.append(provider.heard_s + limits.FETCH_GONE_S if provider.is_stalled else until)
            times += [asked_s + limits.FETCH_STALLED_S for asked_s in provider.probed.values()]
        return min(times, default=None)

    def receive(self, event: Event, now_s: float) -> list[Effect]:
        """Return what to do, in order, now that `event` has happened. Cost: O(open wants x providers)."""
        effects: list[Effect] = []
        match event:
            case Wanted(cids):
                self._want(cids)
            case Unwanted(cids):
                for cid in cids:
                    effects += self._drop(cid)
            case Joined():
                self._join(event)
            case Left(name):
                self._remove(name)
            case Came():
                effects += self._come(event, now_s)
            case Told():
                self._hear(event, now_s)
            case Misbehaved(name, fault):
                effects += self._dismiss(name, fault)
            case Ticked():
                pass
        effects += self._watch(now_s)
        effects += self._share_out(now_s)
        return effects

    def _want(self, cids: Iterable[Cid]) -> None:
        for cid in cids:
            if cid not in self._wants:
                self._numbered += 1
                self._wants[cid] = self._open[cid] = _Want(cid, self._numbered)

    def _join(self, event: Joined) -> None:
        if event.provider in self._dismissed:
            return
        known = self._providers.get(event.provider)
        if known is not None and (known.likely or not event.likely):
            return
        if known is None:
            if len(self._providers) >= limits.FETCH_PROVIDERS_MAX and not self._make_room(event):
                return
            known = BlockProvider(event.provider, event.tells, event.likely, event.window_max)
            self._providers[event.provider] = known
        known.likely = event.likely
        for want in self._wants.values():
            want.is_sought = False

    def _make_room(self, event: Joined) -> bool:
        """Let one go that is of no use, for one that may be."""
        idle = [one.name for one in self._providers.values() if not one.likely and not one.asked and not one.has]
        if not idle or not event.likely:
            return False
        self._remove(idle[0])
        return True

    def _remove(self, name: str) -> None:
        provider = self._providers.pop(name, None)
        if provider is not None:
            self._give_back(provider, provider.asked)

    def _give_back(self, provider: BlockProvider, cids: Iterable[Cid]) -> None:
        for cid in cids:
            want = self._wants.get(cid)
            if want is not None:
                want.asked_of.discard(provider.name)
                self._reconsider(want)

    def _reconsider(self, want: _Want) -> None:
        if want.is_open:
            self._open[want.cid] = want
        else:
            self._open.pop(want.cid, None)

    def _dismiss(self, name: str, fault: Fault) -> list[Effect]:
        provider = self._providers.get(name)
        if provider is None:
            return []
        self._remove(name)
        self._dismissed.add(name)
        return [Dismiss(name, fault, tuple(provider.asked))]

    def _drop(self, cid: Cid) -> list[Effect]:
        """Forget a want; tell those who still owe it."""
        if self._wants.pop(cid, None) is None:
            return []
        self._open.pop(cid, None)
        return [Withdraw(one.name, (cid,)) for one in self._providers.values() if one.withdraw(cid)]

    def _come(self, event: Came, now_s: float) -> list[Effect]:
        provider = self._providers.get(event.provider)
        if provider is None:
            return []
        is_due = provider.give(event.cid, event.size_bytes, now_s, streamed=event.streamed)
        if not is_due or event.cid not in self._wants:
            return []
        self._block_bytes = self._block_bytes * _SIZE_MEMORY + max(event.size_bytes, 1) * (1 - _SIZE_MEMORY)
        return [Take(event.cid), *self._drop(event.cid)]

    def _hear(self, event: Told, now_s: float) -> None:
        provider = self._providers.get(event.provider)
        if provider is None:
            return
        for cid in event.dont_haves:
            if cid in self._wants and provider.lack(cid, now_s):
                self._give_back(provider, (cid,))
        for cid in event.haves:
            if cid in self._wants and cid not in provider.lacks:
                provider.has.add(cid)
                provider.probed.pop(cid, None)
                provider.likely = True

    def _watch(self, now_s: float) -> list[Effect]:
        """Look who is silent for too long."""
        gone: list[Effect] = []
        for provider in list(self._providers.values()):
            for cid in [cid for cid, asked_s in provider.probed.items() if now_s >= asked_s + limits.FETCH_STALLED_S]:
                provider.lack(cid, now_s)
            until = provider.patience_until(self._block_bytes)
            if until is None or now_s < until:
                continue
            provider.stall()
            for cid in provider.asked:
                want = self._wants[cid]
                want.is_late = True
                self._reconsider(want)
            if provider.stalls > limits.FETCH_STALLS_MAX or now_s >= provider.heard_s + limits.FETCH_GONE_S:
                gone += self._dismiss(provider.name, Fault.SILENT)
        return gone

    def _share_out(self, now_s: float) -> list[Effect]:
        asks: dict[str, tuple[list[Cid], list[Cid]]] = {}
        sought: list[Cid] = []
        for want in sorted(self._open.values(), key=_number):
            able = [one for one in self._providers.values() if one.may_give(want.cid)]
            if able:
                chosen = self._choose(able)
                if chosen is not None:
                    self._ask(chosen, want, now_s)
                    asks.setdefault(chosen.name, ([], []))[0].append(want.cid)
                continue
            unsure = self._unsure(want)
            for provider in unsure:
                provider.probed[want.cid] = now_s
                asks.setdefault(provider.name, ([], []))[1].append(want.cid)
            if not unsure and not want.is_sought and not self._is_probed(want):
                want.is_sought = True
                sought.append(want.cid)
        effects: list[Effect] = [Ask(name, tuple(blocks), tuple(haves)) for name, (blocks, haves) in asks.items()]
        effects += self._race(now_s)
        return [*effects, Seek(tuple(sought))] if sought else effects

    def _choose(self, able: list[BlockProvider]) -> BlockProvider | None:
        """Return who is asked next; None where it is better to wait for one that has its hands full."""
        free = [one for one in able if one.room(self._block_bytes) > 0]
        chosen = min(free, key=self._finish_s, default=None)
        if chosen is None:
            return None
        soon_s = self._finish_s(chosen)
        busy = [one for one in able if one.s_per_byte is not None and one not in free]
        return None if any(self._finish_s(one) < soon_s for one in busy) else chosen

    def _ask(self, provider: BlockProvider, want: _Want, now_s: float) -> None:
        provider.ask(want.cid, now_s)
        want.asked_of.add(provider.name)
        want.is_late = False
        self._reconsider(want)

    def _unsure(self, want: _Want) -> list[BlockProvider]:
        """Return who may have a block, and would say so, but was not asked yet."""
        return [
            one
            for one in self._providers.values()
            if one.tells and not one.likely and want.cid not in one.lacks and want.cid not in one.probed
        ]

    def _is_probed(self, want: _Want) -> bool:
        return any(want.cid in provider.probed for provider in self._providers.values())

    def _finish_s(self, provider: BlockProvider) -> float:
        """Return how long a provider should need for one more block; a new one is taken to be as fast as any.

        Who stalled is asked when nobody else is left.
        """
        if provider.stalls:
            return math.inf
        speeds = [one.s_per_byte for one in self._providers.values() if one.s_per_byte is not None]
        speed = provider.s_per_byte
        if speed is None:
            speed = min(speeds, default=0.0)
        return (len(provider.asked) + 1) * speed * self._block_bytes

    def _race(self, now_s: float) -> list[Effect]:
        """Ask an idle provider for what a far slower one owes, once nothing else is to be had."""
        if self._open:
            return []
        idle = [one for one in self._providers.values() if not one.asked and one.s_per_byte is not None]
        owing = max((one for one in self._providers.values() if one.asked), key=self._finish_s, default=None)
        if not idle or owing is None:
            return []
        fastest = min(idle, key=self._finish_s)
        if self._finish_s(fastest) * _RACE >= self._finish_s(owing):
            return []
        for cid in reversed(owing.asked):
            want = self._wants[cid]
            if len(want.asked_of) < _ASKED_OF_MAX and fastest.may_give(cid):
                self._ask(fastest, want, now_s)
                return [Ask(fastest.name, (cid,))]
        return []


def _number(want: _Want) -> int:
    return want.number
