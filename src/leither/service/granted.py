"""What was granted to whom on this node, by holder: read from the index once, then kept in memory.

One look answers for every MiMei, so what a visitor may do costs the same whether a MiMei is there or not.
"""

import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from itertools import islice

from leither import limits
from leither.crypto import ID_BYTES, KeyId, MimeiId, key_id
from leither.people import Chain
from leither.people.chain import remembering
from leither.ports import State, prefix_end
from leither.service import tables

Chains = Mapping[MimeiId, Sequence[Chain]]


class Granted:
    """The chains of grants held here. Thread-safe.

    `forget` is to be called once a change of them stands. What was taken back is none of this: that is in the control.
    """

    def __init__(self, state: State, *, places: int = limits.HOLDERS_CACHED_MAX) -> None:
        self._state = state
        self._places = places
        self.prove = remembering()
        """`prove_chain`, remembering what it has proved."""
        self._known: OrderedDict[KeyId, Chains] = OrderedDict()
        self._generation = 0
        self._guard = threading.Lock()

    def of(self, keys: Sequence[bytes], mimei: MimeiId) -> tuple[Chain, ...]:
        """Return the chains that end at one of these whole keys, for one MiMei. Cost: memory, but for a new key."""
        return tuple(chain for key in keys for chain in self.held(key_id(key)).get(mimei, ()))

    def held(self, holder: KeyId) -> Chains:
        """Return all that was granted to a key, by MiMei. Cost: when first asked, a signature a link."""
        with self._guard:
            found, generation = self._known.get(holder), self._generation
            if found is not None:
                self._known.move_to_end(holder)
                return found
        found = self._read(holder)
        with self._guard:
            # What changed while it was read may not be in it.
            if generation == self._generation:
                self._known[holder] = found
                if len(self._known) > self._places:
                    self._known.popitem(last=False)
        return found

    def records(self, key: bytes) -> list[bytes]:
        """Return the bytes of all that was granted to a whole key."""
        prefix = tables.granted(key_id(key))
        with self._state.read() as view:
            return [record for _, record in view.scan(prefix, prefix_end(prefix))]

    def forget(self) -> None:
        """Read anew from now on."""
        with self._guard:
            self._generation += 1
            self._known.clear()

    def _read(self, holder: KeyId) -> Chains:
        prefix = tables.granted(holder)
        found: dict[MimeiId, tuple[Chain, ...]] = {}
        with self._state.read() as view:
            start, stop = prefix, prefix_end(prefix)
            while (key := next((key for key, _ in view.scan(start, stop)), None)) is not None:
                mimei = MimeiId(key[len(prefix) : len(prefix) + ID_BYTES])
                start = prefix_end(prefix + mimei) or b""
                rows = islice(view.scan(prefix + mimei, start), limits.GRANTS_OF_ONE_MAX)
                found[mimei] = tuple([self.prove(record) for _, record in rows])
        return found
