"""The raw leaves of files: what of a MiMei comes when it is read, while all that leads to it is here."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from leither.codec import DAG_PB, RAW, BlockMissing, Cid
from leither.errors import InputError, LimitError
from leither.unixfs import Get, Kind, decode


class Leaf(NamedTuple):
    """A raw block below some root.

    Fields: size_bytes: how long it is said to be, None where that isn't said. above: the node that links to it, None
    for a root.
    """

    cid: Cid
    size_bytes: int | None
    above: Cid | None


def leaves(get: Get, roots: Iterable[Cid]) -> Iterator[Leaf]:
    """Yield the raw leaves below `roots`, those that several nodes link to for each of them.

    What is no file or directory, is malformed, or lies below an inner block that is not here leads nowhere.
    Cost: reads each inner block once.
    """
    pending, met = list(roots), set[Cid]()
    while pending:
        cid = pending.pop()
        if cid in met:
            continue
        met.add(cid)
        if cid.codec == RAW:
            yield Leaf(cid, None, None)
        elif cid.codec == DAG_PB:
            for leaf in _below(get, cid):
                if leaf.cid.codec == RAW:
                    yield leaf
                else:
                    pending.append(leaf.cid)


def _below(get: Get, cid: Cid) -> Iterator[Leaf]:
    try:
        node = decode(cid, get(cid))
    except (BlockMissing, InputError, LimitError):
        return
    sizes = node.block_sizes if node.kind is Kind.FILE else [link.tsize for link in node.links]
    for link, size_bytes in zip(node.links, sizes, strict=True):
        if isinstance(link.cid, Cid):
            yield Leaf(link.cid, size_bytes, cid)
