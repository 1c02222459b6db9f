"""How MiMei of elsewhere stood when they were last seen, so that no holder takes this node back behind it.

The table is bounded: those seen longest ago make room.
"""

import threading

import msgspec

from leither import limits
from leither.crypto import MimeiId
from leither.mimei.sight import Sight
from leither.ports import State, Transaction, prefix_end
from leither.service import tables


class _SeenRow(msgspec.Struct, frozen=True, array_like=True):
    """at_ms: when it was seen."""

    at_ms: int
    sight: Sight


_DECODER = msgspec.msgpack.Decoder(_SeenRow)


class Seen:
    """The last standings. Thread-safe."""

    def __init__(self, state: State, *, places: int = limits.SEEN_MAX) -> None:
        self._state = state
        self._places = places
        self._guard = threading.Lock()
        with state.read() as view:
            self._count = sum(1 for _ in view.scan(tables.SEEN, prefix_end(tables.SEEN)))

    def get(self, mimei: MimeiId) -> Sight | None:
        """Return how a MiMei stood; None if it is not known."""
        with self._state.read() as view:
            stored = view.get(tables.SEEN + mimei)
        return _DECODER.decode(stored).sight if stored is not None else None

    def put(self, mimei: MimeiId, sight: Sight, *, now_ms: int) -> None:
        """Remember how a MiMei stands."""
        with self._guard:
            self._count = self._state.write(lambda view: self._put(view, mimei, _SeenRow(now_ms, sight)))

    def _put(self, view: Transaction, mimei: MimeiId, row: _SeenRow) -> int:
        is_new = view.get(tables.SEEN + mimei) is None
        view.put(tables.SEEN + mimei, msgspec.msgpack.encode(row))
        count = self._count + is_new
        if count <= self._places:
            return count
        rows = [(_DECODER.decode(value).at_ms, key) for key, value in view.scan(tables.SEEN, prefix_end(tables.SEEN))]
        # Some more than needed, so that the table isn't looked through for each that comes.
        for _, key in sorted(rows)[: len(rows) - self._places * 15 // 16]:
            view.delete(key)
        return self._places * 15 // 16
