"""Bringing a private MiMei from its owner's node to one that keeps it without the key."""

from contextlib import ExitStack

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId
from leither.service.engines import Engines
from leither.service.sealed_keeping import keep_sealed
from leither.service.sealed_kept_rows import SealedRow, read_sealed
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Hello, Message
from leither.wire.sync_pull import Pull


class SealedTaking:
    """Takes a private MiMei, message by message. Not thread-safe. Close it, or nothing is let go of.

    `kept` is how it is kept, once all has come.
    """

    def __init__(
        self, engines: Engines, mimei: MimeiId, *, hello: Hello, bytes_max: int = limits.SYNC_PULL_BYTES_MAX
    ) -> None:
        self._engines = engines
        self._mimei = mimei
        self._leases = ExitStack()
        self._lease = self._leases.enter_context(engines.blocks.lease())
        with engines.state.read() as view:
            before = read_sealed(view, mimei)
        self.pull = Pull(
            mimei,
            has=engines.blocks.has,
            put=self._lease.put,
            control=Cid(before.control) if before is not None else None,
            heads=[Cid(cid) for cid in before.heads] if before is not None else (),
            hello=hello,
            bytes_max=bytes_max,
        )
        self.kept: SealedRow | None = None

    @property
    def is_done(self) -> bool:
        """Whether all has come and is kept."""
        return self.kept is not None

    def begin(self) -> list[Message]:
        """Return what to send first."""
        return self.pull.begin()

    def receive(self, frame: Frame) -> list[Message]:
        """Take a frame from the other node; return what to send now.

        Raises: BadAnswer, NotTold, PullTooLarge, what `keep_sealed` raises.
        """
        sent = self.pull.receive(frame)
        if self.pull.is_done and not sent and self.kept is None:
            assert self.pull.standing is not None
            self._lease.flush()
            self.kept = keep_sealed(self._engines, self._lease, self._mimei, self.pull.standing, self.pull.versions)
        return sent

    def close(self) -> None:
        """Let go of what came and was not kept."""
        self._leases.close()
