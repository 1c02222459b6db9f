"""The order in which the blocks of a DAG are fetched: as a reader meets them, so that reading can begin early.

Depth first, parents before children, each inner block once. Several inner blocks may be on their way at a time; the
children of one that comes late still go before those of its later siblings. Of a file a part can be named: what lies
outside is left out.
"""

from collections import OrderedDict

from leither import limits
from leither.codec import CID_BYTES, DAG_PB, RAW, Cid
from leither.codec.links import links
from leither.errors import LimitError
from leither.unixfs import Kind, decode

_OFFSET_BYTES = 8
_LINK_BYTES = CID_BYTES + _OFFSET_BYTES


class DagTooWide(LimitError):
    """More links wait to be followed than are kept in memory."""

    code = "dag-too-wide"

    def __init__(self, root: Cid) -> None:
        self.root = root.text
        super().__init__(
            f"what lies below {root} has more than {limits.FETCH_LINKS_BYTES_MAX // _LINK_BYTES:,} links waiting to be "
            "followed at once; fetch its parts one by one"
        )


class _Spot:
    """A place in the order: links not yet followed, or None while their block is awaited."""

    __slots__ = ("links", "next", "position")

    def __init__(self, links: bytes | None, following: "_Spot | None") -> None:
        self.links = links
        self.position = 0
        self.next = following


class DagWalk:
    """Names the blocks below a root, one after the other. Not thread-safe.

    Memory: the links of the nodes on the way down and of those that are awaited, limits.FETCH_LINKS_BYTES_MAX at the
    most; and the digests of the inner blocks met last.
    """

    def __init__(self, root: Cid, *, start: int = 0, stop: int | None = None) -> None:
        """Walk all below `root`; if that is a file, only what holds its bytes from `start` to before `stop`."""
        self._root = root
        self._start = start
        self._stop = limits.FILE_BYTES_MAX if stop is None else stop
        self._whole = start == 0 and stop is None
        self._head: _Spot | None = _Spot(_entry(root, 0), None)
        self._awaited: dict[Cid, tuple[_Spot, int]] = {}
        self._met: OrderedDict[bytes, None] = OrderedDict()
        self._kept_bytes = _LINK_BYTES

    @property
    def is_done(self) -> bool:
        """Whether every block was named and every inner one has come, as `next` found when it returned None."""
        return self._head is None

    def next(self) -> Cid | None:
        """Return the next block; None while all that follows lies below blocks that are awaited, and at the end.

        A block other than a raw one is awaited until it is given to `enter`.
        """
        before: _Spot | None = None
        spot = self._head
        while spot is not None:
            entries = spot.links
            if entries is None:
                before, spot = spot, spot.next
                continue
            if spot.position == len(entries):
                self._kept_bytes -= len(entries)
                spot = spot.next
                self._put_after(before, spot)
                continue
            cid, offset = _read(entries, spot.position)
            spot.position += _LINK_BYTES
            if cid.codec == RAW:
                return cid
            if not self._is_new(cid, offset):
                continue
            awaited = _Spot(None, spot)
            self._put_after(before, awaited)
            self._awaited[cid] = (awaited, offset)
            return cid
        return None

    def enter(self, cid: Cid, block: bytes) -> None:
        """Go on below an awaited block, whose bytes are known to be its. Cost: one decode.

        Raises: DagTooWide, and what decoding raises.
        """
        spot, offset = self._awaited.pop(cid)
        spot.links = self._children(cid, block, offset)
        self._kept_bytes += len(spot.links)
        if self._kept_bytes > limits.FETCH_LINKS_BYTES_MAX:
            raise DagTooWide(self._root)

    def _put_after(self, before: _Spot | None, spot: _Spot | None) -> None:
        if before is None:
            self._head = spot
        else:
            before.next = spot

    def _is_new(self, cid: Cid, offset: int) -> bool:
        """Tell whether an inner block is met for the first time; of a part of a file, at this offset."""
        if cid in self._awaited:
            return False
        key = cid if self._whole else cid + offset.to_bytes(_OFFSET_BYTES, "big")
        if key in self._met:
            return False
        self._met[key] = None
        if len(self._met) > limits.FETCH_MET_MAX:
            self._met.popitem(last=False)
        return True

    def _children(self, cid: Cid, block: bytes, offset: int) -> bytes:
        if self._whole or cid.codec != DAG_PB:
            return b"".join(_entry(link, 0) for link in links(cid, block))
        node = decode(cid, block)
        if node.kind is not Kind.FILE:
            return b"".join(_entry(link, 0) for link in links(cid, block))
        offset += len(node.data)
        found = []
        for link, size in zip(node.links, node.block_sizes, strict=True):
            if offset >= self._stop:
                break
            if size and offset + size > self._start and isinstance(link.cid, Cid):
                found.append(_entry(link.cid, offset))
            offset += size
        return b"".join(found)


def _entry(cid: Cid, offset: int) -> bytes:
    return cid + offset.to_bytes(_OFFSET_BYTES, "big")


def _read(entries: bytes, position: int) -> tuple[Cid, int]:
    middle = position + CID_BYTES
    return Cid(entries[position:middle]), int.from_bytes(entries[middle : middle + _OFFSET_BYTES], "big")
