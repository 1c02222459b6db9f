"""Gossip among many routers: who hears a topic gets each message once, and nobody makes another remember much."""

from __future__ import annotations

import random
import sys

import pytest

from leither.crypto.host_key import HostKey
from leither.crypto.peer_id import PeerId
from leither.limits import TOPICS_MAX
from leither.wire.gossip_message import Post, Rpc, parse_rpc
from leither.wire.gossip_router import MESH_HIGH, Blame, Deliver, Effect, GossipRouter, Send

KEYS = [HostKey(number.to_bytes(32, "big")) for number in range(1, 41)]
PEERS = [key.peer_id for key in KEYS]


def post(number: int = 0, *, author: int = 0, topic: str = "news") -> Post:
    return Post.sign(KEYS[author], topic, b"message %d" % number, number.to_bytes(8, "big"))


class Crowd:
    """Routers that are connected at random, with a share of what they send lost; a seed replays it."""

    def __init__(self, count: int, seed: int, *, loss: float = 0.0) -> None:
        self.dice = random.Random(seed)
        self.loss = loss
        self.now = 0.0
        self.routers = {peer: GossipRouter(peer, random.Random(f"{seed} {peer}")) for peer in PEERS[:count]}
        self.got: dict[PeerId, list[bytes]] = {peer: [] for peer in self.routers}
        self.sent = 0
        for one in self.routers:
            for other in self.dice.sample([peer for peer in self.routers if peer != one], min(12, count - 1)):
                self.run(one, self.routers[one].came(other))
                self.run(other, self.routers[other].came(one))

    def run(self, who: PeerId, effects: list[Effect]) -> None:
        waiting = [(who, effect) for effect in effects]
        while waiting:
            where, effect = waiting.pop(0)
            if isinstance(effect, Send):
                self.sent += bool(effect.rpc.posts)
                # Only messages are lost: what is said of topics and meshes comes over a stream, or not at all.
                if effect.rpc.posts and self.dice.random() < self.loss:
                    continue
                rpc = parse_rpc(effect.rpc.encode())
                waiting += [(effect.peer, each) for each in self.routers[effect.peer].receive(where, rpc, self.now)]
            elif isinstance(effect, Deliver):
                self.got[where].append(effect.post.data)
                judged = self.routers[where].judged(effect.sender, effect.post, accepted=True)
                waiting += [(where, each) for each in judged]
            else:
                raise AssertionError(f"blamed {effect}")

    def beat(self, count: int = 1) -> None:
        for _ in range(count):
            self.now += 1
            for peer, router in self.routers.items():
                self.run(peer, router.heartbeat(self.now))


@pytest.mark.parametrize("loss", [0.0, 0.3])
@pytest.mark.parametrize("seed", range(5))
def test_everybody_who_hears_a_topic_gets_each_message_once(seed: int, loss: float) -> None:
    crowd = Crowd(30, seed)
    hearing = PEERS[:25]
    for peer in hearing:
        crowd.run(peer, crowd.routers[peer].subscribe("news", crowd.now))
    crowd.beat(3)
    crowd.loss = loss
    for number in range(20):
        author = crowd.dice.randrange(30)
        crowd.run(PEERS[author], crowd.routers[PEERS[author]].publish(post(number, author=author), crowd.now))
        crowd.beat()
        for peer in hearing:
            assert crowd.got[peer].count(b"message %d" % number) <= 1
        crowd.got[PEERS[author]].append(b"message %d" % number)
    crowd.beat(5)
    wanted = sorted(b"message %d" % number for number in range(20))
    assert all(sorted(crowd.got[peer]) == wanted for peer in hearing)
    assert all(set(crowd.got[peer]) <= set(wanted) for peer in PEERS[25:30])
    assert all(len(router.mesh.get("news", ())) <= MESH_HIGH for router in crowd.routers.values())


def test_meshes_heal_when_peers_go() -> None:
    crowd = Crowd(30, 1)
    for peer in crowd.routers:
        crowd.run(peer, crowd.routers[peer].subscribe("news", crowd.now))
    crowd.beat(3)
    for gone in PEERS[20:30]:
        del crowd.routers[gone]
        for router in crowd.routers.values():
            router.went(gone)
    crowd.beat(3)
    crowd.run(PEERS[0], crowd.routers[PEERS[0]].publish(post(1), crowd.now))
    crowd.beat(3)
    assert all(crowd.got[peer] == [b"message 1"] for peer in PEERS[1:20])


def router_with_a_peer() -> tuple[GossipRouter, PeerId]:
    router = GossipRouter(PEERS[0], random.Random(1))
    router.came(PEERS[1])
    router.subscribe("news", 0.0)
    return router, PEERS[1]


def test_a_message_with_a_wrong_signature_is_blamed_on_who_sent_it() -> None:
    router, peer = router_with_a_peer()
    honest = post(1, author=2)
    forged = Post(honest.author, b"else", honest.sequence, honest.topic, honest.signature)
    (blame,) = router.receive(peer, Rpc(posts=[forged]), 0.0)
    assert isinstance(blame, Blame)
    assert blame.peer == peer
    (delivered,) = router.receive(peer, Rpc(posts=[honest]), 0.0)
    assert isinstance(delivered, Deliver), "a forged one must not stand in the way of the honest one"


def size_of(value: object) -> int:
    """Return about how many bytes a router holds, all it refers to counted."""
    seen: set[int] = set()
    waiting, total = [value], 0
    while waiting:
        each = waiting.pop()
        if id(each) in seen or isinstance(each, type | random.Random):
            continue
        seen.add(id(each))
        total += sys.getsizeof(each)
        if isinstance(each, dict):
            waiting += [*each.keys(), *each.values()]
        elif isinstance(each, list | tuple | set | frozenset):
            waiting += each
        waiting += [getattr(each, name) for name in getattr(type(each), "__slots__", ()) if hasattr(each, name)]
        waiting += vars(each).values() if hasattr(each, "__dict__") else []
    return total


@pytest.mark.parametrize("kind", ["prune", "graft", "subscribe", "have", "want"])
def test_a_peer_that_names_ever_new_things_makes_nobody_remember_them(kind: str) -> None:
    router, peer = router_with_a_peer()
    for round_number in range(40):
        names = [f"{round_number} {number}" for number in range(200)]
        ids = [name.encode() for name in names]
        rpc = {
            "prune": Rpc(prune=[(name, 3600) for name in names]),
            "graft": Rpc(graft=names),
            "subscribe": Rpc(subscriptions=[(name, True) for name in names]),
            "have": Rpc(have={"news": ids}),
            "want": Rpc(want=ids),
        }[kind]
        router.receive(peer, rpc, float(round_number))
    assert size_of(router) < 200 * TOPICS_MAX
