"""Where map functions get nodes from and put them: two callables and a cache of decoded nodes."""

from collections import OrderedDict
from collections.abc import Callable
from threading import Lock

from leither import limits
from leither.codec import Block, Cid
from leither.merkle.node import EMPTY, EMPTY_MAP, Bound, Node, decode, encode, require_child


class NodeCache:
    """Decoded nodes by CID, least recently used out first; bounded by their encoded bytes. Thread-safe.

    Nodes never change, so one cache serves any number of maps and `Nodes`.
    """

    def __init__(self, *, bytes_max: int = limits.MAP_CACHE_BYTES) -> None:
        self._bytes_max = bytes_max
        self._bytes = 0
        self._nodes: OrderedDict[bytes, tuple[Node, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, cid: bytes) -> Node | None:
        """Return the node under `cid` if it is held. Cost: O(1)."""
        try:
            node = self._nodes[cid][0]
            self._nodes.move_to_end(cid)
        except KeyError:
            # Not held, or let go of by another thread just now. No lock: most of a warm read would be locking.
            return None
        return node

    def add(self, cid: bytes, node: Node, size_bytes: int) -> None:
        """Hold `node`, and let go of others past the bound."""
        with self._lock:
            if cid not in self._nodes:
                self._nodes[cid] = (node, size_bytes)
                self._bytes += size_bytes
            while self._bytes > self._bytes_max:
                self._bytes -= self._nodes.popitem(last=False)[1][1]

    @property
    def size_bytes(self) -> int:
        """Encoded bytes of what is held."""
        return self._bytes


class Nodes:
    """Map nodes over a block store.

    `read` returns a block's bytes, already checked against the CID, and raises where it is missing; `put` stores a
    block. Both are what `leither.ports.Blocks` and its leases offer.
    """

    def __init__(
        self, read: Callable[[Cid], bytes], put: Callable[[Block], None], cache: NodeCache | None = None
    ) -> None:
        self.read = read
        self.put = put
        self.cache = NodeCache() if cache is None else cache

    def get(self, cid: bytes, *, leaves: bool = True) -> Node:
        """Return the node under `cid`, from the cache or the store; the empty map needs neither.

        Args:   leaves: whether a leaf is likely to be read again soon. Inner nodes are.
        Raises: NodeMalformed, what `read` raises.
        """
        node = self.cache.get(cid)
        if node is None:
            if cid == EMPTY_MAP.cid:
                return EMPTY
            data = self.read(Cid(cid))
            node = decode(data)
            if leaves or node.level:
                self.cache.add(cid, node, len(data))
        return node

    def child(self, parent: Node, index: int, end: Bound, *, leaves: bool = True) -> tuple[Node, Bound]:
        """Return the child at `index` of `parent`, whose keys all come before `end`, and the bound of its own keys.

        Raises: NodeMalformed: unless it is the child that `parent` promises (`node.require_child`).
        """
        node = self.get(parent.links[index], leaves=leaves)
        return node, require_child(parent, index, end, node)

    def write(self, node: Node, *, cached: bool) -> Cid:
        """Store `node` and return its CID. `cached` where it is likely to be read again soon."""
        return self.write_block(encode(node), node, cached=cached)

    def write_block(self, block: Block, node: Node, *, cached: bool) -> Cid:
        """Store `node`, encoded already as `block`, and return its CID."""
        self.put(block)
        if cached:
            self.cache.add(block.cid, node, len(block.data))
        return block.cid
