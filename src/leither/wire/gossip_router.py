"""Gossipsub as a state machine: what comes from peers and the clock goes in, what is to be sent comes out.

Each topic has a mesh of a few peers to which whole messages go at once; others are told now and then which messages
there are, and ask for those they lack. So a message costs little more than its bytes, and the loss of peers is healed
at the next heartbeat. Own messages go to every subscriber.
Source: libp2p specs, pubsub/gossipsub/gossipsub-v1.0.md and gossipsub-v1.1.md.
"""

from collections import OrderedDict, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Protocol

from leither.crypto.peer_id import PeerId
from leither.limits import (
    GOSSIP_CACHED_MAX,
    GOSSIP_IDS_MAX,
    GOSSIP_POSTS_PER_HEARTBEAT_MAX,
    GOSSIP_SEEN_MAX,
    TOPICS_MAX,
)
from leither.wire.gossip_message import Post, Rpc

MESH, MESH_LOW, MESH_HIGH = 6, 4, 12
"""How many peers a mesh has, at least, and at most."""
TOLD = 6
"""How many peers outside the mesh are told at a heartbeat what there is."""
HISTORY, HISTORY_TOLD = 5, 3
"""Heartbeats for which a message can be asked for, and for which it is told of."""
SEEN_S = 120
BACKOFF_S, UNSUBSCRIBE_BACKOFF_S = 60, 10
_ASKS_MAX = 3
"""How often one peer may ask for the same message."""


class Chance(Protocol):
    """Picks peers."""

    def sample(self, population: list[PeerId], k: int, /) -> list[PeerId]:
        """Return `k` of them, each at most once."""


@dataclass(frozen=True, slots=True)
class Send:
    """Send this to a peer."""

    peer: PeerId
    rpc: Rpc


@dataclass(frozen=True, slots=True)
class Deliver:
    """Hand a message to its subscriber, who says with `judged` what becomes of it."""

    sender: PeerId
    post: Post


@dataclass(frozen=True, slots=True)
class Blame:
    """Think less of a peer."""

    peer: PeerId
    points: int
    why: str


Effect = Send | Deliver | Blame


@dataclass(slots=True)
class _Neighbour:
    topics: set[str] = field(default_factory=set)
    posts: int = 0
    """Messages since the last heartbeat."""
    told: int = 0
    """Times it told what there is, since the last heartbeat."""
    asked: defaultdict[bytes, int] = field(default_factory=lambda: defaultdict(int))


class GossipRouter:
    """Time is given to each call, in seconds of a clock that never goes back; chance comes from `random`."""

    def __init__(self, own: PeerId, random: Chance) -> None:
        self.topics: set[str] = set()
        self.mesh: dict[str, set[PeerId]] = {}
        self._own = own
        self._random = random
        self._peers: dict[PeerId, _Neighbour] = {}
        self._backoff: dict[tuple[str, PeerId], float] = {}
        self._seen: OrderedDict[bytes, float] = OrderedDict()
        self._cache: OrderedDict[bytes, Post] = OrderedDict()
        self._windows: list[list[bytes]] = [[]]

    def subscribers(self, topic: str) -> list[PeerId]:
        """Return the peers that hear a topic."""
        return [peer for peer, each in self._peers.items() if topic in each.topics]

    def came(self, peer: PeerId) -> list[Effect]:
        """Take in a peer, or one whose stream is a new one, which has to hear it all again."""
        self._peers.setdefault(peer, _Neighbour())
        return [Send(peer, Rpc(subscriptions=[(topic, True) for topic in sorted(self.topics)]))] if self.topics else []

    def went(self, peer: PeerId) -> None:
        """Forget a peer."""
        self._peers.pop(peer, None)
        for mesh in self.mesh.values():
            mesh.discard(peer)

    def subscribe(self, topic: str, now: float) -> list[Effect]:
        """Hear a topic from now on."""
        if topic in self.topics:
            return []
        self.topics.add(topic)
        self.mesh[topic] = set()
        out = {peer: Rpc(subscriptions=[(topic, True)]) for peer in self._peers}
        for peer in self._fill(topic, MESH, now):
            out[peer].graft.append(topic)
        return _sends(out)

    def unsubscribe(self, topic: str, now: float) -> list[Effect]:
        """Hear a topic no longer."""
        if topic not in self.topics:
            return []
        self.topics.remove(topic)
        out = {peer: Rpc(subscriptions=[(topic, False)]) for peer in self._peers}
        for peer in self.mesh.pop(topic):
            out[peer].prune.append((topic, UNSUBSCRIBE_BACKOFF_S))
            self._backoff[topic, peer] = now + UNSUBSCRIBE_BACKOFF_S
        return _sends(out)

    def publish(self, post: Post, now: float) -> list[Effect]:
        """Send a message of our own to everybody who hears its topic."""
        self._remember(post, now)
        return [Send(peer, Rpc(posts=[post])) for peer in self.subscribers(post.topic)]

    def judged(self, sender: PeerId, post: Post, *, accepted: bool) -> list[Effect]:
        """Hear what a subscriber thinks of a message; what is accepted goes on to the mesh."""
        if not accepted:
            return []
        self._cached(post)
        peers = self.mesh.get(post.topic, set()) - {sender, post.author}
        return [Send(peer, Rpc(posts=[post])) for peer in sorted(peers)]

    def receive(self, peer: PeerId, rpc: Rpc, now: float) -> list[Effect]:
        """Take what a peer sent."""
        neighbour = self._peers.get(peer)
        if neighbour is None:
            return []
        answer, effects = Rpc(), list[Effect]()
        for topic, subscribed in rpc.subscriptions:
            if not subscribed:
                neighbour.topics.discard(topic)
                self.mesh.get(topic, set()).discard(peer)
            elif len(neighbour.topics) < TOPICS_MAX:
                neighbour.topics.add(topic)
        for post in rpc.posts:
            effects += self._post(peer, neighbour, post, now)
        self._told(neighbour, rpc.have, answer, now)
        for each in rpc.want:
            if each in self._cache and neighbour.asked[each] < _ASKS_MAX:
                neighbour.asked[each] += 1
                answer.posts.append(self._cache[each])
        for topic in rpc.graft:
            effects += self._graft(peer, neighbour, topic, answer, now)
        for topic, backoff_s in rpc.prune:
            self.mesh.get(topic, set()).discard(peer)
            self._backoff[topic, peer] = now + min(max(backoff_s, BACKOFF_S), 3600)
        return [*effects, Send(peer, answer)] if answer else effects

    def heartbeat(self, now: float) -> list[Effect]:
        """Keep meshes at their size, tell others what there is, and forget what is old. Once a second."""
        out: defaultdict[PeerId, Rpc] = defaultdict(Rpc)
        for neighbour in self._peers.values():
            neighbour.posts = neighbour.told = 0
        self._backoff = {key: until for key, until in self._backoff.items() if until > now}
        while self._seen and next(iter(self._seen.values())) <= now - SEEN_S:
            self._seen.popitem(last=False)
        for topic, mesh in self.mesh.items():
            if len(mesh) < MESH_LOW:
                for peer in self._fill(topic, MESH - len(mesh), now):
                    out[peer].graft.append(topic)
            elif len(mesh) > MESH_HIGH:
                for peer in self._random.sample(sorted(mesh), len(mesh) - MESH):
                    mesh.discard(peer)
                    self._backoff[topic, peer] = now + BACKOFF_S
                    out[peer].prune.append((topic, BACKOFF_S))
        recent = [each for window in self._windows[:HISTORY_TOLD] for each in window if each in self._cache]
        for topic in {self._cache[each].topic for each in recent}:
            ids = [each for each in recent if self._cache[each].topic == topic][:GOSSIP_IDS_MAX]
            others = [peer for peer in self.subscribers(topic) if peer not in self.mesh.get(topic, set())]
            for peer in self._random.sample(sorted(others), min(TOLD, len(others))):
                out[peer].have[topic] = ids
        self._windows.insert(0, [])
        for window in self._windows[HISTORY:]:
            for each in window:
                self._cache.pop(each, None)
                for neighbour in self._peers.values():
                    neighbour.asked.pop(each, None)
        del self._windows[HISTORY:]
        return _sends(out)

    def _post(self, peer: PeerId, neighbour: _Neighbour, post: Post, now: float) -> list[Effect]:
        neighbour.posts += 1
        if neighbour.posts > GOSSIP_POSTS_PER_HEARTBEAT_MAX:
            return [Blame(peer, 1, "more messages on topics than are taken in a second")]
        if post.id in self._seen or post.topic not in self.topics or post.author == self._own:
            return []
        if not post.is_authentic():
            return [Blame(peer, 10, "a message on a topic whose signature is not its author's")]
        self._see(post.id, now)
        return [Deliver(peer, post)]

    def _told(self, neighbour: _Neighbour, have: dict[str, list[bytes]], answer: Rpc, now: float) -> None:
        neighbour.told += bool(have)
        if neighbour.told > HISTORY:
            return
        wanted = [each for topic, ids in have.items() if topic in self.topics for each in ids if each not in self._seen]
        answer.want += list(dict.fromkeys(wanted))[:GOSSIP_IDS_MAX]

    def _graft(self, peer: PeerId, neighbour: _Neighbour, topic: str, answer: Rpc, now: float) -> list[Effect]:
        mesh = self.mesh.get(topic)
        if mesh is None or peer in mesh:
            return []  # of topics that aren't heard here nothing is said, so they can't be probed for
        until = self._backoff.get((topic, peer), 0.0)
        if until > now or len(mesh) >= MESH_HIGH:
            self._backoff[topic, peer] = now + BACKOFF_S
            answer.prune.append((topic, BACKOFF_S))
            return [Blame(peer, 1, "grafting before the time it was given")] if until > now else []
        neighbour.topics.add(topic)
        mesh.add(peer)
        return []

    def _fill(self, topic: str, count: int, now: float) -> list[PeerId]:
        """Add peers to a mesh; return them."""
        mesh = self.mesh[topic]
        able = [
            peer
            for peer in sorted(self.subscribers(topic))
            if peer not in mesh and self._backoff.get((topic, peer), 0.0) <= now
        ]
        chosen = self._random.sample(able, min(count, len(able)))
        mesh.update(chosen)
        return chosen

    def _remember(self, post: Post, now: float) -> None:
        self._see(post.id, now)
        self._cached(post)

    def _see(self, post: bytes, now: float) -> None:
        self._seen[post] = now
        while len(self._seen) > GOSSIP_SEEN_MAX:
            self._seen.popitem(last=False)

    def _cached(self, post: Post) -> None:
        if post.id not in self._cache:
            self._windows[0].append(post.id)
        self._cache[post.id] = post
        while len(self._cache) > GOSSIP_CACHED_MAX:
            self._cache.popitem(last=False)


def _sends(out: "dict[PeerId, Rpc] | Iterable[tuple[PeerId, Rpc]]") -> list[Effect]:
    return [Send(peer, rpc) for peer, rpc in dict(out).items()]
