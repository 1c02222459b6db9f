"""Nodes of the real network in one event loop, whose time passes only when nothing is left to do."""

from __future__ import annotations

import asyncio
import random
import selectors
from collections import Counter, deque
from collections.abc import Callable, Coroutine, Iterable
from typing import TypeVar

from leither.codec.multiaddr import Multiaddr, tcp_address
from leither.crypto.host_key import HostKey
from leither.net.node import NetNode, Setup
from leither.net.pipe import PipeBroken, Sink
from leither.ports import Reach

T = TypeVar("T")
Dial = Callable[..., Coroutine[object, object, "VirtualPipe"]]
LATENCY_S = 0.02
HEADER_BYTES = 52
"""Of IP and TCP with timestamps, before each segment."""
PORT = 4801


class _Skipping(selectors.SelectSelector):
    """Waits for nothing: what would be waited for has come, as far as the loop can tell."""

    def __init__(self) -> None:
        super().__init__()
        self.now_s = 0.0

    def select(self, timeout: float | None = None) -> list[tuple[selectors.SelectorKey, int]]:
        found = super().select(0)
        if not found:
            assert timeout is not None, "nothing will ever happen again"
            self.now_s += timeout
        return found


class VirtualLoop(asyncio.SelectorEventLoop):
    """An event loop in virtual time, which is also a clock."""

    def __init__(self) -> None:
        self._skipping = _Skipping()
        super().__init__(self._skipping)

    def time(self) -> float:
        return self._skipping.now_s

    def now_ms(self) -> int:
        return round(self.time() * 1000)


def run(main: Callable[[VirtualLoop], Coroutine[object, object, T]]) -> T:
    """Run `main` to its end."""
    loop = VirtualLoop()
    try:
        return loop.run_until_complete(main(loop))
    finally:
        left = asyncio.all_tasks(loop)
        for task in left:
            task.cancel()
        loop.run_until_complete(asyncio.gather(*left, return_exceptions=True))
        loop.close()


class VirtualPipe:
    """One end of a connection. What is written comes out of the other end a little later."""

    def __init__(self, remote: Multiaddr, count: Callable[[int], None]) -> None:
        self.remote = remote
        self.other: VirtualPipe | None = None
        self._count = count
        self._sink: Sink | None = None
        self._early: list[bytes] = []
        self._coming: deque[bytes | None] = deque()
        self._gone: str | None = None

    def attach(self, sink: Sink) -> None:
        self._sink = sink
        early, self._early = self._early, []
        for each in early:
            sink.received(each)
        if self._gone is not None:
            sink.ended(self._gone)

    def writelines(self, pieces: Iterable[bytes]) -> None:
        data = b"".join(pieces)
        if data and self._gone is None and self.other is not None:
            self._count(len(data))
            self.other.later(data)

    async def drained(self) -> None:
        if self._gone is not None:
            raise PipeBroken(self._gone)

    def close(self) -> None:
        if self._gone is None:
            assert self.other is not None
            self.other.later(None)
            self._end("it was closed")

    abort = close

    def later(self, data: bytes | None) -> None:
        """Have data come, or the end. What comes at one moment comes in order, which timers alone don't see to."""
        self._coming.append(data)
        asyncio.get_running_loop().call_later(LATENCY_S, self._come)

    def _come(self) -> None:
        data = self._coming.popleft()
        if data is None:
            self._end("the other side closed it")
        elif self._sink is None:
            self._early.append(data)
        elif self._gone is None:
            self._sink.received(data)

    def _end(self, reason: str) -> None:
        if self._gone is None:
            self._gone = reason
            if self._sink is not None:
                self._sink.ended(reason)


class Wire:
    """Between nodes that all reach each other. Counts what each sends and receives."""

    def __init__(self, seed: int) -> None:
        self._random = random.Random(seed)
        self._nodes: dict[Multiaddr, NetNode] = {}
        self._bytes: Counter[NetNode] = Counter()
        self._segments: Counter[NetNode] = Counter()

    async def node(self, loop: VirtualLoop) -> NetNode:
        """Return another node, at an address of its own.

        The addresses are global ones, since at others it would look for neighbours and a router; no packet is sent.
        """
        address = tcp_address(f"11.0.0.{len(self._nodes) + 1}", PORT)
        setup = Setup(HostKey(self._random.randbytes(32)), Reach.PEERS, (), self._random.randbytes, loop, machine=tuple)
        node = self._nodes[address] = NetNode(setup, lambda peer, came: None)
        node.host.dial_pipe = self._dialling(address, node)  # type: ignore[method-assign]
        await node.start()
        node.host._listening.append(address)
        return node

    def passed(self, node: NetNode) -> tuple[int, int]:
        """Return how many bytes a node has sent and received, and in how many segments."""
        return self._bytes[node], self._segments[node]

    def _dialling(self, own: Multiaddr, node: NetNode) -> Dial:
        async def dial(address: Multiaddr, *, source_port: int = 0) -> VirtualPipe:
            await asyncio.sleep(LATENCY_S)
            target = self._nodes[address.without_peer()]

            def count(size_bytes: int) -> None:
                for each in (node, target):
                    self._bytes[each] += size_bytes
                    self._segments[each] += 1

            near, far = VirtualPipe(address, count), VirtualPipe(own, count)
            near.other, far.other = far, near
            target.host.incoming(far)
            return near

        return dial
