"""What is counted of traffic, for how long, and in how much memory."""

from __future__ import annotations

import pytest

from leither import limits
from leither.ports import Stream
from leither.ports.network_errors import PeerUnreachable, ProtocolUnsupported
from leither.service.metered import TOPICS, MeteredNetwork
from leither.service.traffic import OTHERS, Counts, Traffic
from leither.testing.hub import Hub
from leither.testing.node import FakeClock, memory_engines
from leither.web.metrics import Metrics

SLOT_MS = limits.TRAFFIC_SLOT_S * 1000
HOUR_S, DAY_S = 3600, 24 * 3600


def test_traffic_is_told_by_protocol_and_by_peer() -> None:
    traffic = Traffic(FakeClock())
    traffic.count("sync", "desk", Counts(bytes_sent=3, messages_sent=1))
    traffic.count("sync", "lamp", Counts(bytes_received=4))
    traffic.count("keep", "lamp", Counts(bytes_received=5, errors=1))
    assert traffic.by_protocol(HOUR_S) == {
        "sync": Counts(bytes_sent=3, messages_sent=1, bytes_received=4),
        "keep": Counts(bytes_received=5, errors=1),
    }
    assert traffic.by_peer(HOUR_S)["lamp"] == Counts(bytes_received=9, errors=1)


def test_the_last_hour_is_told_from_the_last_day() -> None:
    clock = FakeClock()
    traffic = Traffic(clock)
    traffic.count("sync", "desk", Counts(bytes_sent=1))
    clock.advance(2 * HOUR_S * 1000)
    traffic.count("sync", "desk", Counts(bytes_sent=2))
    assert traffic.by_protocol(HOUR_S)["sync"].bytes_sent == 2
    assert traffic.by_protocol(DAY_S)["sync"].bytes_sent == 3
    assert [counts.bytes_sent for _, counts in traffic.over_time(DAY_S)] == [1, 2]


def test_what_is_older_than_a_day_is_forgotten() -> None:
    clock = FakeClock()
    traffic = Traffic(clock)
    for _ in range(limits.TRAFFIC_SLOTS_MAX + 10):
        traffic.count("sync", "desk", Counts(bytes_sent=1))
        clock.advance(SLOT_MS)
    assert len(traffic._slots) == limits.TRAFFIC_SLOTS_MAX
    assert traffic.by_protocol(10 * DAY_S)["sync"].bytes_sent == limits.TRAFFIC_SLOTS_MAX


def test_a_crowd_is_counted_together_and_takes_no_more_room() -> None:
    traffic = Traffic(FakeClock())
    crowd = limits.TRAFFIC_PLACES_MAX * 3
    for number in range(crowd):
        traffic.count("sync", f"peer {number}", Counts(bytes_sent=1))
    for number in range(crowd):
        traffic.count(f"protocol {number}", "desk", Counts(bytes_sent=1))
    (slot,) = traffic._slots.values()
    assert len(slot) <= limits.TRAFFIC_PLACES_MAX + limits.TRAFFIC_PROTOCOLS_MAX + 1
    assert sum(counts.bytes_sent for counts in traffic.by_protocol(HOUR_S).values()) == 2 * crowd
    assert traffic.by_peer(HOUR_S)[OTHERS].bytes_sent > crowd


def test_totals_go_on_for_ever_and_are_what_a_prometheus_server_reads() -> None:
    clock = FakeClock()
    traffic = Traffic(clock)
    traffic.count("/leither/sync/1", "desk", Counts(bytes_sent=3, streams=1))
    clock.advance(2 * DAY_S * 1000)
    traffic.count("/leither/sync/1", "lamp", Counts(bytes_sent=4, errors=1))
    for number in range(limits.TRAFFIC_PROTOCOLS_MAX * 2):
        traffic.count(f"/strange/{number}", "desk", Counts(bytes_received=1))
    assert traffic.totals()["/leither/sync/1"] == Counts(bytes_sent=7, streams=1, errors=1)
    assert len(traffic.totals()) == limits.TRAFFIC_PROTOCOLS_MAX + 1
    _, page = Metrics(memory_engines(), traffic).page()
    assert b'leither_network_bytes_total{protocol="/leither/sync/1",way="out"} 7.0' in page
    assert b'leither_network_errors_total{protocol="/leither/sync/1"} 1.0' in page


def test_a_metered_network_counts_both_ways_at_both_ends(hub: Hub) -> None:
    one, other = (Traffic(FakeClock()), Traffic(FakeClock()))
    desk, lamp = (hub.node(name) for name in ("desk", "lamp"))

    def echo(stream: Stream) -> None:
        message = stream.read_message()
        assert message is not None
        stream.write_message(message * 2)

    MeteredNetwork(lamp, other).serve("/echo/1", echo)
    network = MeteredNetwork(desk, one)
    stream = network.open(network.connect(lamp.addresses()[0]), ["/echo/1"])
    stream.write_message(b"abc")
    assert stream.read_message() == b"abcabc"
    stream.close()
    hub.close()
    assert one.by_protocol(HOUR_S) == {
        "/echo/1": Counts(bytes_sent=3, messages_sent=1, bytes_received=6, messages_received=1, streams=1)
    }
    assert other.by_peer(HOUR_S) == {
        desk.peer_id: Counts(bytes_sent=6, messages_sent=1, bytes_received=3, messages_received=1, streams=1)
    }


def test_what_fails_is_counted_as_an_error(hub: Hub) -> None:
    traffic = Traffic(FakeClock())
    desk, lamp = (hub.node(name) for name in ("desk", "lamp"))
    network = MeteredNetwork(desk, traffic)
    network.connect(lamp.addresses()[0])
    with pytest.raises(ProtocolUnsupported):
        network.open(lamp.peer_id, ["/echo/1"])
    hub.part([desk], [lamp])
    with pytest.raises(PeerUnreachable):
        network.send(lamp.peer_id, ["/echo/1"], b"abc")
    assert traffic.by_protocol(HOUR_S) == {"/echo/1": Counts(errors=2)}


@pytest.mark.parametrize(("is_closed", "errors"), [(True, 0), (False, 1)])
def test_a_stream_that_is_reset_before_it_was_closed_is_one_error(hub: Hub, is_closed: bool, errors: int) -> None:
    traffic = Traffic(FakeClock())
    desk, lamp = (hub.node(name) for name in ("desk", "lamp"))
    lamp.serve("/echo/1", lambda stream: None)
    network = MeteredNetwork(desk, traffic)
    stream = network.open(network.connect(lamp.addresses()[0]), ["/echo/1"])
    if is_closed:
        stream.close()
    stream.reset()
    stream.reset()
    assert traffic.by_protocol(HOUR_S) == {"/echo/1": Counts(streams=1, errors=errors)}


def test_messages_and_topics_are_counted(hub: Hub) -> None:
    traffic = Traffic(FakeClock())
    desk, lamp = (hub.node(name) for name in ("desk", "lamp"))
    network = MeteredNetwork(desk, traffic)
    heard: list[bytes] = []
    network.receive("/post/1", lambda _, message: heard.append(message))
    lamp.connect(desk.addresses()[0])
    lamp.send(desk.peer_id, ["/post/1"], b"letter")
    hub.settle()
    network.publish("news", b"1234")
    counted = traffic.by_protocol(HOUR_S)
    assert heard == [b"letter"]
    assert counted["/post/1"] == Counts(bytes_received=6, messages_received=1)
    assert counted[TOPICS].bytes_sent % 4 == 0
