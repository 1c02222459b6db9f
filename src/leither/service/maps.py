"""An ordered map in this node's block store, as services use it."""

from collections.abc import Container, Iterable, Iterator

from leither.codec import Block, Cid
from leither.merkle import Change, Entry, NodeCache, Nodes, Shape, build, count, diff, get, scan, update
from leither.ports import Blocks, Lease


class ReadOnlyMap(AssertionError):
    """A map opened without a lease was asked to write: a mistake in this program."""


def _refuse(block: Block) -> None:
    raise ReadOnlyMap(block.cid.text)


class OrderedMap:
    """The map at `root`. Immutable: `update` returns another."""

    __slots__ = ("nodes", "root", "shape")

    def __init__(self, root: Cid, shape: Shape, nodes: Nodes) -> None:
        self.root = root
        self.shape = shape
        self.nodes = nodes

    def at(self, root: Cid) -> "OrderedMap":
        """Return the map at another root, of the same salt."""
        return OrderedMap(root, self.shape, self.nodes)

    @classmethod
    def open(cls, root: Cid, salt: bytes, blocks: Blocks, cache: NodeCache, lease: Lease | None) -> "OrderedMap":
        """Return the map at `root`; with a lease, one that can write."""
        return cls(root, Shape(salt), Nodes(blocks.get, lease.put if lease else _refuse, cache))

    @classmethod
    def empty(cls, salt: bytes, blocks: Blocks, cache: NodeCache, lease: Lease) -> "OrderedMap":
        """Return a map with nothing in it, stored through `lease`."""
        nodes, shape = Nodes(blocks.get, lease.put, cache), Shape(salt)
        return cls(build(nodes, (), shape), shape, nodes)

    def get(self, key: bytes) -> Entry | None:
        """Return the entry under `key`."""
        return get(self.nodes, self.root, key)

    def scan(self, start: bytes | None = None, stop: bytes | None = None, *, reverse: bool = False) -> Iterator[Entry]:
        """Iterate over the entries with `start <= key < stop`, ascending or descending."""
        return scan(self.nodes, self.root, start=start, stop=stop, reverse=reverse)

    def count(self, start: bytes | None = None, stop: bytes | None = None) -> int:
        """Return how many entries have `start <= key < stop`. Cheap."""
        return count(self.nodes, self.root, start=start, stop=stop)

    def update(
        self, changes: Iterable[tuple[bytes, Entry | None]], *, renewed: Container[bytes] | None = None
    ) -> "OrderedMap":
        """Return the map with `changes`, ascending by key, made. Writes new nodes only.

        With `renewed`, an entry whose value is there already keeps its stamp, unless its key is in it.
        """
        return self.at(update(self.nodes, self.root, changes, self.shape, renewed=renewed))

    def diff(self, other: "OrderedMap") -> Iterator[Change]:
        """Iterate over what differs from here to `other`, by key. Cost: the nodes that differ."""
        return diff(self.nodes, self.root, other.root)
