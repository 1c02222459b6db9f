"""A compact map from the leaves below some roots to the nodes that link to them."""

from bisect import bisect_left
from collections.abc import Iterable

from leither import limits
from leither.codec import Cid
from leither.service.leaves import leaves
from leither.unixfs import Get

_KEY = 16
_WIDTH = _KEY + 4
_NONE = (1 << 32) - 1


class LeafIndex:
    """The raw leaves below roots, as sorted keys of 16 bytes of their digest, each with the number of a node above.

    Memory: 20 bytes a leaf. What is asked for by a CID that only seems to be in it is fetched by its whole CID, or not.
    """

    def __init__(self, get: Get, roots: Iterable[Cid]) -> None:
        """Walk from `roots`. Past limits.DEMAND_LEAVES_MAX the walk ends. Cost: reads each inner block once."""
        self._nodes: list[Cid] = []
        numbers: dict[Cid, int] = {}
        found: dict[bytes, int] = {}
        for leaf in leaves(get, roots):
            if leaf.above is None:
                number = _NONE
            else:
                number = numbers.setdefault(leaf.above, len(self._nodes))
                if number == len(self._nodes):
                    self._nodes.append(leaf.above)
            found.setdefault(leaf.cid.digest[:_KEY], number)
            if len(found) >= limits.DEMAND_LEAVES_MAX:
                break
        self._keys = b"".join(key + found[key].to_bytes(4) for key in sorted(found))

    def __len__(self) -> int:
        return len(self._keys) // _WIDTH

    def __contains__(self, cid: Cid) -> bool:
        return self._number(cid) is not None

    def above(self, cid: Cid) -> Cid | None:
        """Return a node that links to a leaf, None where it is a root itself, or is none of these leaves."""
        number = self._number(cid)
        return None if number is None or number == _NONE else self._nodes[number]

    def _number(self, cid: Cid) -> int | None:
        keys, key = self._keys, cid.digest[:_KEY]
        place = bisect_left(range(len(self)), key, key=lambda n: keys[n * _WIDTH : n * _WIDTH + _KEY])
        start = place * _WIDTH
        return int.from_bytes(keys[start + _KEY : start + _WIDTH]) if keys[start : start + _KEY] == key else None
