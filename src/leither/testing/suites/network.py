"""What every `Network` adapter must do. What takes a while elsewhere is waited for, never slept for."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import partial
from queue import Queue

from leither.crypto.peer_id import PeerId
from leither.errors import PeerError
from leither.limits import (
    NETWORK_MESSAGE_BYTES_MAX,
    PEER_SCORE_DROPPED,
    ROUTED_VALUE_BYTES_MAX,
    TOPIC_MESSAGE_BYTES_MAX,
)
from leither.ports import Known, Network, PeerEvent, Stream, TopicMessage, Verdict
from leither.ports.network_errors import (
    BadAddress,
    PeerMessageTooLarge,
    PeerTooSlow,
    PeerUnreachable,
    ProtocolUnsupported,
    StreamBroken,
    ValueNotFound,
)
from leither.testing.suites.expect import raised

WAIT_S = 20
ECHO, SINK = "/test/echo/1", "/test/sink/1"
KEY = b"\x12\x20" + hashlib.sha256(b"what is provided").digest()


def until(condition: Callable[[], bool], *, what: str) -> None:
    """Wait until `condition` holds. Raises: AssertionError: if it takes more than WAIT_S."""
    never = threading.Event()
    for _ in range(WAIT_S * 50):
        if condition():
            return
        never.wait(0.02)
    raise AssertionError(f"{what} did not come about in {WAIT_S} s")


class Numbers:
    """Values for `/test/` keys: decimal numbers, of which the largest is the newest."""

    def is_valid(self, key: bytes, value: bytes) -> bool:
        """Tell whether it is a number."""
        return value.isdigit()

    def best(self, key: bytes, values: Sequence[bytes]) -> int:
        """Return which is the largest."""
        return max(range(len(values)), key=lambda index: int(values[index]))


def echo(stream: Stream) -> None:
    """Send back what comes."""
    while data := stream.read(65536):
        stream.write(data)


class NetworkSuite:
    """Derive and define `make`."""

    def make(self, count: int) -> list[Network]:
        """Return so many nodes that could reach each other and are not connected."""
        raise NotImplementedError

    @contextmanager
    def nodes(self, count: int, *, connected: bool = True) -> Iterator[list[Network]]:
        """Give nodes, each but the first connected with the first, and close them."""
        made = self.make(count)
        try:
            if connected:
                for node in made[1:]:
                    node.connect(made[0].addresses()[0])
                for node in made[1:]:
                    until(lambda node=node: _knows(node, made[0]) and _knows(made[0], node), what="a connection")  # type: ignore[misc]
            yield made
        finally:
            for node in made:
                node.close()

    def test_a_connected_peer_is_listed_on_both_sides(self) -> None:
        """A connected peer is listed on both sides."""
        with self.nodes(2) as (first, second):
            (seen,) = second.peers()
            assert (seen.id, seen.inbound, seen.relayed) == (first.peer_id, False, False)
            (seen,) = first.peers()
            assert (seen.id, seen.inbound) == (second.peer_id, True)

    def test_a_peer_tells_what_it_speaks(self) -> None:
        """A peer tells what it speaks."""
        first, second = self.make(2)
        try:
            first.serve(ECHO, echo)
            second.connect(first.addresses()[0])
            until(lambda: any(ECHO in peer.protocols for peer in second.peers()), what="hearing its protocols")
        finally:
            first.close()
            second.close()

    def test_connecting_again_changes_nothing(self) -> None:
        """Connecting again changes nothing."""
        with self.nodes(2) as (first, second):
            assert second.connect(first.addresses()[0]) == first.peer_id
            assert len(second.peers()) == len(first.peers()) == 1

    def test_an_address_that_is_none_is_refused(self) -> None:
        """An address that is none, or says not whose it is, is refused."""
        with self.nodes(1) as (node,):
            for given in ("", "nonsense", "/ip4/127.0.0.1/tcp/1", "/ip4/127.0.0.1/tcp/99999/p2p/abc"):
                raised(BadAddress, partial(node.connect, given))

    def test_a_peer_that_is_not_there_is_unreachable(self) -> None:
        """A peer that is not there is unreachable."""
        with self.nodes(2, connected=False) as (first, second):
            address = second.addresses()[0]
            second.close()
            raised(PeerUnreachable, lambda: first.connect(address))

    def test_comings_and_goings_are_told(self) -> None:
        """Comings and goings are told, those from before as well."""
        with self.nodes(2) as (first, second):
            heard: Queue[PeerEvent] = Queue()
            stop = first.watch(heard.put)
            assert heard.get(timeout=WAIT_S) == PeerEvent(second.peer_id, came=True)
            second.disconnect(first.peer_id)
            assert heard.get(timeout=WAIT_S) == PeerEvent(second.peer_id, came=False)
            stop()
            second.connect(first.addresses()[0])
            until(lambda: _knows(first, second), what="a connection")
            assert heard.empty()

    def test_a_stream_carries_both_ways(self) -> None:
        """A stream carries bytes both ways, and its end."""
        with self.nodes(2) as (first, second):
            first.serve(ECHO, echo)
            stream = second.open(first.peer_id, ["/test/unknown/1", ECHO])
            assert (stream.peer, stream.protocol) == (first.peer_id, ECHO)
            stream.write(b"hello")
            stream.close_write()
            assert _all(stream) == b"hello"
            stream.close()

    def test_the_side_that_was_dialled_opens_streams_too(self) -> None:
        """The side that was dialled opens streams too."""
        with self.nodes(2) as (first, second):
            second.serve(ECHO, echo)
            stream = first.open(second.peer_id, [ECHO])
            stream.write_message(b"hello")
            assert stream.read_message() == b"hello"
            stream.close()

    def test_a_stream_carries_more_than_its_buffer(self) -> None:
        """A stream carries more than its buffer, as fast as it is read."""
        data = bytes(range(256)) * 4096 * 5
        with self.nodes(2) as (first, second):
            first.serve(SINK, lambda stream: stream.write(hashlib.sha256(_all(stream)).digest()))
            stream = second.open(first.peer_id, [SINK])
            stream.write(data)
            stream.close_write()
            assert _all(stream) == hashlib.sha256(data).digest()

    def test_messages_on_a_stream_keep_their_bounds(self) -> None:
        """Messages on a stream keep their bounds, the empty one too."""
        sent = [b"", b"a", bytes(127), bytes(128), bytes(70_000)]
        with self.nodes(2) as (first, second):
            first.serve(ECHO, echo)
            stream = second.open(first.peer_id, [ECHO])
            for message in sent:
                stream.write_message(message)
            stream.close_write()
            assert [stream.read_message() for _ in sent] == sent
            assert stream.read_message() is None

    def test_a_message_over_its_limit_is_refused_on_both_sides(self) -> None:
        """A message over its limit is refused on both sides."""
        with self.nodes(2) as (first, second):
            first.serve(ECHO, echo)
            stream = second.open(first.peer_id, [ECHO])
            raised(PeerMessageTooLarge, lambda: stream.write_message(bytes(NETWORK_MESSAGE_BYTES_MAX + 1)))
            stream.write_message(bytes(1001))
            raised(PeerMessageTooLarge, lambda: stream.read_message(size_bytes_max=1000))

    def test_a_protocol_that_nobody_serves_is_refused(self) -> None:
        """A protocol that nobody serves is refused, and one that is no longer served."""
        with self.nodes(2) as (first, second):
            raised(ProtocolUnsupported, lambda: second.open(first.peer_id, [ECHO]))
            first.serve(ECHO, echo)()
            raised(ProtocolUnsupported, lambda: second.open(first.peer_id, [ECHO]))

    def test_a_read_waits_no_longer_than_it_may(self) -> None:
        """A read waits no longer than it may."""
        with self.nodes(2) as (first, second):
            first.serve(ECHO, echo)
            stream = second.open(first.peer_id, [ECHO])
            raised(PeerTooSlow, lambda: stream.read(1, timeout_s=0.05))
            stream.write(b"late")
            assert stream.read(4) == b"late"

    def test_a_write_that_nobody_reads_waits_no_longer_than_it_may(self) -> None:
        """A write that nobody reads waits no longer than it may."""
        with self.nodes(2) as (first, second):
            done = threading.Event()
            first.serve(SINK, lambda stream: _wait(done))
            stream = second.open(first.peer_id, [SINK])
            raised(PeerTooSlow, lambda: stream.write(bytes(20_000_000), timeout_s=0.5))
            done.set()

    def test_a_handler_that_fails_breaks_its_stream(self) -> None:
        """A handler that fails breaks its stream, and no other."""

        def fail(stream: Stream) -> None:
            stream.read(1)
            raise StreamBroken(stream.peer, "for the test")

        with self.nodes(2) as (first, second):
            first.serve(ECHO, echo)
            first.serve(SINK, fail)
            good, bad = second.open(first.peer_id, [ECHO]), second.open(first.peer_id, [SINK])
            bad.write(b"x")
            raised(StreamBroken, lambda: bad.read(1))
            good.write(b"x")
            assert good.read(1) == b"x"

    def test_a_lost_connection_breaks_its_streams(self) -> None:
        """A lost connection breaks its streams."""
        with self.nodes(2) as (first, second):
            first.serve(ECHO, echo)
            stream = second.open(first.peer_id, [ECHO])
            first.disconnect(second.peer_id)
            raised(StreamBroken, lambda: stream.read(1))

    def test_messages_arrive_in_their_order(self) -> None:
        """Messages that are sent arrive in their order."""
        with self.nodes(2) as (first, second):
            heard: Queue[tuple[PeerId, bytes]] = Queue()
            first.receive(SINK, lambda peer, message: heard.put((peer, message)))
            for number in range(50):
                assert second.send(first.peer_id, ["/test/unknown/1", SINK], b"%d" % number) == SINK
            got = [heard.get(timeout=WAIT_S) for _ in range(50)]
            assert sorted(got) == sorted((second.peer_id, b"%d" % number) for number in range(50))

    def test_a_message_to_a_peer_that_does_not_take_it_is_refused(self) -> None:
        """A message to a peer that does not take it is refused."""
        with self.nodes(2) as (first, second):
            raised(ProtocolUnsupported, lambda: second.send(first.peer_id, [SINK], b"x"))
            first.receive(SINK, lambda peer, message: None)
            raised(
                PeerMessageTooLarge,
                lambda: second.send(first.peer_id, [SINK], bytes(NETWORK_MESSAGE_BYTES_MAX + 1)),
            )

    def test_a_handler_may_answer_with_a_message(self) -> None:
        """A handler may answer with a message."""
        with self.nodes(2) as (first, second):
            heard: Queue[bytes] = Queue()
            second.receive(SINK, lambda peer, message: heard.put(message))

            def answer(peer: PeerId, message: bytes) -> None:
                first.send(peer, [SINK], message[::-1])

            first.receive(SINK, answer)
            second.send(first.peer_id, [SINK], b"abc")
            assert heard.get(timeout=WAIT_S) == b"cba"

    def test_a_message_over_its_limit_costs_its_sender_points(self) -> None:
        """A message over its limit, or one that is malformed, costs its sender points."""

        def refuse(peer: PeerId, message: bytes) -> None:
            raise PeerError("malformed, for the test")

        with self.nodes(2) as (first, second):
            first.receive(SINK, refuse, size_bytes_max=10)
            second.send(first.peer_id, [SINK], bytes(11))
            until(lambda: first.peers()[0].score < 0, what="a lower score")
            before = first.peers()[0].score
            second.send(first.peer_id, [SINK], b"x")
            until(lambda: first.peers()[0].score < before, what="a lower score")

    def test_who_is_blamed_too_much_is_dropped_and_kept_out(self) -> None:
        """Who is blamed too much is dropped and kept out."""
        with self.nodes(2) as (first, second):
            first.blame(second.peer_id, 1, "for the test")
            assert first.peers()[0].score == -1
            first.blame(second.peer_id, -PEER_SCORE_DROPPED, "for the test")
            until(lambda: not first.peers() and not second.peers(), what="losing the peer")
            second_again = first.addresses()[0]
            with suppress(PeerUnreachable):  # it may be told at once, or find out
                second.connect(second_again)
            until(lambda: not first.peers() and not second.peers(), what="being kept out")

    def test_a_chosen_peer_is_dialled(self) -> None:
        """A chosen peer is dialled, and listed as chosen."""
        with self.nodes(2, connected=False) as (first, second):
            known = Known(second.peer_id, tuple(second.addresses()))
            first.keep(known)
            assert [each.id for each in first.kept()] == [second.peer_id]
            until(lambda: _knows(first, second), what="a connection")
            assert first.peers()[0].kept
            first.forget(second.peer_id)
            assert first.kept() == []

    def test_a_topic_is_heard_by_those_who_subscribe(self) -> None:
        """A topic is heard by those who subscribe, through others too, with its author."""
        with self.nodes(3) as (first, second, third):
            heard: Queue[TopicMessage] = Queue()
            first.subscribe("news", lambda message: Verdict.ACCEPT)
            third.subscribe("news", _hearing(heard))
            until(lambda: second.publish("news", b"hello") > 0 and not heard.empty(), what="hearing the topic")
            message = heard.get(timeout=WAIT_S)
            assert (message.topic, message.author, message.data) == ("news", second.peer_id, b"hello")

    def test_a_topic_is_not_heard_any_more_once_stopped(self) -> None:
        """A topic is not heard any more once that is stopped, nor by its own author."""
        with self.nodes(2) as (first, second):
            heard: Queue[TopicMessage] = Queue()
            own: Queue[TopicMessage] = Queue()
            second.subscribe("news", _hearing(own))
            stop = first.subscribe("news", _hearing(heard))
            until(lambda: second.publish("news", b"hello") > 0, what="a subscriber")
            heard.get(timeout=WAIT_S)
            stop()
            until(lambda: second.publish("news", b"again") == 0, what="the end of a subscription")
            assert own.empty()

    def test_a_long_message_for_a_topic_is_refused(self) -> None:
        """A long message for a topic is refused."""
        with self.nodes(1) as (node,):
            raised(PeerMessageTooLarge, lambda: node.publish("news", bytes(TOPIC_MESSAGE_BYTES_MAX + 1)))

    def test_providers_are_found(self) -> None:
        """Who provides a key is found by others, with addresses, through a node in between."""
        with self.nodes(3) as (_, second, third):
            assert third.find_providers(KEY) == []
            until(lambda: second.provide([KEY]) == 1, what="providing")
            (found,) = third.find_providers(KEY)
            assert found.id == second.peer_id
            assert third.connect(found) == second.peer_id

    def test_a_peer_is_found(self) -> None:
        """A peer is found by its id through a node in between."""
        with self.nodes(3) as (_, second, third):
            assert third.find_peer(second.peer_id).id == second.peer_id

    def test_values_are_found_and_the_newest_one_wins(self) -> None:
        """Values are found, and the newest one wins over one that is put later."""
        with self.nodes(3) as nodes:
            _, second, third = nodes
            for node in nodes:
                node.validate("test", Numbers())
            raised(ValueNotFound, lambda: third.get_value(b"/test/a"))
            until(lambda: second.put_value(b"/test/a", b"5") > 0, what="putting a value")
            assert third.get_value(b"/test/a") == b"5"
            second.put_value(b"/test/a", b"4")
            assert third.get_value(b"/test/a") == b"5"

    def test_values_that_are_not_valid_are_taken_by_nobody(self) -> None:
        """Values that are not valid, or of no known namespace, are taken by nobody."""
        with self.nodes(2) as (first, second):
            first.validate("test", Numbers())
            assert second.put_value(b"/test/a", b"no number") == 0
            assert second.put_value(b"/else/a", b"1") == 0
            raised(PeerMessageTooLarge, lambda: second.put_value(b"/test/a", b"1" * (ROUTED_VALUE_BYTES_MAX + 1)))

    def test_closing_twice_is_closing_once(self) -> None:
        """Closing twice is closing once, and others see it."""
        with self.nodes(2) as (first, second):
            first.close()
            first.close()
            until(lambda: not second.peers(), what="losing the peer")


def _knows(node: Network, other: Network) -> bool:
    """Tell whether a node is connected with another and has heard what it speaks."""
    return any(peer.id == other.peer_id and peer.agent for peer in node.peers())


def _wait(event: threading.Event) -> None:
    event.wait(WAIT_S)


def _all(stream: Stream) -> bytes:
    return b"".join(iter(lambda: stream.read(1 << 20), b""))


def _hearing(queue: Queue[TopicMessage]) -> Callable[[TopicMessage], Verdict]:
    def hear(message: TopicMessage) -> Verdict:
        queue.put(message)
        return Verdict.ACCEPT

    return hear
