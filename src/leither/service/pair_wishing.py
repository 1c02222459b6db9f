"""Having MiMei kept by paired nodes: what is wished for, how it stands there, and what comes back."""

from collections.abc import Iterable
from contextlib import closing

import msgspec

from leither import limits
from leither.crypto import MimeiId, peer_public_key
from leither.ports import Stream, Transaction
from leither.service.pair_marks import mark_here, wishes
from leither.service.pair_rows import (
    PairNotFound,
    PairRow,
    ToldRow,
    drop_told,
    peer_of,
    put_pair,
    put_told,
    read_pair,
    read_told,
    told_row,
)
from leither.service.pair_talk import KeepRefused, PairTalk, hear, pages, say
from leither.service.person_index import update_index
from leither.service.pulling import pull
from leither.service.sync_taking import Taking
from leither.wire.keep_messages import KEEP, BadKeeping, Held, Kept, Message, Refused, Return, Wish, Wished


class Wishing:
    """The end of `/leither/keep/1` that has things kept. Thread-safe; each method waits for what it does."""

    def __init__(self, talk: PairTalk) -> None:
        self._talk = talk
        self._said: dict[bytes, list[Wished]] = {}

    def wish(self, node: bytes, *, anew: bool = True) -> None:
        """Tell a paired node what to keep, and hear how it stands; unless `anew`, only if it isn't what was said last.

        Raises: PairNotFound, KeepRefused, BadKeeping, what `Network.open` does.
        """
        engines = self._talk.engines
        update_index(engines, None)
        with engines.state.read() as view:
            row = self._talk.pair(node)
            wished = list(wishes(engines, view, row))[: limits.KEPT_MAX]
        if not anew and self._said.get(node) == wished:
            return
        device = self._talk.device()
        said = [Wish(device=device, mimei=page, more=more) for page, more in pages(wished)]
        with closing(self._talk.open(node)) as stream:
            for page in said:
                say(stream, page)
            self.take(stream, node, hear(stream))
        self._said[node] = wished

    def ask_return(self, address: str) -> bytes:
        """Ask the node at an address, which was paired with one of this person's, to go on with this one.

        Returns: its key; what it keeps stands in the rows of the pair. Raises: as `wish`; what `Network.connect` does.
        """
        peer = self._talk.network.connect(address)
        node = peer_public_key(peer)
        if node is None:
            raise KeepRefused(peer, "its key is of another kind")
        with closing(self._talk.network.open(peer, [KEEP], timeout_s=limits.KEEP_S)) as stream:
            say(stream, Return(device=self._talk.device()))
            first = hear(stream)
            if isinstance(first, Kept):
                device, now_ms = self._talk.proved(node, first.device), self._talk.engines.clock.now_ms()
                row = PairRow(device.name, device.by, first.device, (address,), now_ms)
                self._talk.engines.state.write(lambda change: put_pair(change, node, read_pair(change, node) or row))
            self.take(stream, node, first)
        return node

    def fetch(self, node: bytes, mimei: MimeiId) -> str:
        """Bring a MiMei of the owner's back from a paired node; return what became of it here.

        Raises: PairNotFound, what `Taking.receive` does, what `Network.open` does.
        """
        peer = self._talk.reach(node)
        with closing(Taking(self._talk.engines, mimei, hello=self._talk.hello())) as taking:
            pull(self._talk.network, peer, taking)
            assert taking.arrived is not None
            return taking.arrived.state

    def ahead(self, node: bytes) -> list[MimeiId]:
        """Return of which MiMei a paired node has what is not here, as far as it has told."""
        with self._talk.engines.state.read() as view:
            return [
                mimei
                for mimei, told in read_told(view, node)
                if told.mark not in (b"", told.known)
                and (here := mark_here(self._talk.engines, view, mimei)) is not None
                and here[0] != told.mark
            ]

    def take(self, stream: Stream, node: bytes, first: Message) -> None:
        """Take note of what a paired node says that it keeps. Raises: KeepRefused, BadKeeping."""
        found: list[Held] = []
        page = first
        while True:
            if isinstance(page, Refused):
                raise KeepRefused(stream.peer, page.reason)
            if not isinstance(page, Kept):
                raise BadKeeping("it was to say what it keeps")
            found += page.mimei
            if len(found) > limits.KEPT_MAX:
                raise BadKeeping(f"it keeps more than {limits.KEPT_MAX:,} MiMei")
            if not page.more:
                break
            page = hear(stream)
        self._told(node, page, found)

    def _told(self, node: bytes, last: Kept, found: Iterable[Held]) -> None:
        engines, now_ms = self._talk.engines, self._talk.engines.clock.now_ms()
        told = {MimeiId(one.mimei): one for one in found}
        with engines.state.read() as view:
            here = {mimei: mark_here(engines, view, mimei) for mimei in told}

        def change(transaction: Transaction) -> None:
            row = read_pair(transaction, node)
            if row is None:
                raise PairNotFound(peer_of(node))
            put_pair(transaction, node, msgspec.structs.replace(row, met_ms=now_ms, given=last.quota))
            if last.whole:
                for mimei, _ in list(read_told(transaction, node)):
                    if mimei not in told:
                        drop_told(transaction, node, mimei)
            for mimei, one in told.items():
                before, mine = told_row(transaction, node, mimei), here[mimei]
                said = ToldRow(one.mark or b"", one.size_bytes, one.at, one.reason)
                if mine is not None and mine[0] == one.mark:
                    said = msgspec.structs.replace(said, known=mine[0], known_ms=now_ms)
                elif before is not None:
                    said = msgspec.structs.replace(said, known=before.known, known_ms=before.known_ms)
                put_told(transaction, node, mimei, said)

        engines.state.write(change)
