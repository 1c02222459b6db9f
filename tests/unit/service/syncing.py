"""Two nodes in one process that talk through the bytes of /leither/sync/1."""

from __future__ import annotations

from collections import deque
from contextlib import closing
from dataclasses import dataclass

from leither.crypto import MimeiId
from leither.people import Device
from leither.service.arrival import Arrived
from leither.service.engines import Engines
from leither.service.sync_session import SyncSession
from leither.service.sync_taking import Taking
from leither.testing.node import START_MS, clock_of
from leither.wire.sync_frame import Frames, encode
from leither.wire.sync_messages import Hello


@dataclass
class Talk:
    """What a talk came to."""

    arrived: Arrived | None
    rounds: int
    sent_bytes: int
    blocks: int


def device_of(engines: Engines) -> Device:
    """The person's word that this node acts for them."""
    person, node = engines.identity.person, engines.identity.node
    return Device(
        device=node.public, seal=bytes(32), name="node", start_ms=START_MS - 1, until_ms=START_MS << 1, by=person.public
    ).signed(person)


def hello_of(engines: Engines) -> Hello:
    return Hello(devices=(device_of(engines).encode(),))


def take(
    taker: Engines,
    holder: Engines,
    mimei: MimeiId,
    *,
    hello: Hello | None = None,
    live: bool = False,
    on_demand: bool = False,
) -> Talk:
    """Bring a MiMei from one node to another, `live` with its drafts. Both have the same time."""
    clock_of(holder).ms = clock_of(taker).ms = max(clock_of(taker).ms, clock_of(holder).ms)
    session = SyncSession(holder, taker.identity.node.public)
    asked, answered = Frames(), Frames()
    talk = Talk(None, 0, 0, 0)
    with closing(Taking(taker, mimei, hello=hello or hello_of(taker), live=live, on_demand=on_demand)) as taking:
        questions = deque(taking.begin())
        while questions:
            talk.rounds += 1
            data = b"".join(encode(frame) for frame in questions)
            questions.clear()
            for question in asked.receive(data):
                for frame in session.receive(question):  # type: ignore[arg-type]
                    answer = encode(frame)
                    talk.sent_bytes += len(answer)
                    for received in answered.receive(answer):
                        questions += taking.receive(received)
        talk.arrived = taking.arrived
        talk.blocks = taking.pull.received_blocks
    assert talk.arrived is not None, "the talk ended before all had come"
    return talk
