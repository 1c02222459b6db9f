"""A node of a simulation: the services of a real one, in memory, with streams that the timeline carries."""

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from functools import partial
from typing import TYPE_CHECKING

from leither.crypto import MimeiId
from leither.crypto.peer_id import PeerId, peer_id_of
from leither.errors import LeitherError
from leither.net.standing import Standing
from leither.service.events import Event as Change
from leither.service.follow_rows import FollowRow, put_follow
from leither.service.sync_node import BadNews, SyncNode, outcome_of
from leither.service.sync_session import SyncSession
from leither.testing.node import memory_engines
from leither.testing.simulation.lies import Lie, forged_news, join
from leither.testing.simulation.stream import SimulatedStream
from leither.wire.sync_follower import Blame, Effect, Heard, Met, Outcome, Pull, Pulled, Seek, Tick
from leither.wire.sync_messages import Message

if TYPE_CHECKING:
    from leither.testing.simulation.world import World

_DIAL_MS = 3000
"""How long a node waits for one that does not answer."""
_BAD_NEWS_POINTS = 20


class SimulatedNode:
    """What it holds outlives its going away; what it only remembers doesn't. `life` counts its comings and goings.

    `lie`: how it answers, None if it is honest. `said`: what a liar said, where it says the same again. `blamed`: the
    points that others lost here, ever, and for what; `standing` is what is left of them.
    """

    def __init__(self, world: "World", *, person: str, name: str, lie: Lie | None = None) -> None:
        self.world = world
        self.name = name
        self.engines = memory_engines(person=person, node=name, clock=world.timeline.clock)
        self.peer = peer_id_of(self.engines.identity.node.public)
        self.lie = lie
        self.said: dict[MimeiId, bytes] = {}
        self.standing = Standing(lambda: world.timeline.passed_s)
        self.is_up = False
        self.is_lost = False
        self.life = 0
        self.blamed: Counter[tuple[PeerId, str]] = Counter()
        self.failures: Counter[str] = Counter()
        self.sync = SyncNode(self.engines)
        self._changed: dict[MimeiId, None] = {}
        self._touched: dict[MimeiId, None] = {}
        self._tick_ms: int | None = None
        self._open = ExitStack()
        self._open.enter_context(self.engines.events.watching(self._note))

    def start(self) -> None:
        """Come up, with what was followed before."""
        assert not self.is_lost
        self.is_up = True
        self.life += 1
        self.sync = SyncNode(self.engines)
        self._tick_ms = None
        self._do(self.sync.begin())
        for other in self.world.nodes:
            if other is not self and self.reaches(other):
                other.meet(self)

    def stop(self) -> None:
        """Go away."""
        self.is_up = False
        self.life += 1
        for other in self.world.nodes:
            other.sync.watchers.remove(self.peer)

    def lose(self) -> None:
        """Go away for good, with all that is held."""
        self.stop()
        self.is_lost = True

    def reaches(self, other: "SimulatedNode") -> bool:
        """Tell whether both are up and on one side, and let each other in."""
        return (
            self.is_up
            and other.is_up
            and self.world.links.reach(self.name, other.name)
            and self.standing.admits(other.peer)
            and other.standing.admits(self.peer)
        )

    def blame(self, peer: PeerId, points: int, why: str) -> None:
        """Think less of a peer, and part with one of whom this node thinks too little."""
        self.blamed[peer, why] += points
        if not self.standing.blame(peer, points):
            self.sync.watchers.remove(peer)
            self.world.by_peer[peer].sync.watchers.remove(self.peer)

    def follow(self, mimei: MimeiId, sources: Iterable["SimulatedNode"]) -> None:
        """Follow a MiMei from these nodes, in real time."""
        row = FollowRow(tuple(source.peer for source in sources), live=True)
        self._do(self.sync.followed(mimei, put_follow(self.engines.state, mimei, row)))

    def meet(self, other: "SimulatedNode") -> None:
        """Learn that another node can be reached again."""
        self._do(self.sync.receive(Met(other.peer)))

    def tell(self) -> None:
        """Send news of what has changed, and share soon what is followed live."""
        touched, self._touched = list(self._touched), {}
        for mimei in touched:
            if self.sync.changed(mimei):
                self._changed[mimei] = None
        self._wake()
        changed, self._changed = list(self._changed), {}
        for peer, data in [news for mimei in changed for news in self.sync.news(mimei)]:
            other = self.world.by_peer[peer]
            delay_ms = self.world.links.message_delay_ms(len(data))
            if delay_ms is not None:
                self.world.timeline.after(delay_ms, partial(other.hear, self, data))

    def hear(self, sender: "SimulatedNode", data: bytes) -> None:
        """Take news, if it comes through."""
        if not self.reaches(sender):
            return
        try:
            self._do(self.sync.hear(sender.peer, data))
        except BadNews:
            self.blame(sender.peer, _BAD_NEWS_POINTS, "news")

    def answer(self, session: SyncSession, question: Message) -> bytes | None:
        """Return what this node sends to who asks; None where it breaks off. Raises: BadAnswer."""
        frames = list(session.receive(question))
        return join(frames) if self.lie is None else self.lie(self, question, frames)

    def slander(self, other: "SimulatedNode", mimei: MimeiId) -> None:
        """Send another news that is none, or that nobody signed."""
        news = self.world.chance.choice((b"news", forged_news(self, mimei)))
        delay_ms = self.world.links.message_delay_ms(len(news))
        if delay_ms is not None:
            self.world.timeline.after(delay_ms, partial(other.hear, self, news))

    def told(self, event: Heard) -> None:
        """Take note that who asks has news itself."""
        self._do(self.sync.receive(event))

    def ended(self, pull: Pull, outcome: Outcome) -> None:
        """Take note that a pull ended."""
        self.world.arrived(self, pull.mimei)
        self._do(self.sync.receive(Pulled(pull.mimei, pull.peer, outcome)))
        self.tell()

    def failed(self, error: LeitherError) -> Outcome:
        """Take note of why a pull failed; return what that comes to."""
        self.failures[error.code] += 1
        return outcome_of(error)

    def _note(self, change: Change) -> None:
        if change.what != "change":
            self._changed[change.id] = None
        self._touched[change.id] = None

    def watched(self, mimei: MimeiId) -> None:
        """Share what is there when another node begins to follow live."""
        self._touched[mimei] = None
        self.tell()

    def _do(self, effects: Sequence[Effect]) -> None:
        for effect in effects:
            match effect:
                case Pull(_, peer):
                    self._pull(effect, self.world.by_peer[peer])
                case Blame(peer, points):
                    self.blame(peer, points, "answer")
                case Seek():
                    pass  # there is no DHT here: who is followed is known, or heard of
        self._wake()

    def _wake(self) -> None:
        wake_ms = self.sync.wake_ms()
        if wake_ms is not None and (self._tick_ms is None or wake_ms < self._tick_ms):
            self._tick_ms = wake_ms
            life = self.life
            self.world.timeline.after(max(wake_ms - self.world.timeline.now_ms, 1), lambda: self._tick(wake_ms, life))

    def _tick(self, at_ms: int, life: int) -> None:
        if self.is_up and life == self.life and at_ms == self._tick_ms:
            self._tick_ms = None
            for mimei in self.sync.due():
                self.sync.share(mimei)
                self.sync.shared(mimei)
                self._changed[mimei] = None
            self._do(self.sync.receive(Tick()))
            self.tell()

    def _pull(self, pull: Pull, holder: "SimulatedNode") -> None:
        if self.reaches(holder):
            SimulatedStream(self, holder, pull)
            return
        life = self.life
        self.world.timeline.after(_DIAL_MS, lambda: self._unreached(pull, life))

    def _unreached(self, pull: Pull, life: int) -> None:
        if life == self.life:
            self.ended(pull, Outcome.AWAY)
