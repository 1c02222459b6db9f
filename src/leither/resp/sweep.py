"""Removing what has expired, a stretch of the keys at a time."""

from leither import limits
from leither.db.keyspace import expired, take
from leither.db.layout import HEAD
from leither.db.space import Space
from leither.resp.command import Command
from leither.resp.waiting import Unit

_STOP = b"\x91"


def _take(space: Space, words: list[bytes]) -> None:
    # Looked up to be changed, a key that has expired is removed, and listeners are told.
    for key in words:
        take(space, key)


_SWEEP = Command(b"sweep", -1, "server", "7.0.0", "Remove expired keys", run=_take, is_write=True)


class Sweep:
    """A walk around the keys of one database, which starts again at its end."""

    def __init__(self) -> None:
        self._at = HEAD

    def unit(self, space: Space) -> Unit | None:
        """Return what removes the expired keys of the next stretch; None where there are none.

        Cost: reads limits.REDIS_SWEEP_MAX heads.
        """
        found: list[bytes] = []
        for seen, (key, head) in enumerate(space.scan(self._at, _STOP)):
            if seen == limits.REDIS_SWEEP_MAX:
                self._at = key
                break
            if expired(space, head):
                found.append(key[1:])
        else:
            self._at = HEAD
        return Unit(None, _SWEEP, found) if found else None
