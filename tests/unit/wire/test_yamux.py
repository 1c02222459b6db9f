"""Streams over one connection: windows, ends, and what breaks the rules."""

import struct

import pytest

from leither.limits import STREAM_BUFFER_BYTES_MAX
from leither.wire.yamux import (
    DATA_BYTES_MAX,
    HEAD_BYTES,
    BadYamux,
    Ended,
    Event,
    GoneAway,
    Opened,
    Ponged,
    Received,
    Reply,
    Reset,
    Writable,
    Yamux,
)

WINDOW = 256 * 1024


def frame(kind: int, flags: int, stream: int, length: int, *, version: int = 0, data: bytes = b"") -> bytes:
    return struct.pack(">BBHII", version, kind, flags, stream, length) + data


class Pair:
    """Two ends that hear each other at once."""

    def __init__(self) -> None:
        self.client, self.server = Yamux(client=True), Yamux(client=False)

    def tell(self, target: Yamux, data: bytes) -> list[Event]:
        """Give bytes to an end, its replies to the other one, and return what both make of it besides."""
        other = self.server if target is self.client else self.client
        events: list[Event] = []
        for event in target.receive(data):
            if isinstance(event, Reply):
                events += self.tell(other, event.data)
            else:
                events.append(event)
        return events


def opened() -> tuple[Pair, int]:
    pair = Pair()
    stream, data = pair.client.open()
    assert Opened(stream) in pair.tell(pair.server, data)
    return pair, stream


def received(events: list[Event]) -> bytes:
    return b"".join(bytes(event.data) for event in events if isinstance(event, Received))


def test_each_side_numbers_its_streams_apart() -> None:
    pair = Pair()
    assert [pair.client.open()[0] for _ in range(3)] == [1, 3, 5]
    assert [pair.server.open()[0] for _ in range(3)] == [2, 4, 6]


def test_data_arrives_whatever_pieces_it_comes_in() -> None:
    pair, stream = opened()
    data = pair.client.head(stream, 5) + b"hello" + pair.client.head(stream, 6) + b" there"
    events = [event for place in range(len(data)) for event in pair.server.receive(data[place : place + 1])]
    assert received(events) == b"hello there"


def test_a_window_is_used_up_and_opened_again_once_half_of_it_was_taken() -> None:
    pair, stream = opened()
    sent = 0
    while room := min(pair.client.room(stream), DATA_BYTES_MAX):
        pair.server.receive(pair.client.head(stream, room) + bytes(room))
        sent += room
    assert sent == STREAM_BUFFER_BYTES_MAX
    assert pair.server.consumed(stream, sent // 2 - 1) == b""
    assert pair.client.receive(pair.server.consumed(stream, 1)) == [Writable(stream)]
    assert pair.client.room(stream) == sent // 2


def test_more_than_the_window_breaks_the_rules() -> None:
    pair, stream = opened()
    with pytest.raises(BadYamux, match="room"):
        pair.server.receive(frame(0, 0, stream, STREAM_BUFFER_BYTES_MAX + 1))


def test_a_stream_ends_in_one_direction_and_goes_on_in_the_other() -> None:
    pair, stream = opened()
    assert pair.tell(pair.server, pair.client.finish(stream)) == [Ended(stream)]
    assert received(pair.client.receive(pair.server.head(stream, 2) + b"ok")) == b"ok"
    assert pair.tell(pair.client, pair.server.finish(stream)) == [Ended(stream)]
    assert (len(pair.client), len(pair.server)) == (0, 0)


def test_data_may_come_in_the_frame_that_ends_a_stream() -> None:
    pair, stream = opened()
    events = pair.server.receive(frame(0, 4, stream, 3) + b"b") + pair.server.receive(b"ye")
    assert received(events) == b"bye"
    assert events[-1] == Ended(stream)


def test_a_reset_breaks_off_both_directions() -> None:
    pair, stream = opened()
    assert pair.tell(pair.server, pair.client.reset(stream)) == [Reset(stream)]
    assert (len(pair.client), len(pair.server)) == (0, 0)
    assert pair.client.reset(stream) == b""


def test_data_of_a_stream_that_was_reset_here_is_dropped_and_the_rest_goes_on() -> None:
    pair, stream = opened()
    other, data = pair.client.open()
    pair.tell(pair.server, data)
    pair.server.reset(stream)
    late = pair.client.head(stream, 4) + b"late" + pair.client.head(other, 2) + b"ok"
    assert received(pair.server.receive(late)) == b"ok"


def test_a_ping_is_answered() -> None:
    pair = Pair()
    assert pair.tell(pair.server, pair.client.ping(77)) == [Ponged(77)]


def test_an_end_that_goes_away_says_so() -> None:
    pair = Pair()
    assert pair.tell(pair.server, pair.client.go_away()) == [GoneAway(0)]
    assert pair.server.gone_away


def test_streams_over_the_limit_are_refused_one_by_one() -> None:
    client, server = Yamux(client=True), Yamux(client=False, streams_max=2)
    for _ in range(2):
        server.receive(client.open()[1])
    third, data = client.open()
    (reply,) = server.receive(data)
    assert isinstance(reply, Reply)
    assert client.receive(reply.data) == [Reset(third)]
    assert len(server) == 2


def test_a_stream_that_ended_makes_room_for_another() -> None:
    client, server = Yamux(client=True), Yamux(client=False, streams_max=1)
    first, data = client.open()
    server.receive(data)
    server.receive(client.reset(first))
    second, data = client.open()
    assert Opened(second) in server.receive(data)


@pytest.mark.parametrize(
    "data",
    [
        frame(1, 0, 1, 0, version=1),
        frame(9, 0, 1, 0),
        frame(1, 1, 2, 0),
        frame(1, 1, 1, 0) + frame(1, 1, 1, 0),
        frame(1, 1, 3, 0) + frame(1, 1, 1, 0),
        frame(1, 1, 1, 0) + frame(1, 0, 1, (1 << 32) - 1),
        frame(0, 0, 7, STREAM_BUFFER_BYTES_MAX + 1),
        frame(1, 1, 1, 0) + frame(1, 4, 1, 0) + frame(0, 0, 1, 1, data=b"x"),
    ],
    ids=["version", "type", "wrong side", "twice", "backwards", "window", "no stream", "after its end"],
)
def test_what_breaks_the_rules_is_refused(data: bytes) -> None:
    with pytest.raises(BadYamux):
        Yamux(client=False).receive(data)


def test_a_window_that_is_opened_for_no_stream_changes_nothing() -> None:
    assert Yamux(client=False).receive(frame(1, 0, 9, 100)) == []
    assert len(frame(1, 0, 9, 100)) == HEAD_BYTES
