"""Bounds on what a command brings along."""

from collections.abc import Iterable

from leither import limits
from leither.db.refusal import KeyTooLong


def require_member(names: Iterable[bytes]) -> None:
    """Raise KeyTooLong unless each of `names`, keys, fields or members, fits an entry's key."""
    for name in names:
        if len(name) > limits.DB_KEY_BYTES_MAX:
            raise KeyTooLong(len(name), limits.DB_KEY_BYTES_MAX)
