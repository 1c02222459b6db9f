"""A node that is opened to be back: it speaks with one paired node alone, and serves nobody."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Self

from leither.config import Settings
from leither.crypto import MimeiId
from leither.node.identity import Unlock
from leither.node.node import Node
from leither.service.engines import Engines
from leither.service.pairs import Pairs
from leither.service.person_index import index_id
from leither.service.returning import Returned, bring_back, kept_there, require_all


class Returning:
    """Made by `open`; good within that context."""

    def __init__(self, engines: Engines, pairs: Pairs, address: str) -> None:
        self._engines = engines
        self._pairs = pairs
        self._paired = pairs.return_from(address)

    @classmethod
    @contextmanager
    def open(cls, settings: Settings, address: str, passphrase: Unlock | None) -> Iterator[Self]:
        """Open the home folder, and reach the paired node at an address.

        Raises: what `Node.open` does, KeepRefused, BadAddress, AddressNotAllowed, PeerUnreachable.
        """
        with Node.open(settings, listening=False, passphrase=passphrase) as node:
            try:
                node.networking.start()
                assert node.networking.network is not None
                yield cls(node.engines, Pairs(node.engines, node.networking.network), address)
            finally:
                node.networking.close()

    @property
    def kept(self) -> list[MimeiId]:
        """What the paired node keeps."""
        return kept_there(self._engines, self._paired)

    def bring_index(self) -> None:
        """Bring the index; former keys in it count once this is opened anew. Raises: what `Wishing.fetch` does."""
        index = index_id(self._engines.identity.person.public)
        if index in self.kept:
            self._pairs.wishing.fetch(self._paired, index)

    def bring_all(self) -> Iterator[Returned]:
        """Bring everything; yield what became of each. Raises: NotAllReturned, once all was tried."""
        done: list[Returned] = []
        for one in bring_back(self._engines, self._pairs, self._paired):
            done.append(one)
            yield one
        require_all(self._paired, done)
