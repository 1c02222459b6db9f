"""Reading a file or a part of it, whatever layout it has: balanced, trickle, wrapped leaves, data within nodes.

Every node is checked against what its parent says of it before a byte is given out, only what overlaps the range is
read, and parts said to be empty are never visited, so that no file can keep a reader busy without giving bytes.
"""

from collections.abc import Callable, Iterator
from typing import NamedTuple

from leither import limits
from leither.codec.foreign import AnyCid
from leither.errors import InputError, LimitError
from leither.unixfs.node import Get, Kind, LyingSize, Node, WrongKind, decode, load


class DagTooDeep(LimitError):
    """A file is nested deeper than is followed."""

    code = "dag-too-deep"

    def __init__(self, cid: AnyCid) -> None:
        self.cid = cid.text
        super().__init__(f"{cid} lies more than {limits.DAG_DEPTH_MAX} levels deep in its file; the file is refused")


class BadRange(InputError):
    """A range does not lie in order."""

    code = "bad-range"

    def __init__(self, start: int, stop: int | None) -> None:
        self.start = start
        self.stop = stop
        super().__init__(f"range from {start} to {stop} is not one; expected 0 <= start <= stop")


class Part(NamedTuple):
    """A node of a file that overlaps what is read; its content begins at byte `offset` of the file."""

    cid: AnyCid
    block: bytes
    node: Node
    offset: int


class _Place(NamedTuple):
    cid: AnyCid
    offset: int
    size_bytes: int


def size_bytes(get: Get, root: AnyCid) -> int:
    """Return the length of the file. Cost: one block. Raises: WrongKind, and what `decode` raises."""
    return _file(root, load(get, root)).size_bytes


def read(get: Get, root: AnyCid, start: int = 0, stop: int | None = None) -> Iterator[bytes]:
    """Yield the bytes of the file from `start` to before `stop` (or the end), leaf by leaf.

    Past its end a file has no bytes; that is no error.
    Raises: BadRange, WrongKind, LyingSize, DagTooDeep, and what `decode` and `get` raise, before a wrong byte is given.
    Cost:   O(depth) blocks to seek, then what is read; at most one path of nodes in memory.
    """
    for part in parts(get, root, start, stop):
        data = part.node.data
        low = max(start - part.offset, 0)
        high = len(data) if stop is None else min(stop - part.offset, len(data))
        if low < high:
            yield data if high - low == len(data) else data[low:high]


def parts(
    get: Get,
    root: AnyCid,
    start: int = 0,
    stop: int | None = None,
    skip: Callable[[AnyCid], bool] = lambda cid: False,
) -> Iterator[Part]:
    """Yield the nodes of the file that overlap the range, depth first, parents before children.

    The root comes whatever the range. A subtree for which `skip` says so is left out unread.
    """
    if start < 0 or (stop is not None and stop < start):
        raise BadRange(start, stop)
    block = load(get, root)
    node = _file(root, block)
    end = node.size_bytes if stop is None else min(stop, node.size_bytes)
    yield Part(root, block, node, 0)
    path = [_children(node, 0, start, end)]
    while path:
        place = next(path[-1], None)
        if place is None:
            path.pop()
            continue
        if skip(place.cid):
            continue
        if len(path) > limits.DAG_DEPTH_MAX:
            raise DagTooDeep(place.cid)
        block = load(get, place.cid)
        node = _file(place.cid, block)
        if node.size_bytes != place.size_bytes:
            raise LyingSize(place.cid, place.size_bytes, node.size_bytes)
        yield Part(place.cid, block, node, place.offset)
        if node.links:
            path.append(_children(node, place.offset, start, end))


def _file(cid: AnyCid, block: bytes) -> Node:
    node = decode(cid, block)
    if node.kind not in (Kind.RAW, Kind.FILE):
        raise WrongKind(cid, "file", node.kind)
    return node


def _children(node: Node, offset: int, start: int, end: int) -> Iterator[_Place]:
    """Yield the children that hold bytes of the range. A node's own data comes before that of its children."""
    offset += len(node.data)
    for link, size in zip(node.links, node.block_sizes, strict=True):
        if offset >= end:
            return
        if size and offset + size > start:
            yield _Place(link.cid, offset, size)
        offset += size
