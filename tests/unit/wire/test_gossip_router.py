"""Gossip among routers that hear each other at once: who gets what, and what is held against whom."""

from __future__ import annotations

import random
from collections import deque

import pytest

from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import PeerId
from leither.limits import GOSSIP_POSTS_PER_HEARTBEAT_MAX
from leither.wire.gossip_message import Post, Rpc, parse_rpc
from leither.wire.gossip_router import (
    BACKOFF_S,
    MESH,
    MESH_HIGH,
    MESH_LOW,
    SEEN_S,
    Blame,
    Deliver,
    Effect,
    GossipRouter,
    Send,
)

TOPIC = "news"


class Crowd:
    """Routers that are all connected with each other; every message travels as bytes."""

    def __init__(self, count: int, *, seed: int = 0, subscribed: bool = True) -> None:
        self.keys = [HostKey(bytes((number,)) * 32) for number in range(count)]
        self.routers = {
            key.peer_id: GossipRouter(key.peer_id, random.Random(f"{seed} {number}"))
            for number, key in enumerate(self.keys)
        }
        self.now = 0.0
        self.heard: dict[PeerId, list[bytes]] = {peer: [] for peer in self.routers}
        self.blamed: list[Blame] = []
        self.sent = 0
        self.lossy: set[PeerId] = set()
        for peer, router in self.routers.items():
            for other in self.routers:
                if other != peer:
                    self.do(peer, router.came(other))
        if subscribed:
            for peer, router in self.routers.items():
                self.do(peer, router.subscribe(TOPIC, self.now))

    def do(self, peer: PeerId, effects: list[Effect]) -> None:
        """Let what a router wants happen, and all that follows from it."""
        waiting = deque((peer, effect) for effect in effects)
        while waiting:
            actor, effect = waiting.popleft()
            match effect:
                case Send(target, rpc):
                    self.sent += 1
                    if target in self.lossy and rpc.posts:
                        continue
                    more = self.routers[target].receive(actor, parse_rpc(rpc.encode()), self.now)
                    waiting.extend((target, each) for each in more)
                case Deliver(sender, post):
                    self.heard[actor].append(post.data)
                    more = self.routers[actor].judged(sender, post, accepted=True)
                    waiting.extend((actor, each) for each in more)
                case Blame():
                    self.blamed.append(effect)

    def beat(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += 1
            for peer, router in self.routers.items():
                self.do(peer, router.heartbeat(self.now))

    def publish(self, number: int, data: bytes) -> PeerId:
        key = self.keys[number]
        router = self.routers[key.peer_id]
        self.do(key.peer_id, router.publish(Post.sign(key, TOPIC, data, data), self.now))
        return key.peer_id


def test_a_message_reaches_every_subscriber_once() -> None:
    crowd = Crowd(20)
    crowd.beat(3)
    author = crowd.publish(3, b"hello")
    crowd.beat(6)
    assert {peer: heard for peer, heard in crowd.heard.items() if heard != [b"hello"]} == {author: []}


@pytest.mark.parametrize("seed", range(5))
def test_meshes_keep_their_size(seed: int) -> None:
    crowd = Crowd(30, seed=seed)
    crowd.beat(5)
    for router in crowd.routers.values():
        assert MESH_LOW <= len(router.mesh[TOPIC]) <= MESH_HIGH


def test_who_missed_a_message_asks_for_it() -> None:
    crowd = Crowd(20)
    crowd.beat(3)
    missing = crowd.keys[7].peer_id
    crowd.lossy.add(missing)
    crowd.publish(0, b"hello")
    assert crowd.heard[missing] == []
    crowd.lossy.clear()
    crowd.beat(4)
    assert crowd.heard[missing] == [b"hello"]


def test_who_does_not_subscribe_hears_nothing() -> None:
    crowd = Crowd(4, subscribed=False)
    peers = list(crowd.routers)
    for peer in peers[:2]:
        crowd.do(peer, crowd.routers[peer].subscribe(TOPIC, 0))
    crowd.publish(3, b"hello")
    crowd.beat(3)
    assert [crowd.heard[peer] for peer in peers] == [[b"hello"], [b"hello"], [], []]


def test_who_unsubscribes_is_in_no_mesh_any_more() -> None:
    crowd = Crowd(5)
    crowd.beat(2)
    leaving = crowd.keys[0].peer_id
    crowd.do(leaving, crowd.routers[leaving].unsubscribe(TOPIC, crowd.now))
    assert all(leaving not in router.mesh.get(TOPIC, set()) for router in crowd.routers.values())
    crowd.publish(1, b"hello")
    assert crowd.heard[leaving] == []


def test_a_peer_that_went_is_in_no_mesh_and_comes_back() -> None:
    crowd = Crowd(5)
    crowd.beat(2)
    gone, own = crowd.keys[0].peer_id, crowd.keys[1].peer_id
    router = crowd.routers[own]
    router.went(gone)
    assert gone not in router.mesh[TOPIC]
    assert router.receive(gone, Rpc(graft=[TOPIC]), crowd.now) == []


def test_nobody_sends_anything_while_nothing_happens() -> None:
    crowd = Crowd(20)
    crowd.beat(3)
    before = crowd.sent
    crowd.beat(300)
    assert crowd.sent == before


def posts(count: int, *, author: HostKey | None = None) -> list[Post]:
    key = author or HostKey(b"x" * 32)
    return [Post.sign(key, TOPIC, b"text", b"%d" % number) for number in range(count)]


def test_a_message_that_its_author_did_not_sign_is_held_against_who_sent_it() -> None:
    crowd = Crowd(2)
    own, peer = (key.peer_id for key in crowd.keys)
    (post,) = posts(1)
    forged = Post(post.author, b"other text", post.sequence, post.topic, post.signature)
    effects = crowd.routers[own].receive(peer, Rpc(posts=[forged]), 1)
    assert [type(effect) for effect in effects] == [Blame]


def test_a_peer_that_floods_is_held_to_its_share() -> None:
    crowd = Crowd(2)
    own, peer = (key.peer_id for key in crowd.keys)
    many = posts(GOSSIP_POSTS_PER_HEARTBEAT_MAX + 5)
    effects = crowd.routers[own].receive(peer, Rpc(posts=many), 1)
    assert sum(isinstance(effect, Deliver) for effect in effects) == GOSSIP_POSTS_PER_HEARTBEAT_MAX
    assert sum(isinstance(effect, Blame) for effect in effects) == 5


def test_a_graft_within_its_pause_is_refused_and_held_against_the_peer() -> None:
    crowd = Crowd(2)
    own, peer = (key.peer_id for key in crowd.keys)
    router = crowd.routers[own]
    router.receive(peer, Rpc(prune=[(TOPIC, 1)]), 0)
    effects = router.receive(peer, Rpc(graft=[TOPIC]), BACKOFF_S - 1)
    assert [type(effect) for effect in effects] == [Blame, Send]
    assert peer not in router.mesh[TOPIC]


def test_of_topics_that_are_not_heard_here_nothing_is_said() -> None:
    crowd = Crowd(2)
    own, peer = (key.peer_id for key in crowd.keys)
    assert crowd.routers[own].receive(peer, Rpc(graft=["other"], have={"other": [b"id"]}), 1) == []


def test_one_message_is_sent_again_to_one_peer_a_few_times_at_most() -> None:
    crowd = Crowd(2)
    author, peer = (key.peer_id for key in crowd.keys)
    crowd.publish(0, b"hello")
    wanted = Post.sign(crowd.keys[0], TOPIC, b"hello", b"hello").id
    answers = [crowd.routers[author].receive(peer, Rpc(want=[wanted]), 1) for _ in range(5)]
    assert [len(answer) for answer in answers] == [1, 1, 1, 0, 0]


def test_a_message_is_forgotten_in_time() -> None:
    crowd = Crowd(2)
    crowd.publish(0, b"hello")
    crowd.beat(SEEN_S + 1)
    for router in crowd.routers.values():
        assert (len(router._seen), len(router._cache)) == (0, 0)
    assert MESH == 6
