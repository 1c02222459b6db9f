"""Sealing again what a private MiMei holds, for another one: their keys differ, so they share no sealed block."""

from collections.abc import Iterable, Iterator

from leither.codec import RAW, Block, Cid
from leither.mimei.lost import lost_files
from leither.mimei.sealing import children_of
from leither.mimei.version import Version
from leither.ports import Lease
from leither.service.engines import Engines


def reseal(source: Engines, roots: Iterable[Cid], lease: Lease) -> int:
    """Put what is at and below `roots` of one private MiMei into the lease of another; return how many blocks it is.

    Raises: BlockMissing, SealBroken, StoreFull. Cost: opens and seals all of it. Memory: 200 bytes for each block.
    """
    met: set[Cid] = set()
    pending = [(cid, False) for cid in roots][::-1]
    while pending:
        cid, is_below_done = pending.pop()
        if cid in met and not is_below_done:
            continue
        met.add(cid)
        data = source.blocks.get(cid)
        children = [] if cid.codec == RAW or is_below_done else children_of(cid, data)
        if children:
            pending.append((cid, True))
            pending += [(child, False) for child in reversed(children)]
        else:
            lease.put(Block(cid, data))
    return len(met)


def roots_of(source: Engines, version: Version) -> Iterator[Cid]:
    """Yield what a version holds: side map, content, and what lost in merges, which is in no tree of files."""
    yield from (version.side, version.content)
    if version.siblings is None:
        return
    yield version.siblings
    yield from lost_files(source.map(version.side, version.salt).nodes, version.siblings)
