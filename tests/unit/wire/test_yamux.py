"""Streams over one connection: against a model, and against what breaks the rules."""

from __future__ import annotations

import random
import struct
from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.limits import STREAM_BUFFER_BYTES_MAX
from leither.wire.yamux import (
    DATA_BYTES_MAX,
    BadYamux,
    Ended,
    GoneAway,
    Opened,
    Ponged,
    Received,
    Reply,
    Reset,
    Writable,
    Yamux,
)

HEAD = struct.Struct(">BBHII")
DATA, WINDOW, PING, GO_AWAY = range(4)
SYN, ACK, FIN, RST = 1, 2, 4, 8


class Pair:
    """Two ends and the bytes between them, delivered in pieces that a seed decides."""

    def __init__(self, seed: int) -> None:
        self.dice = random.Random(seed)
        self.ends = [Yamux(client=True), Yamux(client=False)]
        self.wire = [bytearray(), bytearray()]  # to the first end, to the second
        self.got: list[defaultdict[int, bytearray]] = [defaultdict(bytearray), defaultdict(bytearray)]
        self.ended: list[set[int]] = [set(), set()]
        self.untaken: list[defaultdict[int, int]] = [defaultdict(int), defaultdict(int)]

    def send(self, end: int, data: bytes) -> None:
        self.wire[1 - end] += data

    def deliver(self, end: int) -> None:
        size = self.dice.randint(0, len(self.wire[end]))
        piece = bytes(self.wire[end][:size])
        del self.wire[end][:size]
        for event in self.ends[end].receive(piece):
            match event:
                case Reply(data):
                    self.send(end, data)
                case Received(stream, data):
                    self.got[end][stream] += data
                    self.untaken[end][stream] += len(data)
                    assert self.untaken[end][stream] <= STREAM_BUFFER_BYTES_MAX
                case Ended(stream):
                    self.ended[end].add(stream)
                case _:
                    assert isinstance(event, Opened | Writable)

    def take(self, end: int) -> None:
        for stream, size in list(self.untaken[end].items()):
            self.send(end, self.ends[end].consumed(stream, size))
            self.untaken[end][stream] = 0


@given(st.integers(0, 2**32), st.integers(1, 5))
def test_what_is_written_arrives_whole_and_in_order(seed: int, streams: int) -> None:
    pair, dice = Pair(seed), random.Random(seed)
    left: dict[tuple[int, int], bytes] = {}
    sent: dict[tuple[int, int], bytes] = {}
    for number in range(streams):
        end = number % 2
        stream, hello = pair.ends[end].open()
        pair.send(end, hello)
        sent[end, stream] = left[end, stream] = dice.randbytes(dice.choice((0, 1, 500, 400_000)))
    while left or any(pair.wire) or any(any(each.values()) for each in pair.untaken):
        for (end, stream), data in list(left.items()):
            room = min(pair.ends[end].room(stream), DATA_BYTES_MAX, len(data))
            if room:
                piece = dice.randint(1, room)
                pair.send(end, pair.ends[end].head(stream, piece) + data[:piece])
                left[end, stream] = data = data[piece:]
            if not data:
                pair.send(end, pair.ends[end].finish(stream))
                del left[end, stream]
        for end in (0, 1):
            pair.deliver(end)
            if dice.random() < 0.7:
                pair.take(end)
    for (end, stream), data in sent.items():
        assert bytes(pair.got[1 - end][stream]) == data
        assert stream in pair.ended[1 - end]
    for end, stream in sent:
        pair.send(1 - end, pair.ends[1 - end].finish(stream))
    while any(pair.wire):
        pair.deliver(0)
        pair.deliver(1)
    assert [len(end) for end in pair.ends] == [0, 0]


def test_a_ping_is_answered_with_its_token() -> None:
    (event,) = Yamux(client=False).receive(Yamux.ping(77))
    assert isinstance(event, Reply)
    assert Yamux(client=True).receive(event.data) == [Ponged(77)]


def test_the_end_of_all_streams_is_told() -> None:
    end = Yamux(client=True)
    assert end.receive(Yamux.go_away()) == [GoneAway(0)]
    assert end.gone_away


def test_a_reset_ends_a_stream_at_both_ends() -> None:
    client, server = Yamux(client=True), Yamux(client=False)
    stream, hello = client.open()
    server.receive(hello)
    assert server.receive(client.reset(stream)) == [Reset(stream)]
    assert (len(client), len(server)) == (0, 0)
    assert client.reset(stream) == b""


def test_streams_beyond_the_bound_are_reset_and_the_others_go_on() -> None:
    client, server = Yamux(client=True), Yamux(client=False, streams_max=2)
    opened = []
    for _ in range(3):
        _, hello = client.open()
        opened.append([event for event in server.receive(hello) if isinstance(event, Opened)])
    assert opened == [[Opened(1)], [Opened(3)], []]
    assert len(server) == 2


@pytest.mark.parametrize(
    ("frames", "says"),
    [
        ([(1, PING, SYN, 0, 0)], "version 1"),
        ([(0, 4, 0, 0, 0)], "a frame of type 4"),
        ([(0, WINDOW, SYN, 2, 0)], "wrong side"),
        ([(0, WINDOW, SYN, 3, 0), (0, WINDOW, SYN, 1, 0)], "wrong side or twice"),
        ([(0, DATA, SYN, 1, STREAM_BUFFER_BYTES_MAX + 1)], "has room for"),
        ([(0, DATA, 0, 9, STREAM_BUFFER_BYTES_MAX + 1)], "not open"),
        ([(0, WINDOW, SYN | FIN, 1, 0), (0, DATA, 0, 1, 1)], "has room for"),
        ([(0, WINDOW, SYN, 1, 0), (0, WINDOW, 0, 1, (1 << 32) - 1)], "beyond 32 bits"),
    ],
)
def test_who_breaks_the_rules_is_told_which(frames: list[tuple[int, ...]], says: str) -> None:
    server = Yamux(client=False)
    with pytest.raises(BadYamux, match=says):
        server.receive(b"".join(HEAD.pack(*frame) for frame in frames))


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_refused(data: bytes) -> None:
    server = Yamux(client=False, streams_max=4)
    try:
        server.receive(data)
    except BadYamux:
        return
    assert len(server) <= 4
