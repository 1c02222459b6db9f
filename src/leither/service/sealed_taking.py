"""Bringing a private MiMei from its owner's node to one that keeps it without the key."""

from collections.abc import Callable

from leither import limits
from leither.crypto import KeyId, MimeiId
from leither.mimei.export import Shelf
from leither.ports import Transaction
from leither.service.bringing import Bringing
from leither.service.engines import Engines
from leither.service.keeping import list_versions, take_in
from leither.service.kept import Kept, enter, find_kept
from leither.service.proof_of_records import Refused
from leither.wire.sync_messages import Hello, Standing
from leither.wire.sync_pull import Pull


class SealedTaking(Bringing):
    """Takes a private MiMei from one node, to be kept sealed. `kept` is how it is kept, once all has come."""

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
        super().__init__(engines, mimei)
        self._author = author
        self._wanted = wanted
        with engines.state.read() as view:
            self._before = find_kept(engines, view, author, mimei) if author is not None else None
        self.pull = Pull(
            mimei,
            has=self._has,
            put=self._put,
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

    def _take_in(self, standing: Standing) -> None:
        self.kept = self._keep(standing)

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
        with self._guard():
            enter(self._engines, [found], self._wanted)
        return found


def _is_same(standing: Standing, shelf: Shelf) -> bool:
    return standing.control == shelf.control and set(standing.heads) == set(shelf.heads)
