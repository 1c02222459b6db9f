"""One directory being changed, basic or sharded, which ends in the shape its entries alone call for."""

from leither import limits
from leither.codec import dagpb
from leither.codec.block import Block
from leither.codec.cid import DAG_PB
from leither.codec.dagpb import PBLink
from leither.unixfs import message
from leither.unixfs.directory import flat_links, sharded_links
from leither.unixfs.hamt import Hamt
from leither.unixfs.node import Get, Kind, Link, Node, Put, dag_size_bytes

_DATA = message.encode_directory()
_DATA_BYTES = dagpb.data_size_bytes(len(_DATA))


class DirectoryEdit:
    """Set and remove entries, then `finish`.

    A basic directory is read whole (one block). Of a sharded one only the shards on the way to changes are read, plus
    what it takes to tell its size (`Hamt.fitting_links`).
    """

    def __init__(self, get: Get, node: Node | None = None) -> None:
        """Start from the directory whose first block is `node`, or from an empty one. Raises: DuplicateName."""
        self._get = get
        self._flat: dict[bytes, PBLink] = {}
        self._hamt: Hamt | None = None
        self.was_empty = node is None or not node.links
        if node is None:
            return
        if node.kind is Kind.DIRECTORY:
            self._flat = {link.name: link for link in flat_links(node)}
        else:
            self._hamt = self._open(node)

    def find(self, name: bytes) -> PBLink | None:
        """Return the entry `name`, if there is one."""
        return self._flat.get(name) if self._hamt is None else self._hamt.find(name)

    def set(self, link: PBLink) -> None:
        """Set the entry `link.name`."""
        if self._hamt is None:
            self._flat[link.name] = link
        else:
            self._hamt.set(link)

    def remove(self, name: bytes) -> None:
        """Drop the entry `name`, if there is one."""
        if self._hamt is None:
            self._flat.pop(name, None)
        else:
            self._hamt.remove(name)

    def finish(self, put: Put) -> tuple[Link, bool]:
        """Store what changed; return the directory and whether it's empty. Raises: HashCollision."""
        trie = self._hamt
        if trie is None:
            links = sorted(self._flat.values(), key=lambda link: link.name)
            if _fits(links):
                return _write(links, put), not links
            trie = Hamt.of(self._get, links)
        trie.normalize()
        fitting = trie.fitting_links()
        if fitting is None:
            return trie.write(put), False
        return _write(fitting, put), not fitting

    def _open(self, node: Node) -> Hamt:
        if node.fanout == limits.HAMT_FANOUT:
            return Hamt(self._get, node)
        # Another maker's width can't be kept where the shape follows from the entries alone.
        return Hamt.of(self._get, sharded_links(self._get, node))


def _fits(links: list[PBLink]) -> bool:
    """Tell whether the entries make a basic directory: its block's exact size decides, equal to the limit fits."""
    size = _DATA_BYTES + sum(dagpb.link_size_bytes(len(link.name), link.tsize, len(link.cid)) for link in links)
    return size <= limits.DIRECTORY_BLOCK_BYTES_MAX


def _write(links: list[PBLink], put: Put) -> Link:
    block = Block.of(DAG_PB, dagpb.encode(links, _DATA))
    put(block)
    return Link(block.cid, 0, dag_size_bytes(block.data, links))
