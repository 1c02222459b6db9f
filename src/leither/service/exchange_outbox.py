"""What peers are told of what this node wants, and what each owes: gathered, and sent one message after the other."""

import threading
from collections import Counter, OrderedDict
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from leither import limits
from leither.codec import Cid
from leither.wire.bitswap_message import Message, Want, encode, name_of

Post = Callable[[Callable[[], None]], None]
"""Runs something soon, in another thread."""
Write = Callable[[str, bytes], bool]
"""Writes a message to a peer; tells whether it could be written."""


@dataclass(slots=True)
class _Account:
    """What one peer was asked for, by how many fetches; what it was asked about; and what was then withdrawn."""

    asked: Counter[Cid] = field(default_factory=Counter)
    probed: OrderedDict[Cid, None] = field(default_factory=OrderedDict)
    withdrawn: OrderedDict[Cid, None] = field(default_factory=OrderedDict)
    waiting: dict[Cid, Want] = field(default_factory=dict)
    is_sending: bool = False
    unasked: int = 0


class ExchangeOutbox:
    """The wants of all fetches, by peer. Thread-safe. A block that two fetches want of one peer is cancelled once."""

    def __init__(self, write: Write, post: Post) -> None:
        self._write = write
        self._post = post
        self._accounts: dict[str, _Account] = {}
        self._guard = threading.Lock()

    def ask(self, peer: str, blocks: Iterable[Cid], haves: Iterable[Cid]) -> None:
        """Say that `blocks` are wanted, and ask whether `haves` are there."""
        with self._guard:
            account = self._accounts.setdefault(peer, _Account())
            for cid in blocks:
                account.asked[cid] += 1
                account.waiting[cid] = Want(name_of(cid), send_dont_have=True)
            for cid in haves:
                _remember(account.probed, cid)
                if cid not in account.asked:
                    account.waiting[cid] = Want(name_of(cid), only_have=True, send_dont_have=True)
        self._begin(peer)

    def withdraw(self, peer: str, cids: Iterable[Cid]) -> None:
        """Say that blocks are wanted no more, but for those that another fetch still wants."""
        with self._guard:
            account = self._accounts.get(peer)
            if account is None:
                return
            for cid in cids:
                account.asked[cid] -= 1
                if account.asked[cid] > 0:
                    continue
                del account.asked[cid]
                account.waiting[cid] = Want(name_of(cid), cancel=True)
                _remember(account.withdrawn, cid)
        self._begin(peer)

    def was_asked(self, peer: str) -> bool:
        """Tell whether a peer may send any blocks at all."""
        with self._guard:
            return peer in self._accounts

    def settle_probe(self, peer: str, cid: Cid) -> bool:
        """Note that a peer says to have a block; tell whether it was asked about it."""
        with self._guard:
            account = self._accounts.get(peer)
            return account is not None and account.probed.pop(cid, True) is None

    def settle(self, peer: str, cid: Cid) -> bool:
        """Note that a peer has answered for a block; tell whether it was asked."""
        with self._guard:
            account = self._accounts.get(peer)
            if account is None:
                return False
            was_asked = account.asked.pop(cid, 0) > 0
            was_probed = account.probed.pop(cid, True) is None
            was_withdrawn = account.withdrawn.pop(cid, True) is None
            return was_asked or was_probed or was_withdrawn

    def is_flooding(self, peer: str) -> bool:
        """Count a block that nobody asked for; tell whether a peer sent too many."""
        with self._guard:
            account = self._accounts.get(peer)
            if account is None:
                return True
            account.unasked += 1
            return account.unasked > limits.FETCH_UNASKED_MAX

    def forget(self, peer: str) -> None:
        """Note that a peer is gone."""
        with self._guard:
            self._accounts.pop(peer, None)

    def _begin(self, peer: str) -> None:
        with self._guard:
            account = self._accounts.get(peer)
            if account is None or account.is_sending or not account.waiting:
                return
            account.is_sending = True
        self._post(lambda: self._send_all(peer, account))

    def _send_all(self, peer: str, account: _Account) -> None:
        while True:
            with self._guard:
                wants = tuple(account.waiting.values())
                account.waiting.clear()
                if not wants or self._accounts.get(peer) is not account:
                    account.is_sending = False
                    return
            for start in range(0, len(wants), limits.BITSWAP_WANTS_MAX):
                if not self._write(peer, encode(Message(wants[start : start + limits.BITSWAP_WANTS_MAX]))):
                    self.forget(peer)
                    break


def _remember(cids: OrderedDict[Cid, None], cid: Cid) -> None:
    """Add a block to those that may still come; the one added first makes room."""
    cids[cid] = None
    if len(cids) > limits.FETCH_WITHDRAWN_MAX:
        cids.popitem(last=False)
