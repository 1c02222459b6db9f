"""One node brings a MiMei up to date from another: it asks how it stands, then for the blocks that it lacks."""

from collections import deque
from collections.abc import Callable, Iterable

import msgspec

from leither import limits
from leither.codec import Block, Cid
from leither.crypto import MimeiId
from leither.errors import LimitError, PeerError
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Ask, Done, Hello, Listed, Message, No, Standing, Want, Watch
from leither.wire.sync_walk import (
    BadAnswer,
    Sought,
    Walk,
    lean,
    of_control,
    of_head,
    of_record,
    of_version,
    of_version_lean,
    plain,
    sealed,
)


class NotTold(PeerError):
    """Another node does not answer."""

    code = "not-told"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the other node does not answer ({reason}); ask another holder, or its author for the right")


class PullTooLarge(LimitError):
    """More comes than may be taken in at once."""

    code = "pull-too-large"

    def __init__(self, bytes_max: int) -> None:
        self.bytes_max = bytes_max
        super().__init__(f"the MiMei takes more than the {bytes_max:,} bytes that may be taken in; allow more for it")


class Pull:
    """Brings one MiMei from one node.

    `standing` is what the other told, all pages of `versions` joined. `lacking`: blocks it does not have. `is_done`:
    all that can come has come.
    """

    def __init__(
        self,
        mimei: MimeiId,
        *,
        has: Callable[[Cid], bool],
        put: Callable[[Block], None],
        control: Cid | None = None,
        heads: Iterable[Cid] = (),
        drafts: Iterable[Cid] | None = None,
        hello: Hello | None = None,
        bytes_max: int = limits.SYNC_PULL_BYTES_MAX,
        on_demand: bool = False,
    ) -> None:
        """Take has, put: as `Walk`. control, heads, drafts: what of the MiMei is here. hello: who asks.

        Without `drafts` none are wanted. on_demand: leave out the bytes of files. Of a private MiMei all comes, for
        what is sealed looks alike.
        """
        live = drafts is not None
        self._ask = Ask(mimei=mimei, control=control, heads=tuple(heads), drafts=tuple(drafts or ()), live=live)
        self._hello = hello
        self._bytes_max = bytes_max
        self._on_demand = on_demand
        self._walk = Walk(has=has, put=put)
        self._wanted: deque[deque[Cid]] = deque()
        self._records_bytes = 0
        self._is_asking = True
        self.standing: Standing | None = None
        self.versions: list[Listed] = []
        self.received_bytes = 0
        self.received_blocks = 0

    @property
    def lacking(self) -> list[Cid]:
        """Blocks that the other doesn't have."""
        return self._walk.lacking

    @property
    def is_done(self) -> bool:
        """Whether nothing is on its way and nothing more is to be asked for."""
        return not self._is_asking and not self._wanted

    def begin(self) -> list[Message]:
        """Return what to send first."""
        return [
            *(() if self._hello is None else (self._hello,)),
            Watch(mimei=(self._ask.mimei,), live=self._ask.live),
            self._ask,
        ]

    def seek(self, cids: Iterable[Cid]) -> list[Message]:
        """Go on for blocks that turned out to be lacking; return what to send."""
        assert self.standing is not None
        follow = sealed if self.standing.sealed else lean if self._on_demand else plain
        self._walk.add(Sought(cid, follow) for cid in cids)
        return self._want()

    def receive(self, frame: Frame) -> list[Message]:
        """Take a frame from the other node; return what to send now.

        Raises: BadAnswer, NotTold, PullTooLarge, what `put` raises.
        """
        match frame:
            case Block():
                self._take(frame)
                return []
            case Standing():
                self._stand(frame)
                return []
            case Done():
                return self._end_answer() if self._is_asking else self._end_blocks(frame)
            case No():
                raise NotTold(frame.reason)
            case _:
                raise BadAnswer(f"a message of kind {frame.KIND} where an answer should come")

    def _stand(self, standing: Standing) -> None:
        if not self._is_asking or standing.mimei != self._ask.mimei:
            raise BadAnswer("it tells how a MiMei stands that was not asked for")
        if standing.more and not standing.versions:
            raise BadAnswer("it has more versions, and lists none")
        if self.standing is not None and standing.sealed is not self.standing.sealed:
            raise BadAnswer("a MiMei is private or it isn't")
        self.versions += standing.versions
        self.standing = standing

    def _end_answer(self) -> list[Message]:
        standing = self.standing
        if standing is None:
            raise BadAnswer("an end without an answer")
        if standing.more:
            self._records_bytes = 0
            return [msgspec.structs.replace(self._ask, skip=len(self.versions))]
        self._is_asking = False
        follow = sealed if standing.sealed else of_version_lean if self._on_demand else of_version
        self._walk.add(Sought(draft, follow) for draft in standing.drafts)
        self._walk.add(Sought(listed.version, follow) for listed in reversed(self.versions))
        tips = of_head(listed={listed.version for listed in self.versions}, is_sealed=standing.sealed)
        self._walk.add(Sought(head, tips) for head in standing.heads)
        self._walk.add((Sought(standing.genesis, of_record), Sought(standing.control, of_control)))
        return self._want()

    def _end_blocks(self, done: Done) -> list[Message]:
        if not self._wanted:
            raise BadAnswer("an end of what was not asked for")
        rest = list(self._wanted.popleft())
        if done.left > len(rest):
            raise BadAnswer("it leaves more than was asked for")
        looked_at = len(rest) - done.left
        for cid in rest[:looked_at]:
            self._walk.lack(cid)
        self._walk.put_off(reversed(rest[looked_at:]))
        return self._want()

    def _take(self, block: Block) -> None:
        self.received_bytes += len(block.data)
        self.received_blocks += 1
        if self.received_bytes > self._bytes_max:
            raise PullTooLarge(self._bytes_max)
        if self._is_asking:
            self._records_bytes += len(block.data)
            if self._records_bytes > limits.SYNC_ANSWER_BYTES_MAX:
                raise BadAnswer("more records than one answer has")
            self._walk.supply(block)
            return
        front = self._wanted[0] if self._wanted else deque[Cid]()
        while front and front[0] != block.cid:
            self._walk.lack(front.popleft())
        if not front:
            raise BadAnswer(f"block {block.cid} was not asked for")
        front.popleft()
        self._walk.receive(block)

    def _want(self) -> list[Message]:
        sent: list[Message] = []
        while len(self._wanted) < limits.SYNC_WANTS_AHEAD_MAX and (batch := self._walk.next_batch()):
            self._wanted.append(deque(batch))
            sent.append(Want(blocks=tuple(batch)))
        return sent
