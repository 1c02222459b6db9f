"""Reading a map: one entry, a range of them, how many there are."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator

from leither.codec import Cid
from leither.merkle.entry import Entry
from leither.merkle.node import Bound, Node
from leither.merkle.nodes import Nodes


def get(nodes: Nodes, root: Cid, key: bytes) -> Entry | None:
    """Return the entry under `key`, or None. Cost: one node a level, a bisection each.

    Raises: NodeMalformed, what `nodes.read` raises.
    """
    node, end = nodes.get(root), None
    while node.level:
        index = bisect_right(node.keys, key) - 1
        if index < 0:
            return None
        node, end = nodes.child(node, index, end)
    index = bisect_left(node.keys, key)
    return node.entry(index) if index < len(node.keys) and node.keys[index] == key else None


def first(nodes: Nodes, root: Cid) -> Entry | None:
    """Return the entry of the lowest key, or None. Cost: one node a level."""
    return next(scan(nodes, root), None)


def last(nodes: Nodes, root: Cid) -> Entry | None:
    """Return the entry of the highest key, or None. Cost: one node a level."""
    return next(scan(nodes, root, reverse=True), None)


def scan(
    nodes: Nodes, root: Cid, *, start: bytes | None = None, stop: bytes | None = None, reverse: bool = False
) -> Iterator[Entry]:
    """Iterate over the entries with `start` <= key < `stop`, ascending, or descending if `reverse`.

    Cost: one node a level to the first entry, then each node in the range once; memory for a node a level.
    Raises: NodeMalformed, what `nodes.read` raises.
    """
    stack: list[tuple[Node, int, Bound]] = []
    node, end = nodes.get(root), None
    while True:
        low, high = _range(node, start, stop)
        if node.level:
            indexes = range(low, high) if reverse else range(high - 1, low - 1, -1)
            stack.extend((node, index, end) for index in indexes)
        elif reverse:
            yield from reversed(list(node.entries(low, high)))
        else:
            yield from node.entries(low, high)
        if not stack:
            return
        node, end = nodes.child(*stack.pop())


def _range(node: Node, start: bytes | None, stop: bytes | None) -> tuple[int, int]:
    """Return the indexes of the items of `node` that may hold keys from `start` up to `stop`."""
    keys = node.keys
    high = len(keys) if stop is None else bisect_left(keys, stop)
    if start is None:
        return 0, high
    return max(bisect_right(keys, start) - 1, 0) if node.level else bisect_left(keys, start), high


def count(nodes: Nodes, root: Cid, *, start: bytes | None = None, stop: bytes | None = None) -> int:
    """Return how many entries have `start` <= key < `stop`. Cost: two nodes a level at the most."""
    above = nodes.get(root).total if stop is None else position(nodes, root, stop)
    below = 0 if start is None else position(nodes, root, start)
    return max(above - below, 0)


def position(nodes: Nodes, root: Cid, key: bytes) -> int:
    """Return how many entries stand before `key`, present or not. Cost: one node a level."""
    node, end = nodes.get(root), None
    before = 0
    while node.level:
        index = bisect_right(node.keys, key) - 1
        if index < 0:
            return before
        before += sum(node.counts[:index])
        node, end = nodes.child(node, index, end)
    return before + bisect_left(node.keys, key)
