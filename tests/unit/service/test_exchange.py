"""What a node makes of peers that keep to no rules, and that others don't notice."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

import pytest

from leither import limits
from leither.codec import RAW, Block, Cid
from leither.crypto.peer_id import PeerId
from leither.ports import Known
from leither.ports.network_errors import PeerTooSlow
from leither.service.fetch import BlocksNotFound
from leither.testing.hub import Hub
from leither.testing.hub_network import MemoryNetwork
from leither.wire.bitswap_message import PROTOCOL, Message, Payload, Want, decode, encode, name_of, payload_for
from tests.unit.service.exchange_nodes import Node, file_of, nodes

WAIT_S = 20
HELD = Block.of(RAW, b"held" * 1000)
DATA, ROOT, BLOCKS = file_of(3 << 20)


@dataclass
class Stranger:
    """A peer that says what it likes. `heard` are the messages it got; `answers` what it does about each."""

    network: MemoryNetwork
    heard: list[Message] = field(default_factory=list)
    came: threading.Condition = field(default_factory=threading.Condition)

    def __post_init__(self) -> None:
        self.network.receive(PROTOCOL, self._hear)

    @property
    def known(self) -> Known:
        return Known(self.network.peer_id, tuple(self.network.addresses()))

    def say(self, node: Node, message: bytes | Message) -> None:
        data = message if isinstance(message, bytes) else encode(message)
        self.network.send(node.network.peer_id, (PROTOCOL,), data)

    def wait(self) -> list[Message]:
        """What it heard, once that is something."""
        self.wait_for(lambda: bool(self.heard))
        return list(self.heard)

    def wait_for(self, condition: Callable[[], bool]) -> None:
        with self.came:
            assert self.came.wait_for(condition, WAIT_S), "no answer came"

    def wants(self, *, cancel: bool) -> list[Want]:
        """What it was asked for, or asked for no more."""
        wants = [each for message in list(self.heard) for each in message.wants if not each.only_have]
        return [each for each in wants if each.cancel == cancel]

    def _hear(self, peer: PeerId, data: bytes) -> None:
        with self.came:
            self.heard.append(decode(data))
            self.came.notify_all()


@contextmanager
def node_and_stranger() -> Iterator[tuple[Node, Stranger, Hub]]:
    with Hub() as hub:
        node, stranger = Node(hub.node("node")), Stranger(hub.node("stranger"))
        node.put(HELD)
        stranger.network.connect(node.known)
        try:
            yield node, stranger, hub
        finally:
            node.exchange.close()


def score(node: Node, stranger: Stranger) -> int:
    assert isinstance(node.network, MemoryNetwork)
    return node.network.scores.get(stranger.network.peer_id, 0)


def want(cid: Cid, **options: bool) -> Want:
    return Want(name_of(cid), send_dont_have=True, **options)


def test_a_want_is_answered_on_a_message_of_our_own() -> None:
    with node_and_stranger() as (node, stranger, _):
        stranger.say(node, Message((want(HELD.cid), want(ROOT))))
        (answer,) = stranger.wait()
        assert answer == Message(payload=(payload_for(name_of(HELD.cid), HELD.data),), dont_haves=(name_of(ROOT),))


def test_bytes_that_are_no_message_cost_the_sender() -> None:
    with node_and_stranger() as (node, stranger, hub):
        stranger.say(node, b"\xff\xff\xff")
        hub.settle()
        assert score(node, stranger) < 0
        stranger.say(node, Message((want(HELD.cid),)))
        assert stranger.wait()[0].payload


def test_a_message_beyond_the_limit_costs_the_sender() -> None:
    with node_and_stranger() as (node, stranger, hub):
        many = b"".join(encode(Message((want(Cid.of(RAW, b"%d" % number)),))) for number in range(17_000))
        stranger.say(node, many)
        hub.settle()
        assert score(node, stranger) < 0
        assert node.exchange.server.wants_of(stranger.network.peer_id) == ()


def test_blocks_that_nobody_asked_for_are_kept_nowhere_and_cost_the_sender() -> None:
    with node_and_stranger() as (node, stranger, hub):
        unasked = Block.of(RAW, b"unasked")
        stranger.say(node, Message(payload=(payload_for(name_of(unasked.cid), unasked.data),)))
        hub.settle()
        assert not node.blocks.has(unasked.cid)
        assert score(node, stranger) < 0


def test_a_peer_that_gives_wrong_bytes_is_dismissed_and_nothing_of_it_is_kept() -> None:
    with node_and_stranger() as (node, stranger, hub):
        chance = random.Random(1)

        def lie(peer: PeerId, data: bytes) -> None:
            for _ in decode(data).wants:
                payload = tuple(Payload(b"\1\x55\x12\x20", chance.randbytes(100)) for _ in range(40))
                stranger.say(node, Message(payload=payload))

        stranger.network.receive(PROTOCOL, lie)
        with node.fetch(ROOT) as fetch:
            fetch.add_peer(stranger.known)
            with pytest.raises(BlocksNotFound):
                fetch.run()
        hub.settle()
        assert list(node.blocks.cids()) == [HELD.cid]
        assert score(node, stranger) < 0


def test_a_liar_does_not_keep_a_file_from_coming_from_others() -> None:
    with node_and_stranger() as (node, stranger, hub):
        honest = Node(hub.node("honest"))
        honest.put(*BLOCKS)
        chance = random.Random(1)

        def lie(peer: PeerId, data: bytes) -> None:
            payload = tuple(Payload(b"\1\x55\x12\x20", chance.randbytes(100)) for _ in range(40))
            stranger.say(node, Message(haves=tuple(each.name for each in decode(data).wants), payload=payload))

        stranger.network.receive(PROTOCOL, lie)
        try:
            with node.fetch(ROOT) as fetch:
                fetch.add_peer(stranger.known)
                fetch.add_peer(honest.known)
                assert b"".join(fetch.read()) == DATA
        finally:
            honest.exchange.close()


def test_presences_that_nobody_asked_about_are_passed_over() -> None:
    with node_and_stranger() as (node, stranger, hub), node.fetch(ROOT) as fetch:
        hub.settle()
        before = fetch._came.qsize()
        for _ in range(50):
            stranger.say(node, Message(haves=(name_of(HELD.cid),) * 1000, dont_haves=(name_of(ROOT),) * 1000))
        hub.settle()
        assert fetch._came.qsize() == before


def test_a_long_list_is_answered_within_bounds_and_others_are_served_meanwhile() -> None:
    with node_and_stranger() as (node, stranger, hub):
        other = Stranger(hub.node("other"))
        for turn in range(10):
            stranger.say(node, Message(tuple(want(Cid.of(RAW, b"%d %d" % (turn, each))) for each in range(2000))))
        other.say(node, Message((want(HELD.cid),)))
        assert other.wait()[0].payload
        assert len(node.exchange.server.wants_of(stranger.network.peer_id)) <= limits.BITSWAP_WANTS_MAX
        assert score(node, stranger) < 0
        assert score(node, other) == 0


def test_a_peer_that_does_not_read_is_forgotten_and_others_are_served() -> None:
    with node_and_stranger() as (node, stranger, hub):
        other = Stranger(hub.node("other"))
        send, slow = node.network.send, stranger.network.peer_id

        def stuck(peer: PeerId, *arguments: object, **options: object) -> str:
            if peer == slow:
                raise PeerTooSlow(peer, "read a message", 20)
            return send(peer, *arguments, **options)  # type: ignore[arg-type]

        node.network.send = stuck  # type: ignore[method-assign]
        stranger.say(node, Message((want(HELD.cid),)))
        other.say(node, Message((want(HELD.cid),)))
        assert other.wait()[0].payload
        hub.settle()
        assert node.exchange.server.wants_of(slow) == ()


def test_a_peer_that_does_not_read_does_not_hold_up_the_end() -> None:
    with node_and_stranger() as (node, stranger, _):
        sending, let_go = threading.Event(), threading.Event()
        disconnect = node.network.disconnect

        def stuck(peer: PeerId, *_: object, **__: object) -> str:
            sending.set()
            assert let_go.wait(WAIT_S), "nobody let it go"
            raise PeerTooSlow(peer, "read a message", 20)

        def part(peer: PeerId) -> None:
            let_go.set()
            disconnect(peer)

        node.network.send = stuck  # type: ignore[method-assign]
        node.network.disconnect = part  # type: ignore[method-assign]
        stranger.say(node, Message((want(HELD.cid),)))
        assert sending.wait(WAIT_S)
        node.exchange.close()
        assert let_go.is_set()


def test_a_want_that_is_withdrawn_is_cancelled_with_who_was_asked() -> None:
    with node_and_stranger() as (node, stranger, _):
        with node.fetch(ROOT) as fetch:
            fetch.add_peer(stranger.known)
            while not any(provider.asked for provider in fetch._session.providers):
                fetch._step()
            stranger.wait_for(lambda: any(stranger.wants(cancel=False)))
        stranger.wait_for(lambda: any(stranger.wants(cancel=True)))


def test_two_fetches_of_one_file_ask_a_peer_for_it_once_each_and_both_end() -> None:
    with nodes("ada", "bob") as (ada, bob):
        ada.put(*BLOCKS)
        read: list[bytes] = []

        def run() -> None:
            with bob.fetch(ROOT) as fetch:
                fetch.add_peer(ada.known)
                read.append(b"".join(fetch.read()))

        threads = [threading.Thread(target=run) for _ in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert read == [DATA, DATA]
