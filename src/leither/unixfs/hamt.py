"""A sharded directory being changed: the shards on the way to changes in memory, all others still links.

Shape depends on the entries alone: an entry stands in the highest shard where no other shares its slot, so a shard left
with one entry gives it back to the shard above, as in every other implementation. Shards no change leads to are taken
as they are.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from itertools import groupby
from typing import Self

from leither import limits
from leither.codec import dagpb
from leither.codec.block import Block
from leither.codec.cid import DAG_PB
from leither.codec.dagpb import PBLink
from leither.codec.foreign import AnyCid
from leither.errors import LimitError
from leither.unixfs import message
from leither.unixfs.murmur import HASH_BITS, HASH_TYPE, murmur64
from leither.unixfs.names import decode_name
from leither.unixfs.node import Get, Link, Node, Put, dag_size_bytes
from leither.unixfs.shard import Position, Slot, check_place, load_shard, slots

_SLOT_NAMES = [b"%02X" % number for number in range(limits.HAMT_FANOUT)]
_ENTRY_BYTES_MIN = dagpb.link_size_bytes(1, 0)
_ROOT = Position(0, limits.HAMT_FANOUT, 0)

Leaf = tuple[int, PBLink]
"""An entry with the hash of its name."""


class HashCollision(LimitError):
    """Two names hash alike in all 64 bits, so no sharded directory can hold both."""

    code = "hash-collision"

    def __init__(self, first: bytes, second: bytes) -> None:
        self.first = decode_name(first)
        self.second = decode_name(second)
        super().__init__(
            f"{self.first!r} and {self.second!r} have the same 64-bit hash, which a directory over"
            f" {limits.DIRECTORY_BLOCK_BYTES_MAX:,} bytes can't hold; rename one"
        )


class Unread:
    """A shard that has not been needed yet."""

    __slots__ = ("cid", "tsize")

    def __init__(self, cid: AnyCid, tsize: int) -> None:
        self.cid = cid
        self.tsize = tsize


class Shard:
    """A shard in memory: by slot an entry, a shard, or the link to one."""

    __slots__ = ("children",)

    def __init__(self) -> None:
        self.children: dict[int, Leaf | Shard | Unread] = {}


class Hamt:
    """The entries of one directory as a trie. Reads shards as changes lead to them."""

    def __init__(self, get: Get, root: Node | None = None) -> None:
        """Start from the root shard `root` of fanout limits.HAMT_FANOUT, or empty."""
        self._get = get
        self._root = Shard() if root is None else _open(slots(root), _ROOT)

    @classmethod
    def of(cls, get: Get, links: Iterable[PBLink]) -> Self:
        """Return the trie of `links`, whose names differ. Raises: HashCollision."""
        hamt = cls(get)
        hamt._root = _grow(sorted((murmur64(link.name), link) for link in links), _ROOT)
        return hamt

    def find(self, name: bytes) -> PBLink | None:
        """Return the entry `name`. Cost: reads the unread shards on its way."""
        hash64 = murmur64(name)
        shard, place = self._root, _ROOT
        while True:
            child = self._child(shard, place, place.slot_of(hash64))
            if not isinstance(child, Shard):
                return child[1] if child is not None and child[1].name == name else None
            place = place.below(place.slot_of(hash64))
            shard = child

    def set(self, link: PBLink) -> None:
        """Set the entry `link.name`. Raises: HashCollision. Cost: as `find`."""
        hash64 = murmur64(link.name)
        shard, place = self._root, _ROOT
        while True:
            slot = place.slot_of(hash64)
            child = self._child(shard, place, slot)
            if child is None or (not isinstance(child, Shard) and child[1].name == link.name):
                shard.children[slot] = (hash64, link)
                return
            if not isinstance(child, Shard):
                if child[0] == hash64:
                    raise HashCollision(child[1].name, link.name)
                child = self._push_down(shard, place, slot, child)
            place = place.below(slot)
            shard = child

    def remove(self, name: bytes) -> None:
        """Drop the entry `name`, if there is one. Cost: as `find`."""
        hash64 = murmur64(name)
        shard, place = self._root, _ROOT
        while True:
            slot = place.slot_of(hash64)
            child = self._child(shard, place, slot)
            if isinstance(child, Shard):
                place = place.below(slot)
                shard = child
                continue
            if child is not None and child[1].name == name:
                del shard.children[slot]
            return

    def fitting_links(self) -> list[PBLink] | None:
        """Return all entries sorted, if a basic directory holds them, else None; call it after `normalize`.

        The size is a sum over all entries, but a lower bound suffices to tell that it's over the limit: what is read
        counts exactly, every unread shard as the smallest entry this node makes. Shards are read level by level until
        the bound passes the limit or all is read. Cost: no more shards than a basic directory could have entries;
        measured, 22 for a directory of a million names, and all (at most some 300) near the limit.
        """
        size = dagpb.data_size_bytes(len(message.encode_directory()))
        found: list[PBLink] = []
        pending: deque[tuple[Shard | Unread, Position]] = deque([(self._root, _ROOT)])
        size += _ENTRY_BYTES_MIN
        while pending:
            shard, place = pending.popleft()
            size -= _ENTRY_BYTES_MIN
            for slot, child in self._read(shard, place).children.items():
                if isinstance(child, Shard | Unread):
                    size += _ENTRY_BYTES_MIN
                    pending.append((child, place.below(slot)))
                else:
                    size += dagpb.link_size_bytes(len(child[1].name), child[1].tsize, len(child[1].cid))
                    found.append(child[1])
            if size > limits.DIRECTORY_BLOCK_BYTES_MAX:
                return None
        return sorted(found, key=lambda link: link.name)

    def normalize(self) -> None:
        """Give single entries back to the shard above and drop empty shards. Cost: what is in memory."""
        _normalize(self._root)

    def write(self, put: Put) -> Link:
        """Store every shard in memory and return the root; call it after `normalize`."""
        return _write(self._root, put)

    def _child(self, shard: Shard, place: Position, slot: int) -> Leaf | Shard | None:
        child = shard.children.get(slot)
        if not isinstance(child, Unread):
            return child
        read = shard.children[slot] = self._read(child, place.below(slot))
        return read

    def _read(self, shard: Shard | Unread, place: Position) -> Shard:
        if isinstance(shard, Shard):
            return shard
        return _open(slots(load_shard(self._get, shard.cid, place)[1]), place)

    @staticmethod
    def _push_down(shard: Shard, place: Position, slot: int, leaf: Leaf) -> Shard:
        """Put a shard that holds `leaf` where `leaf` stood."""
        below = Shard()
        below.children[place.below(slot).slot_of(leaf[0])] = leaf
        shard.children[slot] = below
        return below


def _grow(leaves: Iterable[Leaf], place: Position) -> Shard:
    """Return the shard of `leaves`, which come in the order of their hashes and belong below `place`."""
    shard = Shard()
    shift = HASH_BITS - (place.level + 1) * place.digit_bits
    for prefix, group in groupby(leaves, lambda leaf: leaf[0] >> shift):
        found = list(group)
        slot = prefix & place.fanout - 1
        if len(found) == 1:
            shard.children[slot] = found[0]
        elif shift == 0:
            raise HashCollision(found[0][1].name, found[1][1].name)
        else:
            shard.children[slot] = _grow(found, place.below(slot))
    return shard


def _open(found: Iterator[Slot], place: Position) -> Shard:
    shard = Shard()
    for slot in found:
        number, link = slot
        if link.name:
            check_place(slot, place)
            shard.children[number] = (murmur64(link.name), link)
        else:
            shard.children[number] = Unread(link.cid, link.tsize)
    return shard


def _normalize(shard: Shard) -> None:
    """Recursion is as deep as the hash has digits: 8."""
    for slot, child in list(shard.children.items()):
        if not isinstance(child, Shard):
            continue
        _normalize(child)
        if not child.children:
            del shard.children[slot]
        elif len(child.children) == 1:
            (only,) = child.children.values()
            if not isinstance(only, Shard | Unread):
                shard.children[slot] = only


def _write(shard: Shard, put: Put) -> Link:
    links = []
    bitfield = 0
    for slot in sorted(shard.children):
        child = shard.children[slot]
        bitfield |= 1 << slot
        label = _SLOT_NAMES[slot]
        if isinstance(child, Unread):
            links.append(PBLink(label, child.cid, child.tsize))
        elif isinstance(child, Shard):
            below = _write(child, put)
            links.append(PBLink(label, below.cid, below.dag_bytes))
        else:
            entry = child[1]
            links.append(PBLink(label + entry.name, entry.cid, entry.tsize))
    data = message.encode_shard(bitfield, limits.HAMT_FANOUT, HASH_TYPE)
    block = Block.of(DAG_PB, dagpb.encode(links, data))
    put(block)
    return Link(block.cid, 0, dag_size_bytes(block.data, links))
