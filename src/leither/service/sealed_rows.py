"""Sealed forms of what one piece of work has put, on their way into the table."""

from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import TypeVar

from leither.codec import Cid
from leither.mimei.sealing import Pair
from leither.ports import State, Transaction
from leither.service.sealed_forms import SealedForms

T = TypeVar("T")


class SealedRows:
    """The rows that are not committed yet, shared by the leases of one piece of work."""

    __slots__ = ("_commits", "_forms", "_noted", "_rows", "_state")

    def __init__(self, state: State, forms: SealedForms) -> None:
        self._state = state
        self._forms = forms
        self._noted: dict[Cid, Cid] = {}
        self._rows: list[Pair] = []
        self._commits: list[Future[None]] = []

    def note(self, cid: Cid, form: Cid) -> None:
        """Show a block under a form that is stored, or that a lease is about to store."""
        self._noted[cid] = form
        self._forms.note(cid, form)

    def add(self, cid: Cid, form: Cid) -> None:
        """Show a block, and write its row with the next flush."""
        self.note(cid, form)
        self._rows.append((cid, form))

    def flush(self) -> None:
        """Commit the rows, whose blocks are durable.

        It isn't waited for here: whatever the caller commits next comes after these rows, or together with them.
        """
        rows, self._rows = self._rows, []
        if rows:
            self._commits.append(self._state.submit(partial(self._forms.table.add, pairs=rows)))

    def flush_into(self, change: Callable[[Transaction], T]) -> T:
        """Commit `change` with the rows in one transaction. Raises: what `change` raises."""
        rows = list(self._rows)

        def both(transaction: Transaction) -> T:
            self._forms.table.add(transaction, rows)
            return change(transaction)

        result = self._state.write(both)
        del self._rows[: len(rows)]
        return result

    def settle(self) -> None:
        """Wait until what was flushed is durable. Raises: what its commit raised."""
        commits, self._commits = self._commits, []
        for commit in commits:
            commit.result()

    def close(self) -> None:
        """Let go of what was shown: the table has its rows, or the work failed."""
        self._forms.forget(self._noted.items())
