"""Asking one node how a MiMei stands, and checking what it answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from leither import limits
from leither.codec import Block, Cid
from leither.crypto import MimeiId, id_text
from leither.errors import PeerError
from leither.mimei.control import Control
from leither.mimei.genesis import Genesis
from leither.mimei.head import Head
from leither.mimei.sight import Sight
from leither.ports import Stream
from leither.ports.network_errors import StreamBroken
from leither.wire.sync_frame import Frame, decode, encode
from leither.wire.sync_messages import Ask, Done, Hello, No, Standing, Want

SYNC_PROTOCOL = "/leither/sync/1"
_ABSENT = "absent"
_NO_VERSIONS = (1 << 63) - 1
"""So many versions are taken to be known: the answer then lists none."""


class BadStanding(PeerError):
    """What a node tells of a MiMei does not prove itself."""

    code = "bad-standing"

    def __init__(self, mimei: MimeiId, reason: str) -> None:
        self.id = id_text(mimei)
        self.reason = reason
        super().__init__(f"what another node tells of {self.id} is refused: {reason}")


@dataclass(frozen=True, slots=True)
class Told:
    """A standing that was proved: control by the author, heads by its writers.

    follows: whether the controls before it lead to the one that was known, if any was.
    """

    standing: Standing
    control: Control
    sight: Sight
    follows: bool

    def is_told_by(self, standing: Standing) -> bool:
        """Tell whether a standing says the same."""
        return (standing.control, set(standing.heads)) == (self.standing.control, set(self.standing.heads))


class Talk:
    """A talk with one holder, over a stream of its own.

    Everything raises, too: StreamBroken, PeerTooSlow, PeerMessageTooLarge, BadFrame, BlockMismatch, BlockTooLarge.
    """

    def __init__(self, stream: Stream, mimei: MimeiId, *, hello: Hello | None) -> None:
        self._stream = stream
        self._mimei = mimei
        self._hello = hello
        self._received_bytes = 0

    def standing(self) -> Standing | None:
        """Return how the MiMei stands there; None if they don't tell."""
        if self._hello is not None:
            self._stream.write(encode(self._hello), timeout_s=limits.RESOLVE_STEP_S)
        answer = self._ask(Ask(mimei=self._mimei, skip=_NO_VERSIONS), frames_max=1)
        if answer is None:
            return None
        if len(answer) != 1 or not isinstance(answer[0], Standing) or answer[0].mimei != self._mimei:
            raise BadStanding(self._mimei, "the answer is about something else")
        return answer[0]

    def prove(self, standing: Standing, *, known: Sight | None) -> Told:
        """Fetch the records that a standing names, and prove it. Raises: BadStanding, NotARecord, BadSignature."""
        records = self._records([standing.genesis, standing.control, *standing.heads])
        control = Control.decode(records[standing.control]).check()
        if not standing.sealed:
            self._check_genesis(Genesis.decode(records[standing.genesis]), standing, control)
        heads = self._heads(control, [Head.decode(records[cid]) for cid in standing.heads])
        length, follows = self._walk_back(control, known)
        return Told(standing, control, Sight.of(control, heads, length=length), follows)

    def close(self) -> None:
        """Say no more."""
        self._stream.close()

    def _check_genesis(self, genesis: Genesis, standing: Standing, control: Control) -> None:
        if genesis.id != self._mimei:
            raise BadStanding(self._mimei, "its genesis is that of another MiMei")
        if control.author != genesis.author or control.genesis != standing.genesis:
            raise BadStanding(self._mimei, "its control is not by its author")

    def _heads(self, control: Control, heads: Sequence[Head]) -> dict[int, Head]:
        found: dict[int, Head] = {}
        for head in heads:
            writer = control.writer(head.check().by)
            if writer is None or head.mimei != self._mimei:
                raise BadStanding(self._mimei, "a head is not by one of its writers")
            cut = control.cut_of(writer.number)
            if cut is not None and head.seq > cut.seq:
                raise BadStanding(self._mimei, f"writer {writer.number} was cut off before the head that came")
            if writer.number in found:
                raise BadStanding(self._mimei, f"writer {writer.number} has two heads")
            found[writer.number] = head
        return found

    def _walk_back(self, control: Control, known: Sight | None) -> tuple[int, bool]:
        """Return how many controls there were, 0 where that doesn't show, and whether they lead to the one known.

        What a signed control names before it needs no proof of its own.
        """
        steps, prev = 1, control.prev
        if known is not None and control.cid == known.control:
            return known.length, True
        while prev is not None:
            if known is not None and prev == known.control:
                return (known.length + steps if known.length else 0), True
            found = self._records([prev], required=False).get(prev) if steps < limits.RESOLVE_CONTROLS_MAX else None
            if found is None:
                return 0, False
            steps, prev = steps + 1, Control.decode(found).prev
        return steps, False

    def _records(self, cids: Sequence[Cid], *, required: bool = True) -> dict[Cid, bytes]:
        wanted = list(dict.fromkeys(cids))
        found: dict[Cid, bytes] = {}
        for start in range(0, len(wanted), limits.SYNC_WANTED_MAX):
            part = wanted[start : start + limits.SYNC_WANTED_MAX]
            for frame in self._ask(Want(blocks=tuple(part)), frames_max=len(part)) or []:
                if not isinstance(frame, Block) or frame.cid not in part:
                    raise BadStanding(self._mimei, "something came that was not asked for")
                found[frame.cid] = frame.data
        if required and len(found) < len(wanted):
            raise BadStanding(self._mimei, "records that it names did not come with it")
        return found

    def _ask(self, question: Ask | Want, *, frames_max: int) -> list[Frame] | None:
        """Send a question and return the answer, up to its end; None for a refusal."""
        self._stream.write(encode(question), timeout_s=limits.RESOLVE_STEP_S)
        answer: list[Frame] = []
        while True:
            frame = self._read()
            if isinstance(frame, No) and frame.reason != _ABSENT and self._hello is not None:
                self._hello = None  # who asks was not believed; the answer is that to a guest
                continue
            if isinstance(frame, No):
                return None
            if isinstance(frame, Done):
                return answer
            answer.append(frame)
            if len(answer) > frames_max:
                raise BadStanding(self._mimei, "more came than was asked for")

    def _read(self) -> Frame:
        room = limits.RESOLVE_RECORDS_BYTES_MAX - self._received_bytes
        size_bytes_max = min(limits.SYNC_FRAME_BYTES_MAX, max(room, 0))
        body = self._stream.read_message(size_bytes_max=size_bytes_max, timeout_s=limits.RESOLVE_STEP_S)
        if body is None:
            raise StreamBroken(self._stream.peer, "it ended before the answer did")
        self._received_bytes += len(body)
        return decode(body)
