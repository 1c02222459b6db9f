"""What differs between two maps, found by walking only the nodes they don't share."""

from collections.abc import Iterator
from itertools import compress, count
from operator import ne

from leither.codec import Cid
from leither.merkle.entry import Change, Entry
from leither.merkle.node import Bound, Node
from leither.merkle.nodes import Nodes


def diff(nodes: Nodes, before: Cid, after: Cid) -> Iterator[Change]:
    """Iterate over the keys whose entries differ, ascending.

    Cost: for maps of one salt O(d log n) nodes for d changes; maps of different salts share nothing and are walked
    whole. Memory: a node a level, twice.
    Raises: NodeMalformed, what `nodes.read` raises.
    """
    if before == after:
        return
    left, right = _Front(nodes, before), _Front(nodes, after)
    while left.stack and right.stack:
        one, at = left.stack[-1][:2]
        other, there = right.stack[-1][:2]
        key, key_there = one.keys[at], other.keys[there]
        if key == key_there and one.level == other.level:
            shared = _shared(one, at, other, there)
            if shared:
                left.skip(shared)
                right.skip(shared)
            elif one.level:
                left.expand()
                right.expand()
            else:
                yield Change(key, one.entry(at), other.entry(there))
                left.skip(1)
                right.skip(1)
        elif key < key_there or (key == key_there and one.level > other.level):
            if one.level:
                left.expand()
            else:
                yield Change(key, one.entry(at), None)
                left.skip(1)
        elif other.level:
            right.expand()
        else:
            yield Change(key_there, None, other.entry(there))
            right.skip(1)
    for entry in left.rest():
        yield Change(entry.key, entry, None)
    for entry in right.rest():
        yield Change(entry.key, None, entry)


class _Front:
    """What is left of one map: on each stack place a node, the index of its next item and the node's bound.

    The lowest keys are on top.
    """

    __slots__ = ("_nodes", "stack")

    def __init__(self, nodes: Nodes, root: Cid) -> None:
        self._nodes = nodes
        node = nodes.get(root)
        self.stack: list[tuple[Node, int, Bound]] = [(node, 0, None)] if node.keys else []

    def skip(self, items: int) -> None:
        """Pass over the next `items` of the top node."""
        node, index, end = self.stack.pop()
        if index + items < len(node.keys):
            self.stack.append((node, index + items, end))

    def expand(self) -> None:
        """Replace the next child of the top node by its items."""
        node, index, end = self.stack[-1]
        self.skip(1)
        child, end = self._nodes.child(node, index, end, leaves=False)
        self.stack.append((child, 0, end))

    def rest(self) -> Iterator[Entry]:
        """Pass over everything, yielding the entries."""
        while self.stack:
            node, index, _ = self.stack[-1]
            if node.level:
                self.expand()
            else:
                yield from node.entries(index, len(node.keys))
                self.stack.pop()


def _shared(one: Node, at: int, other: Node, there: int) -> int:
    """Return how many items from `at` and `there` on are equal. The last columns differ first, as a rule."""
    shared = min(len(one.keys) - at, len(other.keys) - there)
    for mine, theirs in zip(reversed(one.columns), reversed(other.columns), strict=True):
        unequal = map(ne, mine[at : at + shared], theirs[there : there + shared])
        shared = next(compress(count(), unequal), shared)
    return shared
