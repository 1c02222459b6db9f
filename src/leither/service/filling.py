"""Bringing all of a MiMei here that is on demand, from several holders at once; then it is on demand no more.

It goes on where it was: after a pause, when a peer comes, and when the node starts. What came stays.
"""

import logging
import threading
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import replace

from leither import limits
from leither.codec import Cid
from leither.crypto import MimeiId
from leither.errors import LeitherError
from leither.ports import Known, Transaction
from leither.service.copies import Copy, count_copy
from leither.service.demand import Demand
from leither.service.demand_rows import put_demand, read_demand, read_demands
from leither.service.demand_switch import DEMAND
from leither.service.demanded import file_roots
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.fetch import Fetch
from leither.service.fetching import Fetching
from leither.service.holding import MimeiNotFound, load
from leither.service.leaves import leaves
from leither.unixfs import LyingSize

LOGGER = logging.getLogger("leither.filling")


class Filling:
    """Works one MiMei at a time, in a thread of its own. Thread-safe."""

    def __init__(self, engines: Engines, demand: Demand, fetching: Fetching) -> None:
        self._engines = engines
        self._demand = demand
        self._fetching = fetching
        self._turn = threading.Condition()
        self._due: dict[MimeiId, None] = {}
        self._errors: dict[MimeiId, LeitherError] = {}
        self._working: tuple[MimeiId, Copy] | None = None
        self._fetch: Fetch | None = None
        self._is_closed = False
        self._thread = threading.Thread(target=self._run, name="leither-filling", daemon=True)

    def start(self) -> None:
        """Go on with what was begun."""
        self.wake()
        self._thread.start()

    def close(self) -> None:
        """End what goes on, and return when it has ended. Idempotent."""
        with self._turn:
            self._is_closed = True
            fetch = self._fetch
            self._turn.notify_all()
        if fetch is not None:
            fetch.cancel()
        if self._thread.ident is not None:
            self._thread.join()

    def hear(self, event: Event) -> None:
        """Take note of a change. To be called for every event of the node."""
        if event.what == DEMAND:
            self.wake()

    def wake(self) -> None:
        """Try again all that is to be whole: somebody may have come who has it."""
        with self._engines.state.read() as view:
            found = [mimei for mimei, row in read_demands(view) if row.fills]
        with self._turn:
            self._due.update(dict.fromkeys(found))
            self._turn.notify_all()

    def wait(self, mimei: MimeiId, *, timeout_s: float) -> None:
        """Bring all of a MiMei, and wait until that has come to something. Raises: why it could not be had."""
        with self._turn:
            self._errors.pop(mimei, None)
            self._due[mimei] = None
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._is_under_way(mimei), timeout_s)
            error = self._errors.get(mimei)
        if error is not None:
            raise error

    def copy(self, mimei: MimeiId) -> Copy:
        """Return how much is here. Cost: reads the directories and inner blocks, unless it comes just now.

        Raises: MimeiNotFound.
        """
        with self._turn:
            working, fetch, error = self._working, self._fetch, self._errors.get(mimei)
        if working is not None and working[0] == mimei:
            come = fetch.progress.size_bytes if fetch is not None else 0
            return replace(working[1], here_bytes=working[1].here_bytes + come)
        return replace(count_copy(self._engines, mimei), error=error)

    def _is_under_way(self, mimei: MimeiId) -> bool:
        return mimei in self._due or (self._working is not None and self._working[0] == mimei)

    def _run(self) -> None:
        while True:
            with self._turn:
                if not self._due:
                    self._turn.wait(limits.FILL_PAUSE_S)
                if self._is_closed:
                    return
                mimei = next(iter(self._due), None)
            if mimei is None:
                self.wake()
                continue
            error: LeitherError | None = None
            try:
                self._fill(mimei)
            except MimeiNotFound:
                pass  # it was deleted meanwhile
            except LeitherError as failed:
                LOGGER.info("a MiMei did not come whole: %s", failed)
                error = failed
            with self._turn:
                self._due.pop(mimei, None)
                self._working = self._fetch = None
                if error is not None:
                    self._errors[mimei] = error
                else:
                    self._errors.pop(mimei, None)
                self._turn.notify_all()

    def _fill(self, mimei: MimeiId) -> None:
        """Bring what is not here, again while more comes to be lacking. Raises: what fetching does, LyingSize."""
        with self._turn:
            self._working = mimei, count_copy(self._engines, mimei)
        while not self._is_closed and (roots := self._settle(mimei)):
            for root in roots:
                self._bring(mimei, root)

    def _bring(self, mimei: MimeiId, root: Cid) -> None:
        peers, _ = self._demand.holders((mimei,))
        self._demand.introduce(mimei, peers)
        with self._fetching.part(root, peers=[Known(peer, ()) for peer in peers]) as fetch:
            with self._turn:
                self._fetch = fetch
                is_closed = self._is_closed
            if is_closed:
                fetch.cancel()
            try:
                fetch.run()
            finally:
                with self._turn:
                    self._fetch = None
                    if self._working is not None:
                        come = self._working[1].here_bytes + fetch.progress.size_bytes
                        self._working = mimei, replace(self._working[1], here_bytes=come)

    def _settle(self, mimei: MimeiId) -> list[Cid]:
        """Let the MiMei be on demand no more if all of it is here; return below which roots something is lacking."""
        engines = self._engines
        with ExitStack() as held_open:
            held_open.enter_context(engines.lock(mimei))  # no version arrives meanwhile
            with engines.state.read() as view:
                row = read_demand(view, mimei)
                if row is None or not row.fills:
                    return []
                roots = list(dict.fromkeys(file_roots(engines, view, load(engines, view, mimei))))
            lacking = [root for root in roots if not _is_here(engines, root)]
            if lacking:
                return lacking
            engines.state.write(_end_of(mimei))
        engines.events.tell(Event(mimei, DEMAND))
        return []


def _is_here(engines: Engines, root: Cid) -> bool:
    """Tell whether all leaves below a root are here. Raises: LyingSize: if one is not as long as is said."""
    for leaf in leaves(engines.blocks.get, [root]):
        if not engines.blocks.has(leaf.cid):
            return False
        size_bytes = engines.blocks.size_bytes(leaf.cid)
        if leaf.size_bytes is not None and size_bytes != leaf.size_bytes:
            raise LyingSize(leaf.cid, leaf.size_bytes, size_bytes)
    return True


def _end_of(mimei: MimeiId) -> Callable[[Transaction], None]:
    def end(transaction: Transaction) -> None:
        row = read_demand(transaction, mimei)
        if row is not None and row.fills:
            put_demand(transaction, mimei, None)

    return end
