"""What a fetch knows of one provider: what it has, how fast it gives, and what it was asked for."""

from collections import OrderedDict
from dataclasses import dataclass, field
from enum import StrEnum

from leither import limits
from leither.codec import Cid

_FIRST_WINDOW = 2
"""Blocks that a provider is asked for before it is known how fast it is."""
_MEMORY = 0.8
"""How much of what was measured before still counts when a block comes."""
_PATIENCE = 4
"""How many times what all it was asked for should take a provider may need before it counts as stalled."""


class Fault(StrEnum):
    """Why a provider is asked no more."""

    LIED = "lied"
    """It gave bytes that are not the block's."""
    SILENT = "silent"
    """It gave nothing for limits.FETCH_GONE_S."""
    FLOODED = "flooded"
    """It sent what it was not asked for."""


@dataclass(slots=True, eq=False)
class BlockProvider:
    """One provider. Times are seconds of any clock that only goes forward.

    tells: it says whether it has a block, if asked. likely: it is worth asking for blocks it has said nothing about.
    asked: blocks asked for and not come, oldest first, and when. probed: the same for those it was only asked whether
    it has them. withdrawn: blocks that may still come although they are wanted no more. heard_s: when it last gave or
    said something, or was first asked after a pause. stalls: how often it was silent for too long since it gave one.
    """

    name: str
    tells: bool
    likely: bool
    window_max: int
    asked: dict[Cid, float] = field(default_factory=dict)
    probed: dict[Cid, float] = field(default_factory=dict)
    withdrawn: OrderedDict[Cid, None] = field(default_factory=OrderedDict)
    has: set[Cid] = field(default_factory=set)
    lacks: set[Cid] = field(default_factory=set)
    heard_s: float = 0.0
    is_stalled: bool = False
    stalls: int = 0
    misses: int = 0
    _busy_s: float = 0.0
    _given_bytes: float = 0.0

    @property
    def s_per_byte(self) -> float | None:
        """How long it takes over a byte, of late; None until it gave one."""
        return self._busy_s / self._given_bytes if self._given_bytes else None

    def room(self, block_bytes: float) -> int:
        """Return how many more blocks of this size it should be asked for now."""
        if self.stalls:
            return 1 - len(self.asked)
        speed = self.s_per_byte
        if speed is None:
            return min(_FIRST_WINDOW, self.window_max) - len(self.asked)
        window_bytes = min(limits.FETCH_PROVIDER_BYTES, limits.FETCH_PROVIDER_S / speed if speed else 1 << 60)
        return max(_FIRST_WINDOW, min(int(window_bytes / block_bytes), self.window_max)) - len(self.asked)

    def may_give(self, cid: Cid) -> bool:
        """Tell whether it is worth asking it for a block."""
        if cid in self.asked or self.is_stalled:
            return False
        return cid in self.has or (self.likely and cid not in self.lacks)

    def ask(self, cid: Cid, now_s: float) -> None:
        """Note that it is asked for a block."""
        if not self.asked:
            self.heard_s = now_s
        self.asked[cid] = now_s
        self.probed.pop(cid, None)
        self.withdrawn.pop(cid, None)

    def withdraw(self, cid: Cid) -> bool:
        """Note that a block is wanted no more; tell whether it was asked for."""
        self.has.discard(cid)
        self.lacks.discard(cid)
        was_probed = self.probed.pop(cid, None) is not None
        was_asked = self.asked.pop(cid, None) is not None
        if not was_asked and not was_probed:
            return False
        if not self.asked:
            self.is_stalled = False
        self.withdrawn[cid] = None
        if len(self.withdrawn) > limits.FETCH_WANTS_MAX:
            self.withdrawn.popitem(last=False)
        return was_asked

    def give(self, cid: Cid, size_bytes: int, now_s: float, *, streamed: bool = False) -> bool:
        """Note that a block came; tell whether it had been asked for, or at least about: a small one comes at once.

        streamed: it belongs to an answer that brings many, and is as good as asked for.
        """
        was_probed = self.probed.pop(cid, None) is not None
        asked_s = self.asked.pop(cid, self.heard_s if streamed else None)
        if asked_s is None:
            was_withdrawn = self.withdrawn.pop(cid, True) is None
            if was_probed or was_withdrawn:
                self.likely |= was_probed
                self._hear(now_s)
            return was_probed or was_withdrawn
        # Since the last block, or since it was asked: what blocks that are on the way together took, each its part.
        self._busy_s = self._busy_s * _MEMORY + now_s - max(self.heard_s, asked_s)
        self._given_bytes = self._given_bytes * _MEMORY + size_bytes
        self._hear(now_s)
        self.stalls = 0
        self.likely = True
        self.misses = 0
        return True

    def lack(self, cid: Cid, now_s: float) -> bool:
        """Note that it says it has not a block; tell whether it had been asked for it."""
        self.has.discard(cid)
        self.lacks.add(cid)
        self.probed.pop(cid, None)
        if self.asked.pop(cid, None) is None:
            return False
        self._hear(now_s)
        self.misses += 1
        if self.misses >= limits.FETCH_MISSES_MAX:
            self.likely = False
        return True

    def stall(self) -> None:
        """Note that it was silent for too long."""
        if not self.is_stalled:
            self.is_stalled = True
            self.stalls += 1

    def _hear(self, now_s: float) -> None:
        self.heard_s = now_s
        self.is_stalled = False

    def patience_until(self, block_bytes: float) -> float | None:
        """Return when it will have been silent for too long; None while nothing is asked of it."""
        if not self.asked:
            return None
        expected_s = (self.s_per_byte or 0.0) * block_bytes * len(self.asked) * _PATIENCE
        return self.heard_s + min(limits.FETCH_STALLED_S + expected_s, limits.FETCH_GONE_S)
