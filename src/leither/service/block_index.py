"""A compact set of the blocks below some roots."""

from bisect import bisect_left
from collections.abc import Iterable

from leither import limits
from leither.codec import DAG_CBOR, DAG_PB, RAW, BlockMissing, Cid
from leither.codec.dagpb import BadDagPB
from leither.codec.links import BadDagCbor, links
from leither.unixfs import Get

_WIDTH = 16


class BlockIndex:
    """The blocks reachable from roots, as sorted 16-byte keys: the codec and 120 bits of the digest.

    To be mistaken for one of them, a block would need a digest that agrees in 120 bits: 2^120 tries for a given one.
    """

    def __init__(self, get: Get, roots: Iterable[Cid], barred: frozenset[Cid]) -> None:
        """Walk from `roots`; what is in `barred` is not entered, unless it is a root. Raw leaves are not read.

        Past limits.PUBLIC_BLOCKS_MAX the walk ends, and what was not reached is not in the index. A block that is
        missing or malformed leads nowhere.
        """
        roots = set(roots)
        seen: set[bytes] = set()
        pending = list(roots)
        while pending and len(seen) < limits.PUBLIC_BLOCKS_MAX:
            cid = pending.pop()
            key = _key(cid)
            if key in seen or (cid in barred and cid not in roots):
                continue
            seen.add(key)
            if cid.codec == RAW:
                continue
            try:
                pending += links(cid, get(cid))
            except (BlockMissing, BadDagPB, BadDagCbor):
                continue
        self._keys = b"".join(sorted(seen))

    @classmethod
    def union(cls, indexes: Iterable["BlockIndex"]) -> "BlockIndex":
        """Return one index of all that is in these; past limits.PUBLIC_BLOCKS_MAX what comes later is left out."""
        seen: set[bytes] = set()
        for index in indexes:
            if len(seen) + len(index) > limits.PUBLIC_BLOCKS_MAX:
                break
            keys = index._keys
            seen.update(keys[start : start + _WIDTH] for start in range(0, len(keys), _WIDTH))
        joined = cls.__new__(cls)
        joined._keys = b"".join(sorted(seen))
        return joined

    def __len__(self) -> int:
        return len(self._keys) // _WIDTH

    def __contains__(self, cid: Cid) -> bool:
        return self._has(_key(cid))

    def holds_digest(self, digest: bytes) -> bool:
        """Tell whether the block of `digest` is in the index under any codec."""
        return any(self._has(_key(Cid.from_digest(codec, digest))) for codec in (RAW, DAG_PB, DAG_CBOR))

    def _has(self, key: bytes) -> bool:
        keys = self._keys
        place = bisect_left(range(len(self)), key, key=lambda index: keys[index * _WIDTH : (index + 1) * _WIDTH])
        return keys[place * _WIDTH : (place + 1) * _WIDTH] == key


def _key(cid: Cid) -> bytes:
    return cid[1:2] + cid[4:19]
