"""When a working copy that changes is shared: soon after a change, and not oftener than a pause allows."""

from leither import limits
from leither.crypto import MimeiId


class Pace:
    """What has changed and is to be shared. Not thread-safe. Cost: of a call, O(what waits)."""

    def __init__(self) -> None:
        self._due_ms: dict[MimeiId, int] = {}
        self._rested_ms: dict[MimeiId, int] = {}
        self._busy: set[MimeiId] = set()

    def note(self, mimei: MimeiId, now_ms: int) -> None:
        """Take note of a change."""
        self._due_ms.setdefault(mimei, max(now_ms, self._rested_ms.get(mimei, 0)))

    def take(self, now_ms: int) -> list[MimeiId]:
        """Return what is to be shared now; tell with `done` when each has been."""
        self._rested_ms = {mimei: rested for mimei, rested in self._rested_ms.items() if rested > now_ms}
        due = [mimei for mimei, due_ms in self._due_ms.items() if due_ms <= now_ms and mimei not in self._busy]
        for mimei in due:
            del self._due_ms[mimei]
        self._busy.update(due)
        return due

    def done(self, mimei: MimeiId, now_ms: int) -> None:
        """Take note that it was shared."""
        self._busy.discard(mimei)
        self._rested_ms[mimei] = now_ms + limits.SYNC_SHARE_PAUSE_MS
        if mimei in self._due_ms:
            self._due_ms[mimei] = self._rested_ms[mimei]

    def wake_ms(self) -> int | None:
        """Return when `take` has something, None while only another call can lead to that."""
        return min((due_ms for mimei, due_ms in self._due_ms.items() if mimei not in self._busy), default=None)
