"""Changing parts of a stored file: new leaves where it changed, every other subtree kept by its link, unread.

A file's tree follows from its length alone, so a subtree stays as it is when it covers the same bytes before and after.
"""

from bisect import bisect_left
from collections.abc import Mapping

from leither import limits
from leither.codec.cid import Cid
from leither.errors import Conflict, InputError
from leither.unixfs.file import leaf, parent
from leither.unixfs.node import FileTooLarge, Get, Kind, Link, Put, WrongKind, dag_size_bytes, decode


class WrongChunk(InputError):
    """A replaced chunk is outside the file, or not as long as its place."""

    code = "wrong-chunk"

    def __init__(self, index: int, size_bytes: int, expected_bytes: int) -> None:
        self.index = index
        self.size_bytes = size_bytes
        self.expected_bytes = expected_bytes
        super().__init__(f"chunk {index:,} has {size_bytes:,} bytes where the file has room for {expected_bytes:,}")


class ForeignLayout(Conflict):
    """A file was laid out elsewhere, in another form than this node's, and can't be changed in place."""

    code = "foreign-layout"

    def __init__(self, cid: Cid) -> None:
        self.cid = cid.text
        super().__init__(
            f"file {cid} is not laid out in chunks of {limits.CHUNK_BYTES:,} bytes; add its bytes anew first"
        )


class _Extent:
    """A file's length and the shape that follows from it. A node stands at (level, index); leaves are level 0."""

    def __init__(self, size_bytes: int) -> None:
        self.size_bytes = size_bytes
        self.chunks = -(-size_bytes // limits.CHUNK_BYTES)
        self.height = 0
        while limits.FILE_LINKS_MAX**self.height < self.chunks:
            self.height += 1

    def bytes_at(self, level: int, index: int) -> int:
        """Return how many bytes lie below the node at this place; 0 where there is none."""
        span: int = limits.CHUNK_BYTES * limits.FILE_LINKS_MAX**level
        return max(0, min(self.size_bytes - index * span, span))


class _Before:
    """The stored file, its nodes read as they are needed; the latest of each level is kept."""

    def __init__(self, get: Get, root: Cid) -> None:
        self._get = get
        self._kept: dict[int, tuple[int, list[Link]]] = {}
        block = get(root)
        node = decode(root, block)
        if node.kind not in (Kind.RAW, Kind.FILE):
            raise WrongKind(root, "file", node.kind)
        self.extent = _Extent(node.size_bytes)
        if (node.kind is Kind.RAW) != (self.extent.height == 0):
            raise ForeignLayout(root)
        self._root = Link(root, node.size_bytes, dag_size_bytes(block, node.links))

    def link(self, level: int, index: int) -> Link:
        """Return the node at a place that exists. Raises: ForeignLayout."""
        if level == self.extent.height:
            return self._root
        above, slot = divmod(index, limits.FILE_LINKS_MAX)
        kept = self._kept.get(level + 1)
        if kept is None or kept[0] != above:
            kept = self._kept[level + 1] = (above, self._children(level + 1, above))
        return kept[1][slot]

    def chunk(self, index: int) -> bytes:
        """Return a leaf's bytes."""
        return self._get(self.link(0, index).cid)

    def _children(self, level: int, index: int) -> list[Link]:
        cid = self.link(level, index).cid
        node = decode(cid, self._get(cid))
        first = index * limits.FILE_LINKS_MAX
        expected = -(-self.extent.bytes_at(level, index) // (limits.CHUNK_BYTES * limits.FILE_LINKS_MAX ** (level - 1)))
        sizes = [self.extent.bytes_at(level - 1, first + slot) for slot in range(expected)]
        if node.data or node.block_sizes != sizes:
            raise ForeignLayout(cid)
        children = []
        for link, size in zip(node.links, sizes, strict=True):
            if not isinstance(link.cid, Cid):
                raise ForeignLayout(cid)
            children.append(Link(link.cid, size, link.tsize))
        return children


class _Rewrite:
    def __init__(self, before: _Before, changed: Mapping[int, bytes], size_bytes: int, put: Put) -> None:
        self._before = before
        self._changed = changed
        self._indices = sorted(changed)
        self._after = _Extent(size_bytes)
        self._put = put
        self._zeros: dict[int, Link] = {}

    def root(self) -> Link:
        return self._node(self._after.height, 0)

    def _node(self, level: int, index: int) -> Link:
        """Return the node at a place of the changed file. Recursion is as deep as the tree: 3 levels."""
        size = self._after.bytes_at(level, index)
        span = limits.FILE_LINKS_MAX**level
        first = bisect_left(self._indices, index * span)
        if first == len(self._indices) or self._indices[first] >= (index + 1) * span:
            old = self._before.extent
            if level <= old.height and size == old.bytes_at(level, index) and self._before.extent.chunks:
                return self._before.link(level, index)
            if size == span * limits.CHUNK_BYTES and index * span >= old.chunks:
                return self._zero(level)
        if level == 0:
            return leaf(self._chunk(index, size), self._put)
        start = index * limits.FILE_LINKS_MAX
        count = -(-size // (limits.CHUNK_BYTES * limits.FILE_LINKS_MAX ** (level - 1)))
        return parent([self._node(level - 1, start + slot) for slot in range(count)], self._put)

    def _chunk(self, index: int, size_bytes: int) -> bytes:
        if index in self._changed:
            data = self._changed[index]
            if len(data) != size_bytes:
                raise WrongChunk(index, len(data), size_bytes)
            return data
        kept = self._before.chunk(index)[:size_bytes] if index < self._before.extent.chunks else b""
        return kept.ljust(size_bytes, b"\0")

    def _zero(self, level: int) -> Link:
        """Return a full subtree of zeros; a hole of any length costs one node a level."""
        if level not in self._zeros:
            if level == 0:
                self._zeros[0] = leaf(bytes(limits.CHUNK_BYTES), self._put)
            else:
                self._zeros[level] = parent([self._zero(level - 1)] * limits.FILE_LINKS_MAX, self._put)
        return self._zeros[level]


def rewrite(get: Get, put: Put, root: Cid, changed: Mapping[int, bytes], size_bytes: int) -> Link:
    """Return the file `root` with the chunks `changed` (by their number) and a length of `size_bytes`.

    Growing fills with zeros what isn't in `changed`; shrinking cuts. Each changed chunk is as long as its place in the
    new file: limits.CHUNK_BYTES, the last one what is left. `changed` is asked for one chunk at a time, in ascending
    order, so it may make them on demand.

    Raises: WrongChunk, FileTooLarge, WrongKind, ForeignLayout: the file isn't laid out as this node does it.
    Cost:   reads the nodes above what changes, and one leaf only where the old or the new end cuts through it; writes
            changed leaves and the nodes above them. The result is that of adding the new bytes from scratch.
    """
    if not 0 <= size_bytes <= limits.FILE_BYTES_MAX:
        raise FileTooLarge(size_bytes)
    chunks = -(-size_bytes // limits.CHUNK_BYTES)
    for index in changed:
        if not 0 <= index < chunks:
            raise WrongChunk(index, len(changed[index]), 0)
    return _Rewrite(_Before(get, root), changed, size_bytes, put).root()
