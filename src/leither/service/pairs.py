"""The paired nodes of one node: pairing, telling each other what to keep, and bringing it, whenever there is cause.

Cause is: a paired node came, something of the owner's was backed up, a paired node wished for something, or an hour
went by. One thread does what is due, node by node.
"""

import logging
import threading
from contextlib import ExitStack

from leither import limits
from leither.crypto import MimeiId, peer_public_key
from leither.errors import LeitherError
from leither.ports import Known, Network, PeerEvent, Stream
from leither.service.engines import Engines
from leither.service.events import Event
from leither.service.pair_keeping import Keeping, unpair
from leither.service.pair_rows import PairRow, find_pair, peer_of, read_pair, read_pairs
from leither.service.pair_talk import PairTalk
from leither.service.pair_wishing import Wishing
from leither.service.pairing import Pairing
from leither.wire.keep_messages import KEEP

LOGGER = logging.getLogger("leither.pairs")
_ANEW, _WISH, _FETCH, _BRING, _REPORT = "wish anew", "wish", "fetch", "bring", "report"


class Pairs:
    """Thread-safe. `start` it, and `close` it. Who only lets it `listen` calls `work` in a thread of their own."""

    def __init__(self, engines: Engines, network: Network) -> None:
        self._engines = engines
        self._network = network
        self._talk = PairTalk(engines, network)
        self.pairing = Pairing(engines, network, paired=self._paired)
        self.wishing = Wishing(self._talk)
        self.keeping = Keeping(self._talk, self.wishing)
        self._turn = threading.Condition()
        self._due: dict[bytes, set[str]] = {}
        self._changed = self._closed = False
        self._open = ExitStack()
        self._thread: threading.Thread | None = None

    def listen(self) -> None:
        """Answer other nodes from now on, take note of who comes, and dial those that are paired."""
        self._open.callback(self.pairing.serve())
        self._open.callback(self._network.serve(KEEP, self._answer))
        self._open.enter_context(self._engines.events.watching(self._note))
        for node, row in self.all():
            self._keep(node, row)
        self._open.callback(self._network.watch(self._meet))

    def start(self) -> None:
        """Listen, and do what is due in a thread of its own."""
        self.listen()
        self._thread = threading.Thread(target=self._run, name="leither-pairs", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End what goes on. Idempotent."""
        self._open.close()
        with self._turn:
            self._closed = True
            self._turn.notify_all()
        if self._thread is not None:
            self._thread.join()

    def all(self) -> list[tuple[bytes, PairRow]]:
        """Return the paired nodes, by key."""
        with self._engines.state.read() as view:
            return list(read_pairs(view))

    def find(self, given: str) -> tuple[bytes, PairRow]:
        """Return the paired node of that name, or whose peer id begins so. Raises: PairNotFound."""
        with self._engines.state.read() as view:
            return find_pair(view, given)

    def unpair(self, node: bytes) -> None:
        """Be paired no more. What was kept for it in the clear stays here as any MiMei does; what is sealed goes."""
        self._engines.state.write(lambda transaction: unpair(transaction, node))
        self._network.forget(peer_of(node))

    def wake(self, node: bytes) -> None:
        """Tell a paired node anew what to keep, and bring what it wants kept, as soon as it is reached."""
        self._do(node, _ANEW, _BRING)

    def return_from(self, address: str) -> bytes:
        """Go on, on a new node of a person's, with the paired node at an address; return its key.

        Raises: KeepRefused, BadKeeping, what `Network.connect` does.
        """
        node = self.wishing.ask_return(address)
        self._keep(node, self._talk.pair(node))
        return node

    def work(self) -> bool:
        """Do what is due with one node; tell whether anything was. What fails is put off until there is cause again."""
        with self._turn:
            changed, self._changed = self._changed, False
        try:
            if changed:
                self._all_connected(_WISH)
                self._tell()
            with self._turn:
                if not self._due:
                    return changed
                node = next(iter(self._due))
                due = self._due.pop(node)
            self._work_with(node, due)
        except LeitherError as error:
            LOGGER.info("what is due with paired nodes is put off: %s", error)
        return True

    def _work_with(self, node: bytes, due: set[str]) -> None:
        if not due.isdisjoint((_ANEW, _WISH)):
            self.wishing.wish(node, anew=_ANEW in due)
        if not due.isdisjoint((_ANEW, _WISH, _FETCH)):
            for mimei in self.wishing.ahead(node):
                self._fetch(node, mimei)
        brought = [self.keeping.bring(node, mimei) for mimei in self.keeping.due(node)] if _BRING in due else []
        if brought:
            self._tell()
        if brought or _REPORT in due:
            self.keeping.report(node)

    def _tell(self) -> None:
        """Have those told for whom something is kept that has changed."""
        changed = self.keeping.refresh()
        here = {peer.id for peer in self._network.peers()}
        for node in changed:
            if peer_of(node) in here:  # who is away is told when they come
                self._do(node, _REPORT)

    def _fetch(self, node: bytes, mimei: MimeiId) -> None:
        try:
            self.wishing.fetch(node, mimei)
        except LeitherError as error:
            LOGGER.info("what a paired node has of a MiMei did not come: %s", error)

    def _run(self) -> None:
        while True:
            with self._turn:
                if not self._due and not self._changed and not self._closed:
                    self._turn.wait(limits.PAIR_ROUND_S)
                if self._closed:
                    return
                is_round = not self._due and not self._changed
            if is_round:
                self._all_connected(_ANEW, _BRING)
            self.work()

    def _do(self, node: bytes, *what: str) -> None:
        with self._turn:
            self._due.setdefault(node, set()).update(what)
            self._turn.notify_all()

    def _all_connected(self, *what: str) -> None:
        here = {peer.id for peer in self._network.peers()}
        for node, _ in self.all():
            if peer_of(node) in here:
                self._do(node, *what)

    def _paired(self, node: bytes) -> None:
        self._keep(node, self._talk.pair(node))
        self.wake(node)

    def _keep(self, node: bytes, row: PairRow) -> None:
        try:
            self._network.keep(Known(peer_of(node), row.addresses))
        except LeitherError as error:
            LOGGER.info("a paired node is not reached: %s", error)

    def _meet(self, event: PeerEvent) -> None:
        node = peer_public_key(event.peer)
        if event.came and node is not None and self._is_paired(node):
            self.wake(node)

    def _note(self, event: Event) -> None:
        if event.what != "change":
            with self._turn:
                self._changed = True
                self._turn.notify_all()

    def _answer(self, stream: Stream) -> None:
        spoke = self.keeping.answer(stream)
        if spoke is not None:
            node, is_wish = spoke
            self._do(node, _BRING if is_wish else _FETCH)

    def _is_paired(self, node: bytes) -> bool:
        with self._engines.state.read() as view:
            return read_pair(view, node) is not None
