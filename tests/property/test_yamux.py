"""Streams over one connection: against a model, and against what breaks the rules."""

from __future__ import annotations

import random
import struct
from collections import defaultdict

from hypothesis import given
from hypothesis import strategies as st

from leither.limits import STREAM_BUFFER_BYTES_MAX
from leither.wire.yamux import (
    DATA_BYTES_MAX,
    BadYamux,
    Ended,
    Opened,
    Received,
    Reply,
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


@given(st.binary(max_size=200))
def test_any_bytes_are_events_or_refused(data: bytes) -> None:
    server = Yamux(client=False, streams_max=4)
    try:
        server.receive(data)
    except BadYamux:
        return
    assert len(server) <= 4
