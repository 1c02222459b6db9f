"""Changing a map: new nodes for what changed, and the same root a build from scratch would give.

Level by level from the leaves up: a level's changes are applied window by window (`window`), and the nodes that come
and go are the changes of the level above.
"""

from collections.abc import Container, Iterable, Iterator
from typing import Any

from leither import limits
from leither.codec import Cid
from leither.merkle.build import Tower, build
from leither.merkle.entry import Entry, ascending, present
from leither.merkle.node import EMPTY, Item, Node, encode
from leither.merkle.nodes import Nodes
from leither.merkle.path import Path
from leither.merkle.shape import Shape
from leither.merkle.window import Changes, Queue, Segment, Window


def update(
    nodes: Nodes,
    root: Cid,
    changes: Iterable[tuple[bytes, Entry | None]],
    shape: Shape,
    *,
    renewed: Container[bytes] | None = None,
    key_bytes_max: int = limits.MAP_KEY_BYTES_MAX,
) -> Cid:
    """Return the root of the map `root` with `changes`: per key, ascending, the entry to set or None to delete.

    Puts only nodes that are not in place already. Deleting what is absent or setting what is there changes nothing.
    With `renewed`, neither does another stamp on the value that is there, unless the key is in it.
    Raises: KeysUnsorted, KeyRefused, ValueRefused, StampRefused, MapTooDeep, NodeMalformed, what `nodes.read` raises.
    Cost: expected O(c log n) for c changes, also when keys are chosen to avoid boundaries.
    """
    top = nodes.get(root)
    if not top.keys:
        return build(nodes, present(changes, key_bytes_max), shape, key_bytes_max=key_bytes_max)
    checked = ascending(changes, key_bytes_max)
    writer = _Writer(nodes)
    items: Changes = ((key, None if entry is None else (*entry.stamp, entry.value)) for key, entry in checked)
    risen: dict[bytes, Item | None] = {}
    for level in range(top.level + 1):
        queue = Queue(items) if level else Queue(items, renewed)
        risen = dict(_rewrite(writer, root, level, queue, shape))
        if not risen:
            return root
        items = iter(risen.items())
    tops: dict[bytes, Item | None] = {top.keys[0]: (root, top.total), **risen}
    return _crown(writer, shape, top.level, [(key, *item) for key, item in sorted(tops.items()) if item])


class _Writer:
    """Puts the nodes an update makes, children before parents.

    Inner nodes of one child are put only once it is known that they are no needless top.
    """

    def __init__(self, nodes: Nodes) -> None:
        self.nodes = nodes
        self._made: set[bytes] = set()
        self._waiting: dict[bytes, Node] = {}

    def write(self, node: Node, known: Cid | None) -> Cid:
        """Put `node`, now or in `finish`, unless it is the `known` one in its place; return its CID."""
        block = encode(node)
        if block.cid == known:
            return known
        if node.level and len(node.keys) == 1:
            self._waiting[block.cid] = node
        else:
            if node.level and self._waiting:
                # It has other children besides, so it stays, and what it links to is put before it.
                for link in node.links:
                    self._put_waiting(link)
            self._made.add(self.nodes.write_block(block, node, cached=node.level > 0))
        return block.cid

    def lower(self, link: bytes, level: int) -> bytes:
        """Return the node to be the root of a map whose `level` consists of the node under `link` alone."""
        for _ in range(level):
            if link in self._made:
                break
            node = self._waiting.pop(link, None) or self.nodes.get(link)
            if len(node.keys) > 1:
                break
            link = node.links[0]
        return link

    def finish(self) -> None:
        """Put what waited, children first: lower levels began to wait before those above them."""
        for node in self._waiting.values():
            self.nodes.write(node, cached=True)

    def _put_waiting(self, link: bytes) -> None:
        """Put the node under `link`, and first the one child that waited before it, if these waited."""
        chain: list[Node] = []
        while (node := self._waiting.pop(link, None)) is not None:
            chain.append(node)
            link = node.links[0]
        for node in reversed(chain):
            self._made.add(self.nodes.write(node, cached=True))


def _crown(writer: _Writer, shape: Shape, level: int, tops: list[tuple[Any, ...]]) -> Cid:
    """Return the root above `tops`, which are all the nodes of `level`: grow levels or drop some."""
    if not tops:
        return writer.nodes.write(EMPTY, cached=True)
    if len(tops) == 1:
        root = Cid(writer.lower(tops[0][1], level))
        writer.finish()
        return root
    writer.finish()
    tower = Tower(writer.nodes, shape, level + 1)
    tower.feed(tuple(map(list, zip(*tops, strict=True))))
    return tower.finish()


def _rewrite(writer: _Writer, root: Cid, level: int, queue: Queue, shape: Shape) -> Iterator[tuple[bytes, Item | None]]:
    """Apply a level's changes; yield those of the level above, in key order."""
    segments: list[Segment] = []
    path: Path | None = None
    while queue.head is not None:
        if path is None:
            path = Path(writer.nodes, root, level, queue.head[0])
        path.seek(queue.head[0])
        start = path.node.keys[0]
        if segments and queue.head != (start, None) and shape.is_natural(level, start):
            # A node surely begins here, so nothing from here on reaches back across it.
            yield from _replaced(writer, level, segments)
            segments = []
        window = Window(shape, path, queue, segments)
        segment = window.close()
        path = window.right
        if segment is not None:
            segments.append(segment)
    yield from _replaced(writer, level, segments)


def _replaced(writer: _Writer, level: int, segments: list[Segment]) -> Iterator[tuple[bytes, Item | None]]:
    """Write the new nodes of `segments` and yield what changes above them, in key order."""
    old = {key: link for segment in segments for key, link in segment.old}
    changes: dict[bytes, Item | None] = dict.fromkeys(old)
    for segment in segments:
        for columns in segment.new:
            node = Node.of(level, columns)
            known = old.get(node.keys[0])
            link = writer.write(node, known)
            if link == known:
                del changes[node.keys[0]]
            else:
                changes[node.keys[0]] = (link, node.total)
    for key in sorted(changes):
        yield key, changes[key]
