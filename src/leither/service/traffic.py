"""How much went to and came from other nodes, by protocol and by peer, over the last day. Memory is bounded."""

import threading
from collections import OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, fields, replace

from leither import limits
from leither.ports import Clock

OTHERS = ""
"""In the place of a peer or a protocol: those that a stretch had no room to tell apart."""


@dataclass(slots=True)
class Counts:
    """Bytes are those of what was said, without what a connection adds. streams: how many began; errors: broke off."""

    bytes_received: int = 0
    bytes_sent: int = 0
    messages_received: int = 0
    messages_sent: int = 0
    streams: int = 0
    errors: int = 0

    def add(self, other: "Counts") -> None:
        """Count what another counted."""
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


_Slot = dict[tuple[str, str], Counts]


class Traffic:
    """The counts of one node. Thread-safe.

    At most so many stretches are kept, and of each so many pairs of protocol and peer: some 10 MB, whoever comes.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._guard = threading.Lock()
        self._slots: OrderedDict[int, _Slot] = OrderedDict()
        self._totals: dict[str, Counts] = {}

    def count(self, protocol: str, peer: str, counts: Counts) -> None:
        """Count something now."""
        number = self._clock.now_ms() // (limits.TRAFFIC_SLOT_S * 1000)
        with self._guard:
            slot = self._slots.setdefault(number, {})
            while len(self._slots) > limits.TRAFFIC_SLOTS_MAX:
                self._slots.popitem(last=False)
            slot.setdefault(_place(slot, protocol, peer), Counts()).add(counts)
            known = protocol in self._totals or len(self._totals) < limits.TRAFFIC_PROTOCOLS_MAX
            self._totals.setdefault(protocol if known else OTHERS, Counts()).add(counts)

    def totals(self) -> dict[str, Counts]:
        """Return what each protocol moved since the node started; `OTHERS` for those that there was no room for."""
        with self._guard:
            return {protocol: replace(counts) for protocol, counts in self._totals.items()}

    def by_protocol(self, seconds: int) -> dict[str, Counts]:
        """Return what each protocol moved in the last so many seconds, to the length of a stretch."""
        return _joined((protocol, counts) for (protocol, _), counts in self._recent(seconds))

    def by_peer(self, seconds: int) -> dict[str, Counts]:
        """Return the same by peer; `OTHERS` for those that were not told apart."""
        return _joined((peer, counts) for (_, peer), counts in self._recent(seconds))

    def over_time(self, seconds: int) -> list[tuple[int, Counts]]:
        """Return (when it began in ms, what all moved) of each stretch in which something moved, the oldest first."""
        first = self._first(seconds)
        with self._guard:
            slots = [(number, [*slot.values()]) for number, slot in self._slots.items() if number >= first]
        found = []
        for number, all_counts in sorted(slots):
            total = Counts()
            for counts in all_counts:
                total.add(counts)
            found.append((number * limits.TRAFFIC_SLOT_S * 1000, total))
        return found

    def _recent(self, seconds: int) -> list[tuple[tuple[str, str], Counts]]:
        first = self._first(seconds)
        with self._guard:
            return [pair for number, slot in self._slots.items() if number >= first for pair in slot.items()]

    def _first(self, seconds: int) -> int:
        return max(self._clock.now_ms() - seconds * 1000, 0) // (limits.TRAFFIC_SLOT_S * 1000)


def _place(slot: _Slot, protocol: str, peer: str) -> tuple[str, str]:
    """Return where to count; where there is no room for the peer, together with others."""
    if (protocol, peer) in slot or len(slot) < limits.TRAFFIC_PLACES_MAX:
        return protocol, peer
    if (protocol, OTHERS) in slot or len(slot) < limits.TRAFFIC_PLACES_MAX + limits.TRAFFIC_PROTOCOLS_MAX:
        return protocol, OTHERS
    return OTHERS, OTHERS


def _joined(pairs: Iterable[tuple[str, Counts]]) -> dict[str, Counts]:
    found: dict[str, Counts] = {}
    for name, counts in pairs:
        found.setdefault(name, Counts()).add(counts)
    return found
