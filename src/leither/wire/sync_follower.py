"""Who brings what up to date, from whom, and when: the schedule of all MiMei that a node follows.

A state machine: events and the time go in, what is to be done comes out. It holds no blocks and opens no streams.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import Enum

from leither import limits
from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId


class Outcome(Enum):
    """What became of a pull."""

    CHANGED = "changed"
    UNCHANGED = "unchanged"
    AWAY = "away"
    """The peer could not be reached, or broke off."""
    DENIED = "denied"
    """The peer has nothing of it that this node may read."""
    BAD = "bad"
    """What came did not prove itself."""
    HELD_UP = "held-up"
    """What came is right and could not be taken in here: no room, or two histories that only people can settle."""


@dataclass(frozen=True, slots=True)
class Followed:
    """A MiMei is followed from now on. `live`: new heads are fetched as they are heard of."""

    mimei: MimeiId
    sources: tuple[PeerId, ...]
    live: bool = False


@dataclass(frozen=True, slots=True)
class Unfollowed:
    """A MiMei is followed no more."""

    mimei: MimeiId


@dataclass(frozen=True, slots=True)
class Met:
    """A peer came."""

    peer: PeerId


@dataclass(frozen=True, slots=True)
class Heard:
    """A peer has a head of a MiMei that is not known here."""

    mimei: MimeiId
    peer: PeerId


@dataclass(frozen=True, slots=True)
class Pulled:
    """A pull ended."""

    mimei: MimeiId
    peer: PeerId
    outcome: Outcome


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed."""


Event = Followed | Unfollowed | Met | Heard | Pulled | Tick


@dataclass(frozen=True, slots=True)
class Pull:
    """Bring a MiMei up to date from a peer, and report `Pulled`."""

    mimei: MimeiId
    peer: PeerId


@dataclass(frozen=True, slots=True)
class Blame:
    """Think less of a peer."""

    peer: PeerId
    points: int


@dataclass(frozen=True, slots=True)
class Seek:
    """Find others that have a MiMei, and report `Heard` of each: none of those that are known gives it."""

    mimei: MimeiId


Effect = Pull | Blame | Seek


@dataclass(slots=True)
class _Source:
    """One peer that may have the MiMei.

    Fields: due_ms: when it is asked next. chosen: somebody here named it; else it was heard of. failures: in a row.
    refused: the last was no mere absence, so that its coming or having news changes nothing. idle: how often in a row
    it had nothing new when it was asked. asked_ms: when that was last.
    """

    due_ms: int
    chosen: bool = False
    failures: int = 0
    refused: bool = False
    idle: int = 0
    asked_ms: int = 0

    def heed_ms(self, now_ms: int) -> int:
        """Return when its news is to be followed: at once, but the later the more often it came to nothing."""
        pause_ms = min(limits.FOLLOW_IDLE_MS << min(self.idle, 16), limits.FOLLOW_IDLE_MS_MAX)
        return max(now_ms, self.asked_ms + pause_ms) if self.idle > limits.FOLLOW_IDLE_FREE else now_ms


@dataclass(slots=True)
class _Following:
    """One MiMei. `pulling`: from whom it comes now. `again`: who had news meanwhile. `sought_ms`: when others were."""

    live: bool
    sources: dict[PeerId, _Source]
    pulling: PeerId | None = None
    again: set[PeerId] = field(default_factory=set)
    sought_ms: int | None = None

    def add(self, peer: PeerId, source: _Source) -> None:
        """Take in a source, if there is room, or makes room who refused; for a chosen one also who is not chosen."""
        if len(self.sources) >= limits.FOLLOW_SOURCES_MAX:
            others = [
                (not other.chosen, other.refused, other.failures, name)
                for name, other in self.sources.items()
                if other.refused or (source.chosen and not other.chosen)
            ]
            if not others:
                return
            del self.sources[max(others)[-1]]
        self.sources[peer] = source

    @property
    def is_left_alone(self) -> bool:
        """Whether nobody who is known gave it when they were asked last."""
        return all(source.failures for source in self.sources.values())


class Follower:
    """The schedule of one node. Not thread-safe. Cost: of an event, O(what is followed)."""

    def __init__(self) -> None:
        self._following: dict[MimeiId, _Following] = {}
        self._pulls = 0

    @property
    def pulls(self) -> int:
        """How many pulls go on."""
        return self._pulls

    def receive(self, event: Event, now_ms: int) -> list[Effect]:
        """Take an event; return what is to be done now. Ask `wake_ms` then when time alone asks for more."""
        effects: list[Effect] = []
        match event:
            case Followed(mimei, sources, live):
                effects += self._follow(mimei, sources, now_ms, live=live)
            case Unfollowed(mimei):
                self._following.pop(mimei, None)
            case Met(peer):
                self._hurry(peer, now_ms)
            case Heard(mimei, peer):
                self._hear(mimei, peer, now_ms)
            case Pulled(mimei, peer, outcome):
                effects += self._end(mimei, peer, outcome, now_ms)
            case Tick():
                pass
        return effects + list(self._start(now_ms))

    def wake_ms(self) -> int | None:
        """Return when `Tick` is to be given, None while only another event can lead to more."""
        if self._pulls >= limits.FOLLOW_PULLS_MAX:
            return None
        idle = (followed for followed in self._following.values() if followed.pulling is None)
        return min((source.due_ms for followed in idle for source in followed.sources.values()), default=None)

    def sources(self, mimei: MimeiId) -> tuple[PeerId, ...]:
        """Return the peers from whom a MiMei is brought up to date."""
        followed = self._following.get(mimei)
        return tuple(followed.sources) if followed is not None else ()

    def followed(self) -> tuple[MimeiId, ...]:
        """Return what is followed."""
        return tuple(self._following)

    def follows(self, mimei: MimeiId) -> bool:
        """Tell whether a MiMei is followed."""
        return mimei in self._following

    def _follow(self, mimei: MimeiId, sources: Iterable[PeerId], now_ms: int, *, live: bool) -> list[Effect]:
        known = self._following.setdefault(mimei, _Following(live, {}))
        known.live = live
        for peer in sources:
            if peer in known.sources:
                known.sources[peer].chosen = True
            else:
                known.add(peer, _Source(now_ms, chosen=True))
        return self._seek(mimei, known, now_ms)

    def _seek(self, mimei: MimeiId, followed: _Following, now_ms: int) -> list[Effect]:
        """Look for others where all who are known fail, now and then."""
        before_ms = followed.sought_ms
        is_soon = before_ms is not None and now_ms < before_ms + limits.FOLLOW_SEEK_S * 1000
        if is_soon or not followed.is_left_alone:
            return []
        followed.sought_ms = now_ms
        return [Seek(mimei)]

    def _hurry(self, peer: PeerId, now_ms: int) -> None:
        """Ask a peer that came for all that it may have: it, or this node, was away."""
        for followed in self._following.values():
            source = followed.sources.get(peer)
            if source is not None and not source.refused:
                source.due_ms = min(source.due_ms, now_ms)

    def _hear(self, mimei: MimeiId, peer: PeerId, now_ms: int) -> None:
        followed = self._following.get(mimei)
        if followed is None:
            return
        if peer not in followed.sources:
            followed.add(peer, _Source(now_ms + limits.FOLLOW_PERIOD_S * 1000))
        source = followed.sources.get(peer)
        if source is None or source.refused:
            return
        if followed.pulling is not None:
            followed.again.add(peer)
        elif followed.live:
            source.due_ms = min(source.due_ms, source.heed_ms(now_ms))
        else:
            source.due_ms = min(source.due_ms, now_ms + limits.FOLLOW_CALM_S * 1000)

    def _end(self, mimei: MimeiId, peer: PeerId, outcome: Outcome, now_ms: int) -> list[Effect]:
        self._pulls -= 1
        effects: list[Effect] = [Blame(peer, limits.FOLLOW_BAD_POINTS)] if outcome is Outcome.BAD else []
        followed = self._following.get(mimei)
        if followed is None or followed.pulling != peer:
            return effects
        followed.pulling = None
        source = followed.sources.get(peer)
        if source is not None:
            self._plan(mimei, peer, source, outcome, now_ms)
            if outcome is not Outcome.HELD_UP:
                effects += self._seek(mimei, followed, now_ms)
        for other in followed.again & followed.sources.keys():
            if not followed.sources[other].refused:
                followed.sources[other].due_ms = followed.sources[other].heed_ms(now_ms)
        followed.again.clear()
        return effects

    def _plan(self, mimei: MimeiId, peer: PeerId, source: _Source, outcome: Outcome, now_ms: int) -> None:
        """Say when a peer is asked again: regularly, or after pauses that double while it fails."""
        if outcome in (Outcome.CHANGED, Outcome.UNCHANGED):
            source.failures, source.refused = 0, False
            source.idle, source.asked_ms = source.idle + 1 if outcome is Outcome.UNCHANGED else 0, now_ms
            pause_ms = limits.FOLLOW_PERIOD_S * 1000
        else:
            source.refused = outcome is not Outcome.AWAY
            source.failures += 1
            first_s = limits.FOLLOW_RETRY_S if outcome is Outcome.AWAY else limits.FOLLOW_REFUSED_S
            pause_ms = min(first_s << min(source.failures - 1, 16), limits.FOLLOW_PAUSE_S_MAX) * 1000
        source.due_ms = now_ms + pause_ms + _scatter_ms(mimei, peer, source.failures, pause_ms)

    def _start(self, now_ms: int) -> Iterable[Effect]:
        """Begin what is due, those that are due longest first."""
        due = sorted(
            (source.due_ms, mimei, peer)
            for mimei, followed in self._following.items()
            if followed.pulling is None
            for peer, source in followed.sources.items()
            if source.due_ms <= now_ms
        )
        for _, mimei, peer in due:
            if self._pulls >= limits.FOLLOW_PULLS_MAX:
                return
            followed = self._following[mimei]
            if followed.pulling is None:
                followed.pulling = peer
                self._pulls += 1
                yield Pull(mimei, peer)


def _scatter_ms(mimei: MimeiId, peer: PeerId, failures: int, pause_ms: int) -> int:
    """Return up to a quarter of a pause, so that nodes that failed together don't all come back together."""
    digest = hashlib.sha256(b"%b %b %d" % (mimei, peer.encode(), failures)).digest()
    return int.from_bytes(digest[:4]) * pause_ms // (4 << 32)
