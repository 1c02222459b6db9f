"""What the author of a MiMei has taken back: grants by their hash, and keys.

It is an ordered map, and `revoked` in the control is its root: to look one up takes O(log n), `merkle.prove` shows to
who holds the root alone that something is in it or isn't, and a longer list shares the nodes of the one before.
Format: `spec/format/revoked.md`.
"""

from collections.abc import Callable, Iterable

from leither import limits
from leither.codec import Block, Cid
from leither.errors import CorruptionError, LimitError
from leither.merkle import EMPTY_MAP, Entry, NodeCache, Nodes, Shape, Stamp, check, count, get, scan, update

_GRANT, _KEY = b"\x80", b"\x81"
_NAMED_BYTES = 32
_VALUE = b"\x80"
_NOBODY = Stamp(0, 0)
_SHAPE = Shape(bytes(limits.MAP_SALT_BYTES))


class BadRevoked(CorruptionError):
    """A control's map of what was taken back is not in the format."""

    code = "bad-revoked"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"the list of what was taken back is refused: {reason}; ask its author for a sound one")


class TooManyRevoked(LimitError):
    """As much was taken back as a control can say."""

    code = "too-many-revoked"

    def __init__(self, asked: int) -> None:
        self.asked = asked
        super().__init__(
            f"{asked:,} grants and keys would be taken back, and the limit is {limits.REVOKED_MAX:,}; "
            "leave out those that have expired"
        )


def revoked_grant(digest: bytes) -> bytes:
    """Return the name of a grant, by the SHA-256 of its bytes: it and all that was passed on under it."""
    assert len(digest) == _NAMED_BYTES
    return _GRANT + digest


def revoked_key(key: bytes) -> bytes:
    """Return the name of a key: all that was granted to it, by it, or passed on by it, and its own sessions."""
    assert len(key) == _NAMED_BYTES
    return _KEY + key


class Revoked:
    """The map at `root`, None for one of nothing; `name in revoked` asks it.

    Raises: NodeMalformed, what `read` does.
    """

    def __init__(self, root: Cid | None, read: Callable[[Cid], bytes], cache: NodeCache | None = None) -> None:
        self._root = EMPTY_MAP.cid if root is None else root
        self._nodes = Nodes(read, _refuse, cache)

    def __contains__(self, name: object) -> bool:
        return isinstance(name, bytes) and get(self._nodes, self._root, name) is not None


def revoke(nodes: Nodes, root: Cid | None, names: Iterable[bytes]) -> Cid:
    """Return the root of the map that holds `names` as well. Raises: TooManyRevoked."""
    entries = [(name, Entry(name, _NOBODY, _VALUE)) for name in sorted(set(names))]
    made = update(nodes, EMPTY_MAP.cid if root is None else root, entries, _SHAPE)
    if (asked := count(nodes, made)) > limits.REVOKED_MAX:
        raise TooManyRevoked(asked)
    return made


def revoked_in_both(nodes: Nodes, one: Cid | None, other: Cid | None) -> Cid | None:
    """Return the root of all that stands in one of two maps or in both. Raises: TooManyRevoked."""
    if one is None or other is None or one == other:
        return other if one is None else one
    return revoke(nodes, one, (entry.key for entry in scan(nodes, other)))


def check_revoked(read: Callable[[Cid], bytes], root: Cid) -> None:
    """Make sure that a foreign map is one of this format. Raises: BadRevoked, MapNotCanonical, what `read` does.

    Cost: O(n).
    """
    nodes = Nodes(read, _refuse)
    if (found := count(nodes, root)) > limits.REVOKED_MAX:
        raise BadRevoked(f"{found:,} entries exceed the limit of {limits.REVOKED_MAX:,}")
    if not found:
        raise BadRevoked("it is empty; a control that takes nothing back names none")
    check(nodes, root, _SHAPE)
    for entry in scan(nodes, root):
        if entry.key[:1] not in (_GRANT, _KEY) or len(entry.key) != 1 + _NAMED_BYTES:
            raise BadRevoked(f"it names {entry.key.hex()[:80]}, which is no grant and no key")
        if (entry.stamp, entry.value) != (_NOBODY, _VALUE):
            raise BadRevoked(f"its entry {entry.key.hex()} says more than that it is there")


def _refuse(block: Block) -> None:
    raise AssertionError(f"a map that is read has put {block.cid}")
