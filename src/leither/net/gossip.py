"""Gossipsub over streams: one that we open to each peer, and the one it opens to us."""

import asyncio
import random
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from leither.crypto.peer_id import PeerId
from leither.errors import LeitherError
from leither.limits import GOSSIP_BYTES_MAX, GOSSIP_QUEUE_MAX
from leither.net.host import Host
from leither.net.stream import MuxedStream
from leither.ports.network import Verdict
from leither.wire.gossip_message import PROTOCOLS, Post, Rpc, parse_rpc
from leither.wire.gossip_router import Blame, Deliver, Effect, GossipRouter, Send

HEARTBEAT_S = 1.0
_REJECTED_POINTS = 20

Hear = Callable[[PeerId, Post], Awaitable[Verdict]]


class Gossip:
    """Topics of this node. `blame` is told of peers that misbehave."""

    def __init__(self, host: Host, blame: Callable[[PeerId, int, str], None]) -> None:
        self._host = host
        self._blame = blame
        self._loop = asyncio.get_running_loop()
        self.router = GossipRouter(host.peer_id, random.Random(host.token(16)))  # noqa: S311 - picks peers, no secret
        self._hearing: dict[str, Hear] = {}
        self._queues: dict[PeerId, deque[Rpc]] = {}
        self._senders: dict[PeerId, asyncio.Task[None]] = {}
        self._wakes: dict[PeerId, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._sequence = int.from_bytes(host.token(6), "big") << 16
        for protocol in PROTOCOLS:
            host.serve(protocol, self._receive)
        self._heart = asyncio.ensure_future(self._beat())

    def speaks(self, peer: PeerId, protocols: frozenset[str]) -> None:
        """Hear what a connected peer speaks."""
        if peer not in self._senders and not protocols.isdisjoint(PROTOCOLS):
            self._queues[peer] = deque(maxlen=GOSSIP_QUEUE_MAX)
            self._wakes[peer] = asyncio.Event()
            self._senders[peer] = asyncio.ensure_future(self._send(peer))
            self._do(self.router.came(peer))

    def went(self, peer: PeerId) -> None:
        """Hear that a peer is no longer connected."""
        task = self._senders.pop(peer, None)
        if task is not None:
            task.cancel()
            del self._queues[peer], self._wakes[peer]
            self.router.went(peer)

    def subscribe(self, topic: str, hear: Hear) -> None:
        """Hear a topic."""
        self._hearing[topic] = hear
        self._do(self.router.subscribe(topic, self._loop.time()))

    def unsubscribe(self, topic: str) -> None:
        """Hear a topic no longer."""
        if self._hearing.pop(topic, None) is not None:
            self._do(self.router.unsubscribe(topic, self._loop.time()))

    def publish(self, topic: str, data: bytes) -> int:
        """Send a message to all who hear a topic; return to how many peers it goes at once."""
        self._sequence += 1
        post = Post.sign(self._host.key, topic, data, self._sequence.to_bytes(8, "big"))
        effects = self.router.publish(post, self._loop.time())
        self._do(effects)
        return len(effects)

    def close(self) -> None:
        """Stop. Idempotent."""
        self._heart.cancel()
        for peer in list(self._senders):
            self.went(peer)
        for task in self._tasks:
            task.cancel()

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(HEARTBEAT_S)
            self._do(self.router.heartbeat(self._loop.time()))

    def _do(self, effects: Iterable[Effect]) -> None:
        for effect in effects:
            match effect:
                case Send(peer, rpc):
                    if peer in self._queues:
                        self._queues[peer].append(rpc)
                        self._wakes[peer].set()
                case Deliver(sender, post):
                    task = asyncio.ensure_future(self._deliver(sender, post))
                    self._tasks.add(task)
                    task.add_done_callback(self._tasks.discard)
                case Blame(peer, points, why):
                    self._blame(peer, points, why)

    async def _deliver(self, sender: PeerId, post: Post) -> None:
        hear = self._hearing.get(post.topic)
        if hear is None:
            return
        verdict = await hear(sender, post)
        if verdict == Verdict.REJECT:
            self._blame(sender, _REJECTED_POINTS, "a message on a topic was rejected")
        self._do(self.router.judged(sender, post, accepted=verdict == Verdict.ACCEPT))

    async def _send(self, peer: PeerId) -> None:
        queue, wake = self._queues[peer], self._wakes[peer]
        while True:
            with suppress(LeitherError):  # the stream, or the peer, is gone; if it comes back, so does the stream
                stream = await self._host.open(peer, PROTOCOLS)
                try:
                    while True:
                        await wake.wait()
                        wake.clear()
                        while queue:
                            await stream.write_message(queue.popleft().encode())
                finally:
                    stream.reset()
            await asyncio.sleep(HEARTBEAT_S)
            self._do(self.router.came(peer))

    async def _receive(self, stream: MuxedStream) -> None:
        while (message := await stream.read_message(GOSSIP_BYTES_MAX)) is not None:
            self._do(self.router.receive(stream.peer, parse_rpc(message), self._loop.time()))
