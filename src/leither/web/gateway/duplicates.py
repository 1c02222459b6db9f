"""The blocks for a path with repeated ones each time (`dups=y`), so that a client need keep none. IPIP-0412."""

from collections.abc import Iterator, Sequence

from leither import limits
from leither.codec import DAG_PB, Block, Cid
from leither.codec.foreign import AnyCid, UnsupportedCid
from leither.codec.links import all_links
from leither.errors import LimitError
from leither.unixfs import EntityBytes, Get, Kind, PathNotFound, Scope, blocks, check_path, decode
from leither.unixfs.directory import trace
from leither.unixfs.node import load
from leither.unixfs.reading import parts


class TooManyDuplicates(LimitError):
    """A CAR with duplicates would go on and on."""

    code = "too-many-duplicates"

    def __init__(self, cid: AnyCid) -> None:
        self.cid = cid.text
        super().__init__(f"{cid} unfolds into more than {limits.CAR_DUPLICATES_MAX:,} blocks; ask for dups=n")


def blocks_repeated(
    get: Get, root: AnyCid, path: Sequence[str], *, scope: Scope, entity_bytes: EntityBytes | None
) -> Iterator[Block]:
    """Yield what `unixfs.blocks` yields, repeated blocks each time. Raises: as that, and TooManyDuplicates."""
    walk = _visits(get, root, path, scope=scope, entity_bytes=entity_bytes)
    for count, (cid, data) in enumerate(walk):
        if count >= limits.CAR_DUPLICATES_MAX:
            raise TooManyDuplicates(root)
        if isinstance(cid, Cid):
            yield Block(cid, data)


def _visits(
    get: Get, root: AnyCid, path: Sequence[str], *, scope: Scope, entity_bytes: EntityBytes | None
) -> Iterator[tuple[AnyCid, bytes]]:
    check_path(path)
    for name in path:
        found = None
        for visit, entry in trace(get, root, name):
            found = entry
            yield visit.cid, visit.block
        if found is None:
            raise PathNotFound(root, name)
        root = found.cid
    if scope is Scope.ALL:
        yield from _all(get, root)
        return
    block = load(get, root)
    node = decode(root, block) if root.codec == DAG_PB and scope is Scope.ENTITY else None
    if node is not None and node.kind is Kind.FILE:
        start, stop = _extent(entity_bytes or EntityBytes(0, None), node.size_bytes)
        if start < stop:
            yield from ((part.cid, part.block) for part in parts(get, root, start, stop))
            return
    # Neither a single block nor the shards of a directory can repeat.
    yield from blocks(get, root, scope=scope, entity_bytes=entity_bytes)


def _all(get: Get, root: AnyCid) -> Iterator[tuple[AnyCid, bytes]]:
    pending: list[Iterator[AnyCid]] = [iter((root,))]
    while pending:
        cid = next(pending[-1], None)
        if cid is None:
            pending.pop()
            continue
        if not isinstance(cid, Cid) and cid.inline is None:
            raise UnsupportedCid(cid)
        block = load(get, cid)
        yield cid, block
        pending.append(iter(all_links(cid, block)))


def _extent(wanted: EntityBytes, size_bytes: int) -> tuple[int, int]:
    first, last = wanted
    start = first if first >= 0 else max(0, size_bytes + first)
    if last is None:
        return start, size_bytes
    return start, min(size_bytes, (last if last >= 0 else size_bytes + last) + 1)
