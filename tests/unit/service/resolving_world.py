"""Nodes on a hub that hold MiMei and give them, honestly or not, and nodes that look for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager

from leither.crypto import KeyId
from leither.crypto.peer_id import peer_public_key
from leither.people import Device
from leither.ports import Stream
from leither.service.resolving import Resolving
from leither.service.resolving_talk import SYNC_PROTOCOL
from leither.service.sync_session import SyncSession
from leither.testing.hub import Hub
from leither.testing.node import START_MS
from leither.wire.sync_frame import Frame, decode, encode
from leither.wire.sync_messages import Hello
from tests.unit.service.publishing_world import Node

Twist = Callable[[Frame], Iterable[Frame]]
"""What a node sends in place of a frame."""


def honest(frame: Frame) -> Iterable[Frame]:
    return [frame]


class Giver(Node):
    """A node that answers who asks.

    asked: counts streams. twist: bends what it says. frames_left: after so many it breaks off; None for never.
    """

    def __init__(self, hub: Hub, name: str, *, person: str = "ada", twist: Twist = honest) -> None:
        super().__init__(hub, name, person=person)
        self.asked = 0
        self.twist = twist
        self.frames_left: int | None = None
        self.network.serve(SYNC_PROTOCOL, self._answer)

    def _answer(self, stream: Stream) -> None:
        self.asked += 1
        session = SyncSession(self.engines, peer_public_key(stream.peer) or b"")
        while (body := stream.read_message()) is not None:
            for frame in session.receive(decode(body)):  # type: ignore[arg-type]
                for sent in self.twist(frame):
                    if self.frames_left is not None:
                        self.frames_left -= 1
                        if self.frames_left < 0:
                            stream.reset()
                            return
                    stream.write(encode(sent))


class Seeker(Giver):
    """A node that looks for what it doesn't have."""

    def __init__(self, hub: Hub, name: str, *, person: str = "bob", for_guests: bool = False) -> None:
        super().__init__(hub, name, person=person)
        self.for_guests = for_guests

    @contextmanager
    def resolving(self) -> Iterator[Resolving]:
        found = Resolving(self.engines, self.network, hello=self._hello, for_guests=self.for_guests)
        try:
            yield found
        finally:
            found.close()

    def _hello(self, user: KeyId | None) -> Hello:
        person, key = self.engines.identity.person, peer_public_key(self.network.peer_id)
        assert key is not None
        device = Device(
            device=key, seal=bytes(32), name="n", start_ms=START_MS - 1, until_ms=START_MS << 1, by=person.public
        )
        return Hello(devices=(device.signed(person).encode(),))
