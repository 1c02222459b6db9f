"""Which sealed forms the blocks of a private MiMei have here: rows in the state engine, one a plaintext block.

    s id cid            sealed forms, oldest first, 33 bytes each: codec, digest

A block has one form for each key epoch it was sealed in, nearly always one. The rows are a cache: walking the sealed
versions that are held makes them again (`mimei.sealing.pair_blocks`).
"""

from collections.abc import Callable, Iterable
from functools import partial
from itertools import islice

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.mimei.sealing import Pair
from leither.ports import State, Transaction, prefix_end

SEALED = b"s"
_FORM_BYTES = 33
_ROWS_PER_CHANGE = 10_000


class SealedTable:
    """The rows of one MiMei."""

    __slots__ = ("_prefix", "_state")

    def __init__(self, state: State, mimei: MimeiId) -> None:
        self._state = state
        self._prefix = SEALED + mimei

    def forms(self, cid: Cid) -> tuple[Cid, ...]:
        """Return the sealed forms of the block `cid`, oldest first; none where it was never sealed here."""
        with self._state.read() as view:
            return _read(view.get(self._prefix + cid))

    def forms_of_many(self, cids: Iterable[Cid]) -> dict[Cid, tuple[Cid, ...]]:
        """Return the sealed forms of each block, read from one snapshot."""
        with self._state.read() as view:
            return {cid: _read(view.get(self._prefix + cid)) for cid in cids}

    def add(self, transaction: Transaction, pairs: Iterable[Pair]) -> None:
        """Note sealed forms, each as the newest of its block."""
        for cid, sealed in pairs:
            key = self._prefix + cid
            stored = transaction.get(key) or b""
            form = _write(sealed)
            if not stored.endswith(form):
                transaction.put(key, b"".join((*(other for other in _split(stored) if other != form), form)))

    def adopt(self, pairs: Iterable[Pair]) -> int:
        """Note the sealed forms that others made, in their order, and return how many.

        Children come first: a block whose row is here has everything below it noted, even if this is cut short.
        Cost: a change for every 10,000 of them.
        """
        count = 0
        source = iter(pairs)
        while chunk := list(islice(source, _ROWS_PER_CHANGE)):
            self._state.write(partial(self.add, pairs=chunk))
            count += len(chunk)
        return count

    def prune(self, is_stored: Callable[[Cid], bool]) -> int:
        """Forget the sealed forms that are not stored any more, and return how many. For after a sweep.

        It asks within the change, so a form that is put meanwhile keeps its row, or gets it again.
        Cost: a change for every 10,000 rows.
        """
        dropped = 0
        start: bytes | None = self._prefix
        while start is not None:
            count, start = self._state.write(partial(self._prune, start=start, is_stored=is_stored))
            dropped += count
        return dropped

    def _prune(
        self, transaction: Transaction, start: bytes, is_stored: Callable[[Cid], bool]
    ) -> tuple[int, bytes | None]:
        """Go over some rows from `start`; return how many forms were dropped, and where to go on."""
        rows = list(islice(transaction.scan(start, prefix_end(self._prefix)), _ROWS_PER_CHANGE))
        dropped = 0
        for key, stored in rows:
            forms = _split(stored)
            kept = [form for form in forms if is_stored(_read_form(form))]
            dropped += len(forms) - len(kept)
            if not kept:
                transaction.delete(key)
            elif len(kept) < len(forms):
                transaction.put(key, b"".join(kept))
        return dropped, rows[-1][0] + b"\0" if len(rows) == _ROWS_PER_CHANGE else None


def _write(sealed: Cid) -> bytes:
    return bytes((sealed.codec,)) + sealed.digest


def _split(stored: bytes) -> list[bytes]:
    return [stored[start : start + _FORM_BYTES] for start in range(0, len(stored), _FORM_BYTES)]


def _read_form(form: bytes) -> Cid:
    return Cid.from_digest(form[0], form[1:])


def _read(stored: bytes | None) -> tuple[Cid, ...]:
    if stored is None:
        return ()
    if len(stored) == _FORM_BYTES:
        return (_read_form(stored),)
    return tuple(map(_read_form, _split(stored)))
