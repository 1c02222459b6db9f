"""For whom other nodes act, by what they said when they asked how a MiMei stands.

The connection has shown a node's key, so what was said once holds on any connection with it, for a while.
"""

import threading
from collections import OrderedDict

from leither import limits
from leither.codec.record import BadSignature
from leither.errors import DeniedError, InputError, LimitError
from leither.people import GUEST, Principal
from leither.service.engines import Engines
from leither.service.sync_asker import known_asker
from leither.wire.sync_messages import Hello


class Greeted:
    """Remembers what nodes said of themselves, the last limits.GREETED_MAX. Thread-safe."""

    def __init__(self, engines: Engines) -> None:
        self._engines = engines
        self._said: OrderedDict[bytes, tuple[Hello, int]] = OrderedDict()
        self._proved: dict[bytes, tuple[int, Principal]] = {}
        self._guard = threading.Lock()

    def note(self, key: bytes, hello: Hello) -> None:
        """Note what the node with this key said, which the connection has shown."""
        with self._guard:
            self._said[key] = hello, self._engines.clock.now_ms()
            self._said.move_to_end(key)
            self._proved.pop(key, None)
            if len(self._said) > limits.GREETED_MAX:
                self._proved.pop(self._said.popitem(last=False)[0], None)

    def principal(self, key: bytes, generation: int) -> Principal:
        """Return for whom a node acts, a guest where it said nothing of late, or nothing that still proves itself.

        generation: counts what happens on this node; what was proved under another is proved anew. Grants that were
        shown and have not come here with the MiMei don't count.
        """
        with self._guard:
            said, proved = self._said.get(key), self._proved.get(key)
        if said is None or said[1] + 1000 * limits.GREETED_S <= self._engines.clock.now_ms():
            return GUEST
        if proved is not None and proved[0] == generation:
            return proved[1]
        try:
            found = known_asker(self._engines, key, said[0]).principal
        except (InputError, DeniedError, LimitError, BadSignature):
            found = GUEST
        with self._guard:
            self._proved[key] = generation, found
        return found
