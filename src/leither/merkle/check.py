"""Checking that a foreign map is exactly what its entries make."""

from leither import limits
from leither.codec import Block, Cid
from leither.errors import CorruptionError, InputError
from leither.merkle.build import build
from leither.merkle.diff import diff
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
) -> None:
    """Make sure that every node of the map `root` is the canonical one: bytes, order, counts, boundaries, bounds.

    The map is made again from its entries, which must give the same root. With a `base` that has been checked, only
    the differences are made again, on top of it: sound all the same, for the outcome is compared whole.
    Raises: MapNotCanonical, NodeMalformed, what `nodes.read` raises.
    Cost: O(n), or expected O(d log n) for d differences from `base`. Puts nothing.
    """
    sink = Nodes(nodes.read, _discard, NodeCache())
    try:
        if base is None:
            made = build(sink, scan(nodes, root), shape, key_bytes_max=key_bytes_max)
        else:
            changes = ((change.key, change.after) for change in diff(nodes, base, root))
            made = update(sink, base, changes, shape, key_bytes_max=key_bytes_max)
    except InputError as error:
        raise MapNotCanonical(root, str(error)) from None
    if made != root:
        raise MapNotCanonical(root, f"its entries make {made}")


def _discard(block: Block) -> None:
    """Take a node that is made only for its hash."""
