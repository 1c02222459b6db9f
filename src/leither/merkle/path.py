"""A place among the nodes of one level of a map."""

from bisect import bisect_right
from typing import Self

from leither.codec import Cid
from leither.merkle.node import Node
from leither.merkle.nodes import Nodes


class Path:
    """Points at a node of one level and holds its ancestors, so that neighbours are cheap to reach."""

    __slots__ = ("_nodes", "_root", "_steps", "level", "node")

    def __init__(self, nodes: Nodes, root: Cid, level: int) -> None:
        """Point at the level's first node. `level` is the root's or one below it."""
        self._nodes = nodes
        self._root = root
        self._steps: list[tuple[Node, int]] = []
        self.level = level
        self.node = nodes.get(root)
        self._descend(b"")

    def copy(self) -> Self:
        """Return an independent path to the same node."""
        twin = object.__new__(type(self))
        twin._nodes, twin._root, twin.level, twin.node = self._nodes, self._root, self.level, self.node
        twin._steps = self._steps.copy()
        return twin

    @property
    def link(self) -> Cid:
        """The CID of the node pointed at."""
        if not self._steps:
            return self._root
        parent, index = self._steps[-1]
        return Cid(parent.links[index])

    @property
    def is_first(self) -> bool:
        """Whether no node of the level stands before this one."""
        return not any(index for _, index in self._steps)

    @property
    def end(self) -> bytes | None:
        """The first key of the level's next node, or None."""
        return self._end(len(self._steps))

    def seek(self, key: bytes) -> None:
        """Point at the node in whose range `key` falls. `key` is not before the node pointed at."""
        depth = len(self._steps)
        while (end := self._end(depth)) is not None and key >= end:
            depth -= 1
        if depth < len(self._steps):
            self.node = self._steps[depth][0]
            del self._steps[depth:]
            self._descend(key)

    def forward(self) -> None:
        """Point at the level's next node, which exists."""
        end = self.end
        assert end is not None
        self.seek(end)

    def back(self) -> None:
        """Point at the level's previous node, which exists."""
        while self._steps[-1][1] == 0:
            self._steps.pop()
        self.node, index = self._steps.pop()
        self._enter(index - 1)
        while self.node.level > self.level:
            self._enter(len(self.node.keys) - 1)

    def _end(self, depth: int) -> bytes | None:
        """Return the first key after all that is below the first `depth` steps, or None."""
        for parent, index in reversed(self._steps[:depth]):
            if index + 1 < len(parent.keys):
                return parent.keys[index + 1]
        return None

    def _descend(self, key: bytes) -> None:
        while self.node.level > self.level:
            self._enter(max(bisect_right(self.node.keys, key) - 1, 0))

    def _enter(self, index: int) -> None:
        self._steps.append((self.node, index))
        self.node = self._nodes.child(self.node, index)
