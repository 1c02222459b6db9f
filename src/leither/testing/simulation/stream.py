"""A stream of `/leither/sync/1` between two simulated nodes, through its bytes."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from leither import limits
from leither.codec import Block
from leither.errors import LeitherError
from leither.wire.sync_follower import Outcome, Pull
from leither.wire.sync_frame import BadFrame, Frames, encode
from leither.wire.sync_messages import Message
from leither.wire.sync_walk import BadAnswer

if TYPE_CHECKING:
    from leither.testing.simulation.simulated_node import SimulatedNode

_NONSENSE = b"\x05nonsense"
_NONSENSE_SHARE = 0.2
"""How often who lies asks what is no question."""


class SimulatedStream:
    """Carries one pull. It breaks off when one of the two goes away or is parted from the other, or by chance."""

    def __init__(self, taker: "SimulatedNode", holder: "SimulatedNode", pull: Pull) -> None:
        self._taker, self._holder, self._pull = taker, holder, pull
        self._lives = (taker.life, holder.life)
        self._asked, self._answered = Frames(), Frames()
        self._lied_bytes = 0
        self._session = holder.sync.session(taker.peer, holder.told, holder.watched)
        self._taking = taker.sync.taking(pull.mimei, pull.peer)
        self._ask(self._taking.begin())

    def _ask(self, questions: Sequence[Message]) -> None:
        data = b"".join(map(encode, questions))
        world = self._taker.world
        if self._taker.lie is not None and world.chance.random() < _NONSENSE_SHARE:
            data = _NONSENSE
        world.timeline.after(world.links.delay_ms(len(data)), lambda: self._answer(data))

    def _answer(self, data: bytes) -> None:
        world = self._taker.world
        if self._is_broken():
            self._end(Outcome.AWAY)
            return
        answer = bytearray()
        try:
            for question in self._asked.receive(data):
                assert not isinstance(question, Block)
                told = self._holder.answer(self._session, question)
                if told is None:
                    self._end(Outcome.AWAY)
                    return
                answer += told
        except (BadFrame, BadAnswer):
            self._holder.blame(self._taker.peer, limits.FOLLOW_BAD_POINTS, "question")
            self._end(Outcome.AWAY)
            return
        world.timeline.after(world.links.delay_ms(len(answer)), lambda: self._take(bytes(answer)))

    def _take(self, data: bytes) -> None:
        if self._is_broken():
            self._end(Outcome.AWAY)
            return
        questions: list[Message] = []
        try:
            for frame in self._answered.receive(data):
                if self._holder.lie is not None:
                    self._lied_bytes += len(encode(frame))
                questions += self._taking.receive(frame)
        except LeitherError as error:
            self._end(self._taker.failed(error))
            return
        if self._taking.arrived is not None:
            self._end(Outcome.UNCHANGED if self._taking.arrived.state == "unchanged" else Outcome.CHANGED)
        elif questions:
            self._ask(questions)
        else:  # something was asked for, and does not come
            self._taker.world.timeline.after(limits.STREAM_S * 1000, lambda: self._end(Outcome.AWAY))

    def _is_broken(self) -> bool:
        return (
            (self._taker.life, self._holder.life) != self._lives
            or not self._taker.reaches(self._holder)
            or self._taker.world.links.breaks()
        )

    def _end(self, outcome: Outcome) -> None:
        self._taking.close()
        if self._holder.lie is not None:
            self._taker.world.lied(self._lied_bytes)
        if self._taker.life == self._lives[0]:
            self._taker.ended(self._pull, outcome)
