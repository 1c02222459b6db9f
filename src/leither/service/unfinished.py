"""Fetches that were begun and have not come to their end: what came of them stays through sweeps for a while."""

from collections.abc import Iterator

from leither import limits
from leither.codec import Cid
from leither.ports import State, Transaction, View, prefix_end
from leither.service.tables import FETCHES, read_u64, u64


def begin(state: State, root: Cid, now_ms: int) -> None:
    """Keep what is here below `root`, although nothing refers to it, and not all of it is here."""

    def change(transaction: Transaction) -> None:
        for key, value in list(transaction.scan(FETCHES, prefix_end(FETCHES))):
            if _is_given_up(value, now_ms):
                transaction.delete(key)
        transaction.put(FETCHES + root, u64(now_ms))

    state.write(change)


def end(state: State, root: Cid) -> None:
    """Keep it no longer for this. By now something refers to it, or a lease protects it."""
    state.write(lambda transaction: transaction.delete(FETCHES + root))


def unfinished(view: View, now_ms: int) -> Iterator[Cid]:
    """Yield the roots of what was begun, but for what was given up: not gone on with for limits.FETCH_KEPT_S."""
    for key, value in view.scan(FETCHES, prefix_end(FETCHES)):
        if not _is_given_up(value, now_ms):
            yield Cid(key[len(FETCHES) :])


def _is_given_up(value: bytes, now_ms: int) -> bool:
    return read_u64(value) + 1000 * limits.FETCH_KEPT_S <= now_ms
