"""What is to be announced in the DHT next, and when. A pure state machine.

- What was never announced goes first, in its order; then what has waited longest since it fell due.
- Each key falls due again between 3/4 of the period and the whole, at a place that the key itself decides, so that keys
  announced together drift apart.
- Each announcement costs bytes. They are saved up at an even rate, from nothing at the start, so that a node that
  starts again, or was away for days, doesn't say everything at once. For what was never announced they may be borrowed.
"""

import heapq
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from leither import limits

_DAY_MS = 24 * 3600 * 1000
_NEVER_MS = -1


@dataclass(slots=True)
class _Key:
    """A wanted key. said_ms: when it was last announced. due_ms: when it is to be. turn: tells stale entries apart."""

    said_ms: int
    due_ms: int
    turn: int
    failures: int = 0


class ProvideSchedule:
    """The keys to announce. Times are Unix milliseconds; a clock that is set back delays nothing by more than that."""

    def __init__(
        self,
        *,
        now_ms: int,
        period_ms: int = limits.ANNOUNCE_PERIOD_S * 1000,
        bytes_per_day: int = limits.ANNOUNCE_BYTES_PER_DAY,
        key_bytes: int = limits.ANNOUNCE_KEY_BYTES,
        burst_bytes: int = limits.ANNOUNCE_BURST_BYTES,
    ) -> None:
        self._period_ms = period_ms
        self._bytes_per_day = bytes_per_day
        self._key_bytes = key_bytes
        self._burst_bytes = burst_bytes
        self._keys: dict[bytes, _Key] = {}
        self._queue: list[tuple[int, int, bytes]] = []
        self._turn = 0
        self._saved_bytes = 0.0
        self._counted_ms = now_ms

    def __len__(self) -> int:
        return len(self._keys)

    @property
    def waiting(self) -> int:
        """How many keys were never announced."""
        return sum(key.said_ms == _NEVER_MS for key in self._keys.values())

    def add(self, keys: Iterable[bytes], said: Mapping[bytes, int], *, now_ms: int) -> None:
        """Announce `keys` from now on. `said`: when those that were announced before were last announced."""
        for key in keys:
            if key not in self._keys:
                self._turn += 1
                said_ms = min(said.get(key, _NEVER_MS), now_ms)
                self._keys[key] = entry = _Key(said_ms, self._due_ms(key, said_ms), self._turn)
                heapq.heappush(self._queue, (entry.due_ms, entry.turn, key))

    def remove(self, keys: Collection[bytes]) -> None:
        """Announce `keys` no more."""
        for key in keys:
            self._keys.pop(key, None)

    def next(self, now_ms: int) -> tuple[bytes | None, int | None]:
        """Return the key to announce now; without one, None and the moment to ask again, None if there is nothing."""
        self._save_up(now_ms)
        while self._queue:
            due_ms, turn, key = self._queue[0]
            entry = self._keys.get(key)
            if entry is None or entry.turn != turn:
                heapq.heappop(self._queue)
                continue
            if due_ms > now_ms:
                return None, due_ms
            lacking_bytes = self._key_bytes - self._saved_bytes
            if entry.said_ms == _NEVER_MS:
                lacking_bytes -= self._burst_bytes
            if lacking_bytes > 0:
                return None, now_ms + int(lacking_bytes * _DAY_MS / self._bytes_per_day) + 1
            return key, None
        return None, None

    def said(self, key: bytes, *, now_ms: int) -> None:
        """Note that `key` was announced."""
        self._spend()
        entry = self._keys.get(key)
        if entry is not None:
            entry.said_ms, entry.failures = now_ms, 0
            self._put_off(key, entry, self._due_ms(key, now_ms))

    def failed(self, key: bytes, *, now_ms: int) -> None:
        """Note that nobody took the announcement of `key`."""
        self._spend()
        entry = self._keys.get(key)
        if entry is not None:
            pause_s = min(limits.ANNOUNCE_RETRY_S << min(entry.failures, 16), limits.ANNOUNCE_RETRY_MAX_S)
            entry.failures += 1
            self._put_off(key, entry, now_ms + pause_s * 1000)

    def hurry(self, now_ms: int) -> None:
        """Let what failed be tried again now: somebody came who may take it."""
        for key, entry in self._keys.items():
            if entry.failures:
                entry.failures = 0
                self._put_off(key, entry, now_ms)

    def renew(self) -> None:
        """Announce everything as if it never was: others are reached now than those who were told."""
        for key, entry in self._keys.items():
            entry.said_ms, entry.failures = _NEVER_MS, 0
            self._put_off(key, entry, _NEVER_MS)

    def _due_ms(self, key: bytes, said_ms: int) -> int:
        if said_ms == _NEVER_MS:
            return _NEVER_MS
        place = int.from_bytes(key[-4:]) / (1 << 32)
        return said_ms + int(self._period_ms * (3 + place) / 4)

    def _put_off(self, key: bytes, entry: _Key, due_ms: int) -> None:
        self._turn += 1
        entry.due_ms, entry.turn = due_ms, self._turn
        heapq.heappush(self._queue, (due_ms, entry.turn, key))

    def _save_up(self, now_ms: int) -> None:
        passed_ms = max(0, now_ms - self._counted_ms)
        self._counted_ms = now_ms
        earned = passed_ms * self._bytes_per_day / _DAY_MS
        self._saved_bytes = min(self._saved_bytes + earned, float(self._burst_bytes))

    def _spend(self) -> None:
        self._saved_bytes -= self._key_bytes
