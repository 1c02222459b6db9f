"""Bringing a private MiMei from its owner's node to one that keeps it without the key."""

from collections.abc import Callable
from contextlib import ExitStack

from leither import limits
from leither.codec import BlockMissing, Cid
from leither.crypto import KeyId, MimeiId
from leither.mimei.export import Shelf
from leither.ports import Transaction
from leither.service.engines import Engines
from leither.service.keeping import list_versions, take_in
from leither.service.kept import Kept, enter, find_kept
from leither.service.proof_of_records import Refused
from leither.service.sync_taking import HolderIncomplete
from leither.wire.sync_frame import Frame
from leither.wire.sync_messages import Hello, Message, Standing
from leither.wire.sync_pull import Pull


class SealedTaking:
    """Takes a private MiMei, message by message. Not thread-safe. Close it, or nothing is let go of.

    `kept` is how it is kept, once all has come.
    """

    def __init__(
        self,
        engines: Engines,
        mimei: MimeiId,
        *,
        author: KeyId | None,
        wanted: Callable[[Transaction, Kept], object],
        hello: Hello,
        bytes_max: int = limits.SYNC_PULL_BYTES_MAX,
    ) -> None:
        """Take author: whose it is, as far as what is kept of it says. wanted: notes for whom it is kept."""
        self._engines = engines
        self._mimei = mimei
        self._author = author
        self._wanted = wanted
        self._leases = ExitStack()
        self._lease = self._leases.enter_context(engines.blocks.lease())
        with engines.state.read() as view:
            self._before = find_kept(engines, view, author, mimei) if author is not None else None
        self.pull = Pull(
            mimei,
            has=engines.blocks.has,
            put=self._lease.put,
            control=self._before.shelf.control if self._before is not None else None,
            heads=self._before.shelf.heads if self._before is not None else (),
            hello=hello,
            bytes_max=bytes_max,
        )
        self.kept: Kept | None = None

    @property
    def is_done(self) -> bool:
        """Whether all has come and is kept."""
        return self.kept is not None

    def begin(self) -> list[Message]:
        """Return what to send first."""
        return self.pull.begin()

    def receive(self, frame: Frame) -> list[Message]:
        """Take a frame from the other node; return what to send now.

        Raises: BadAnswer, NotTold, PullTooLarge, HolderIncomplete, KeptMeanwhile, what `take_in` raises.
        """
        sent = self.pull.receive(frame)
        if self.pull.is_done and not sent and self.kept is None:
            assert self.pull.standing is not None
            try:
                self.kept = self._keep(self.pull.standing)
            except BlockMissing as error:
                raise HolderIncomplete([Cid.parse(error.cid)]) from None
        return sent

    def close(self) -> None:
        """Let go of what came and was not kept."""
        self._leases.close()

    def _keep(self, standing: Standing) -> Kept:
        if not standing.sealed:
            raise Refused(self._mimei, "it was to be private, and comes in the clear")
        before = self._before
        if before is not None and not self.pull.versions and _is_same(standing, before.shelf):
            return before
        listed = {each.version: each.numbered for each in self.pull.versions}
        shelf = Shelf(
            genesis=standing.genesis,
            control=standing.control,
            versions=list_versions(self._lease, listed),
            heads=standing.heads,
            sealed=self._mimei,
        )
        self._lease.put(shelf.block)
        self._lease.flush()
        found = take_in(self._engines, self._lease, shelf, None, imported=False)
        if self._author not in (None, found.author):
            raise Refused(self._mimei, "another author claims it")
        self._lease.flush()
        enter(self._engines, [found], self._wanted)
        return found


def _is_same(standing: Standing, shelf: Shelf) -> bool:
    return standing.control == shelf.control and set(standing.heads) == set(shelf.heads)
