"""The blocks that a trustless gateway sends for a path: those that prove the path, then those of what stands there.

Depth first, parents before children, every block once (`order=dfs`, `dups=n`). Source: the Trustless Gateway
specification ("dag-scope", "entity-bytes"), IPIP-0402 and IPIP-0412.
"""

from collections.abc import Iterator, Sequence
from enum import Enum
from typing import NamedTuple

from leither.codec.block import Block
from leither.codec.cid import DAG_PB, RAW, Cid
from leither.codec.foreign import AnyCid, UnsupportedCid
from leither.codec.links import all_links
from leither.unixfs.directory import PathNotFound, shards, trace
from leither.unixfs.names import check_path
from leither.unixfs.node import Get, Kind, decode, load
from leither.unixfs.reading import parts


class Scope(Enum):
    """How much is sent of what stands at the end of the path."""

    BLOCK = "block"
    """Its first block."""
    ENTITY = "entity"
    """A whole file, or what it takes to list a directory."""
    ALL = "all"
    """Everything below."""


class EntityBytes(NamedTuple):
    """A part of a file, both ends included; negative numbers count from its end; no `last` means to the end."""

    first: int
    last: int | None


class _Sent:
    """Turns visited blocks into blocks to send: each once, none that is within its CID."""

    def __init__(self) -> None:
        self._digests: set[bytes] = set()

    def __call__(self, cid: AnyCid, data: bytes) -> Iterator[Block]:
        if isinstance(cid, Cid) and cid.digest not in self._digests:
            self._digests.add(cid.digest)
            yield Block(cid, data)

    def skips(self, cid: AnyCid) -> bool:
        """Tell whether `cid` is a leaf that was sent, so that visiting it again gives nothing."""
        return isinstance(cid, Cid) and cid.codec == RAW and cid.digest in self._digests


def blocks(
    get: Get,
    root: AnyCid,
    path: Sequence[str] = (),
    *,
    scope: Scope = Scope.ALL,
    entity_bytes: EntityBytes | None = None,
) -> Iterator[Block]:
    """Yield the blocks for `path` below `root`. With `entity_bytes` the scope is ENTITY, and only files heed the range.

    A range outside the file, or an empty one, gives the first block alone. Blocks inside identity CIDs are not sent.
    Raises: PathNotFound, after the blocks that prove the absence; UnsupportedCid; what `get` and the decoders raise,
            after what could be sent: a stream that breaks off tells the client so. Call `resolve` to know beforehand.
    Cost:   one read a block; memory: a digest for every block sent, and the links of one path of nodes.
    """
    check_path(path)
    sent = _Sent()
    for name in path:
        found = None
        for visit, entry in trace(get, root, name):
            found = entry
            yield from sent(visit.cid, visit.block)
        if found is None:
            raise PathNotFound(root, name)
        root = found.cid
    if entity_bytes is not None or scope is Scope.ENTITY:
        yield from _entity(get, root, entity_bytes or EntityBytes(0, None), sent)
    elif scope is Scope.BLOCK:
        yield from sent(root, load(get, root))
    else:
        yield from _all(get, root, sent)


def _entity(get: Get, root: AnyCid, wanted: EntityBytes, sent: _Sent) -> Iterator[Block]:
    block = load(get, root)
    yield from sent(root, block)
    if root.codec != DAG_PB:
        return
    node = decode(root, block)
    if node.kind is Kind.SHARD:
        for visit in shards(get, node):
            yield from sent(visit.cid, visit.block)
    elif node.kind is Kind.FILE:
        start, stop = _extent(wanted, node.size_bytes)
        if start < stop:
            for part in parts(get, root, start, stop, sent.skips):
                yield from sent(part.cid, part.block)


def _extent(wanted: EntityBytes, size_bytes: int) -> tuple[int, int]:
    """Return the range as start and stop within the file; start >= stop where nothing of it lies inside."""
    first, last = wanted
    start = first if first >= 0 else max(0, size_bytes + first)
    if last is None:
        return start, size_bytes
    return start, min(size_bytes, (last if last >= 0 else size_bytes + last) + 1)


def _all(get: Get, root: AnyCid, sent: _Sent) -> Iterator[Block]:
    # A stack instead of recursion: a chain of versions may be any length.
    visited: set[AnyCid] = set()
    pending = [root]
    while pending:
        cid = pending.pop()
        if cid in visited:
            continue
        visited.add(cid)
        if not isinstance(cid, Cid) and cid.inline is None:
            raise UnsupportedCid(cid)
        block = load(get, cid)
        yield from sent(cid, block)
        pending += reversed(all_links(cid, block))
