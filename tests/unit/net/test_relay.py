"""Being reached through a relay, on loopback: who may, how much, and what becomes of it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

import pytest

from leither.codec.multiaddr import Multiaddr
from leither.crypto.host_key import HostKey
from leither.limits import CIRCUIT_BYTES_MAX, CIRCUITS_PER_PEER_MAX
from leither.net.connection import Connection
from leither.net.host import Host
from leither.net.node import NetNode, Setup
from leither.net.stream import MuxedStream
from leither.ports import Known, Reach
from leither.ports.network_errors import PeerUnreachable, StreamBroken
from leither.runtime import SystemClock, SystemRandom
from leither.wire.relay_message import DCUTR

ECHO = "/test/echo/1"
LOOPBACK = Multiaddr.parse("/ip4/127.0.0.1/tcp/0")
TIMEOUT_S = 20


class Three:
    """A relay and two nodes, both connected with it; `right` has a place there."""

    def __init__(self, nodes: list[NetNode]) -> None:
        self.relay, self.left, self.right = nodes

    @property
    def circuit(self) -> Multiaddr:
        """Where the right one is reached through the relay."""
        return self.right.relay_client.addresses()[0]


async def node(kept: tuple[Known, ...] = ()) -> NetNode:
    random = SystemRandom()
    setup = Setup(HostKey(random.token(32)), Reach.OFF, (LOOPBACK,), random.token, SystemClock(), kept=kept)
    made = NetNode(setup, lambda peer, came: None)
    made.host.serve(ECHO, echo)
    await made.start()
    return made


async def echo(stream: MuxedStream) -> None:
    while data := await stream.read(65536):
        await stream.write(data)


async def until(condition: Callable[[], bool]) -> None:
    never = asyncio.Event()
    for _ in range(TIMEOUT_S * 100):
        if condition():
            return
        with suppress(TimeoutError):
            await asyncio.wait_for(never.wait(), 0.01)
    raise AssertionError(f"it did not come about in {TIMEOUT_S} s")


def with_three(work: Callable[[Three], Awaitable[None]], *, punching: bool = True) -> None:
    async def main() -> None:
        three = Three([await node() for _ in range(3)])
        if not punching:
            del three.left.host.handlers[DCUTR]
        try:
            for each in (three.left, three.right):
                await each.connect(three.relay.host.peer_id, three.relay.host.listening)
                await until(lambda each=each: three.relay.host.peer_id in each.identifying.known)  # type: ignore[misc]
            three.right.relay_client.use(three.relay.host.peer_id)
            await until(lambda: bool(three.right.relay_client.addresses()))
            await work(three)
        finally:
            for each in (three.left, three.right, three.relay):
                await each.close()

    asyncio.run(main())


async def reached(three: Three) -> MuxedStream:
    # Only the way through the relay is known, so that it is taken.
    peer = three.right.host.peer_id
    await three.left.host.connect(peer, [three.circuit])
    return await three.left.host.open(peer, [ECHO])


def test_a_node_is_reached_through_a_relay_by_who_it_is() -> None:
    async def work(three: Three) -> None:
        stream = await reached(three)
        assert stream.connection.relayed
        await stream.write(b"hello")
        assert await stream.read(5) == b"hello"

    with_three(work)


def test_who_was_reached_through_a_relay_makes_the_connection_direct() -> None:
    async def work(three: Three) -> None:
        await reached(three)
        left, right = three.left.host, three.right.host
        await until(lambda: not _best(left, right).relayed and not _best(right, left).relayed)
        stream = await left.open(right.peer_id, [ECHO])
        await stream.write(b"hello")
        assert await stream.read(5) == b"hello"

    with_three(work)


def test_without_a_place_nobody_is_reached_through_a_relay() -> None:
    async def work(three: Three) -> None:
        circuit = three.circuit
        three.relay.relay_server.went(three.right.host.peer_id)
        with pytest.raises(PeerUnreachable, match="not with it"):
            await three.left.host.connect(three.right.host.peer_id, [circuit])

    with_three(work)


def test_a_relay_carries_a_bounded_amount_for_those_nobody_chose() -> None:
    async def work(three: Three) -> None:
        stream = await reached(three)
        with pytest.raises(StreamBroken):
            await through(stream, 3 * CIRCUIT_BYTES_MAX)

    with_three(work, punching=False)


def test_a_relay_carries_any_amount_for_chosen_peers() -> None:
    async def work(three: Three) -> None:
        three.relay.book.keep(three.right.host.peer_id, [])
        stream = await reached(three)
        assert await through(stream, 3 * CIRCUIT_BYTES_MAX) == 3 * CIRCUIT_BYTES_MAX

    with_three(work, punching=False)


def test_a_relay_refuses_more_circuits_to_one_peer_than_its_limit() -> None:
    async def work(three: Three) -> None:
        server = three.relay.relay_server
        server._circuits[three.right.host.peer_id] = CIRCUITS_PER_PEER_MAX
        with pytest.raises(PeerUnreachable, match="201"):
            await reached(three)

    with_three(work, punching=False)


def test_a_place_ends_with_the_connection() -> None:
    async def work(three: Three) -> None:
        assert three.relay.relay_server.reservations == 1
        three.right.host.disconnect(three.relay.host.peer_id)
        await until(lambda: three.relay.relay_server.reservations == 0)
        assert three.right.relay_client.addresses() == []

    with_three(work)


def test_a_node_that_is_dialled_back_knows_that_it_is_reached() -> None:
    async def work(three: Three) -> None:
        assert await three.left.reachability.ask([three.relay.host.peer_id]) == "public"
        assert await three.left.reachability.ask([three.relay.host.peer_id]) == "public", "once in a while is enough"

    with_three(work)


def test_a_node_that_listens_nowhere_learns_that_it_is_not_reached() -> None:
    async def work(three: Three) -> None:
        gone = three.right.host.listening
        three.right.host.stop_listening()
        three.right.host._listening.extend(gone)
        assert await three.right.reachability.ask([three.relay.host.peer_id]) == "private"

    with_three(work)


async def through(stream: MuxedStream, size_bytes: int) -> int:
    """Send so many bytes there and back; return how many came."""
    came = 0
    for _ in range(size_bytes // 65536):
        await stream.write(bytes(65536))
        came += len(await stream.exactly(65536))
    return came


def _best(one: Host, other: Host) -> Connection:
    found = one.best(other.peer_id)
    assert found is not None
    return found
