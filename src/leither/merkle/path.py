"""A place among the nodes of one level of a map."""

from bisect import bisect_right
from typing import Self

from leither.codec import Cid
from leither.merkle.node import Bound, Node
from leither.merkle.nodes import Nodes


class Path:
    """Points at a node of one level and holds its ancestors, so that neighbours are cheap to reach.

    Leaves are not kept in the cache: who walks many of them would push out all inner nodes.

    `node` is that node, `end` the first key of the next one on its level, or None.
    """

    __slots__ = ("_nodes", "_root", "_steps", "end", "level", "node")

    def __init__(self, nodes: Nodes, root: Cid, level: int, key: bytes) -> None:
        """Point at the node of `level`, the root's or one below it, in whose range `key` falls."""
        self._nodes = nodes
        self._root = root
        self._steps: list[tuple[Node, int, Bound]] = []
        self.level = level
        self.node = nodes.get(root)
        self.end: Bound = None
        self.seek(key)

    def copy(self) -> Self:
        """Return an independent path to the same node."""
        twin = object.__new__(type(self))
        twin._nodes, twin._root, twin._steps = self._nodes, self._root, self._steps.copy()
        twin.level, twin.node, twin.end = self.level, self.node, self.end
        return twin

    @property
    def link(self) -> Cid:
        """The CID of the node pointed at."""
        if not self._steps:
            return self._root
        parent, index, _ = self._steps[-1]
        return Cid(parent.links[index])

    @property
    def is_first(self) -> bool:
        """Whether no node of the level stands before this one."""
        return not any(index for _, index, _ in self._steps)

    def seek(self, key: bytes) -> None:
        """Point at the node in whose range `key` falls. `key` is not before the node pointed at."""
        while self.end is not None and key >= self.end:
            self.node, _, self.end = self._steps.pop()
        while self.node.level > self.level:
            self._enter(max(bisect_right(self.node.keys, key) - 1, 0))

    def forward(self) -> None:
        """Point at the level's next node, which begins at `end`; `end` is not None."""
        assert self.end is not None
        self.seek(self.end)

    def back(self) -> None:
        """Point at the level's previous node, which exists."""
        while self._steps[-1][1] == 0:
            self._steps.pop()
        self.node, index, self.end = self._steps.pop()
        self._enter(index - 1)
        while self.node.level > self.level:
            self._enter(len(self.node.keys) - 1)

    def _enter(self, index: int) -> None:
        self._steps.append((self.node, index, self.end))
        self.node, self.end = self._nodes.child(self.node, index, self.end, leaves=False)
