"""Whether the derived entries of a map from elsewhere are those that follow from its other entries."""

from collections.abc import Callable, Iterable, Iterator

from leither import limits
from leither.db.head_agreement import WrongDerivedEntry, check_head, check_heads
from leither.db.layout import (
    ELEMENT,
    EMPTY_VALUE,
    EXPIRY,
    FIELD,
    FIELD_PART,
    HEAD,
    MEMBER,
    PART,
    RANKED,
    SCORE,
    STRING,
    after,
    user_key,
)
from leither.db.score import rank_key, read_score
from leither.db.space import Readable
from leither.db.tally import Tally

Change = tuple[bytes, bytes | None, bytes | None]
"""An entry's key, and its value before and after; None where there is none."""
OF_RANKS = SCORE, after(RANKED)
"""Scores and ranks stand in this range of keys."""
_OF_HEADS = frozenset({HEAD, EXPIRY, STRING, PART, FIELD, MEMBER, SCORE, ELEMENT, FIELD_PART})
_KEY_BYTES = 64
"""What holding a key takes beside its bytes."""


class Agreement:
    """Follows what differs between a map whose derived entries are right and one from elsewhere, and judges that one.

    Each changed entry is to be noted, its form checked already; then `check` tells. Memory: the names of keys noted,
    up to a bound.
    """

    def __init__(self, secret: bytes, *, whole: bool) -> None:
        """Args: secret: 16 to 64 random bytes. whole: all is new; then what is in `OF_RANKS` is enough to note."""
        self._secret = secret
        self._ranks = Tally(secret)
        self._keys: set[bytes] = set()
        self._keys_bytes = 0
        self._whole = whole

    def note(self, change: Change) -> None:
        """Note one changed entry. Cost: about 1 µs, 3 µs if it has to do with a score."""
        kind = change[0][:1]
        if kind in (SCORE, RANKED):
            for rank in _ranks(change):
                self._ranks.toggle(rank)
        if not self._whole and kind in _OF_HEADS:
            key = user_key(change[0])
            if key is not None and key not in self._keys:
                self._keys.add(key)
                self._keys_bytes += len(key) + _KEY_BYTES
                self._whole = self._keys_bytes > limits.DB_CHECKED_KEYS_BYTES_MAX

    def check(self, entries: Readable, changes: Callable[[], Iterable[Change]]) -> None:
        """Make sure that what is derived in `entries`, the map from elsewhere, follows from the rest.

        Args:   changes: gives once more what was noted; asked only to name a wrong rank.
        Raises: WrongDerivedEntry.
        Cost:   of many changes, or of all, two walks over the map; else a few looks a key, its counter parts, and its
                hash's fields that have some.
        """
        if not self._ranks.equal:
            wrong = self._ranks.left(rank for change in changes() for rank in _ranks(change))
            stored = entries.get(wrong)
            raise WrongDerivedEntry(wrong, stored, None if stored is not None else EMPTY_VALUE)
        if self._whole:
            check_heads(entries, self._secret)
            return
        for key in sorted(self._keys):
            check_head(entries, key)


def _ranks(change: Change) -> Iterator[bytes]:
    """Yield the ranks that come or go, or by its scores should."""
    entry_key, before, now = change
    if entry_key[:1] == RANKED:
        if (before is None) != (now is None):
            yield entry_key
    elif entry_key[:1] == SCORE:
        size = int.from_bytes(entry_key[1:5])
        key, member = entry_key[5 : 5 + size], entry_key[5 + size :]
        for value in (before, now):
            if value is not None:
                yield rank_key(key, read_score(value), member)
