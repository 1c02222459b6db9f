"""Checking that a foreign map is exactly what its entries make."""

from collections.abc import Callable

from leither import limits
from leither.codec import Block, Cid
from leither.errors import CorruptionError
from leither.merkle.build import MapTooDeep, build
from leither.merkle.diff import diff
from leither.merkle.entry import Change, KeyRefused, KeysUnsorted, StampRefused, ValueRefused
from leither.merkle.node import Node
from leither.merkle.nodes import NodeCache, Nodes
from leither.merkle.reading import scan
from leither.merkle.shape import Shape
from leither.merkle.update import update


class MapNotCanonical(CorruptionError):
    """A map's nodes are not the ones that its entries and salt give."""

    code = "map-not-canonical"

    def __init__(self, root: Cid, reason: str) -> None:
        self.root = root.text
        self.reason = reason
        super().__init__(f"map {root} is refused: {reason}; ask its writer for a sound one")


def check(
    nodes: Nodes,
    root: Cid,
    shape: Shape,
    *,
    base: Cid | None = None,
    key_bytes_max: int = limits.MAP_KEY_BYTES_MAX,
    see: Callable[[Change], None] | None = None,
) -> None:
    """Make sure that every node of the map `root` is the canonical one: bytes, order, counts, boundaries, bounds.

    The map is made again from its entries, which must give the same root. With a `base` that has been checked, only
    the differences are made again, on top of it: sound all the same, for the outcome is compared whole.
    Args:   see: is shown each difference from `base`, or from nothing, on the way.
    Raises: MapNotCanonical, NodeMalformed, what `nodes.read` and `see` raise.
    Cost:   O(n), or expected O(d log n) for d differences from `base`. Puts nothing.
    """
    sink = Nodes(nodes.read, _discard, _Beside(nodes.cache))

    def seen(change: Change) -> Change:
        if see is not None:
            see(change)
        return change

    try:
        if base is None:
            entries = (seen(Change(entry.key, None, entry)).after for entry in scan(nodes, root))
            made = build(sink, filter(None, entries), shape, key_bytes_max=key_bytes_max)
        else:
            changes = ((change.key, change.after) for change in map(seen, diff(nodes, base, root)))
            made = update(sink, base, changes, shape, key_bytes_max=key_bytes_max)
    except (KeyRefused, KeysUnsorted, MapTooDeep, StampRefused, ValueRefused) as error:
        raise MapNotCanonical(root, str(error)) from None
    if made != root:
        raise MapNotCanonical(root, f"its entries make {made}")


class _Beside(NodeCache):
    """Holds nodes that are only made to be compared, and finds what the cache beside it holds."""

    def __init__(self, beside: NodeCache) -> None:
        super().__init__()
        self._beside = beside

    def get(self, cid: bytes) -> Node | None:
        """Return the node under `cid` if it is held here or beside."""
        return super().get(cid) or self._beside.get(cid)


def _discard(block: Block) -> None:
    """Take a node that is made only for its hash."""
