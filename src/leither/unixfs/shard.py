"""One node of a sharded directory (HAMT), as found in blocks of any maker.

A shard has `fanout` slots. The hash of a name, cut into log2(fanout)-bit digits from its high end, says which slot of
each level it takes. A link's name is the slot in upper-case hex; alone it leads to a deeper shard, otherwise the
entry's name follows.
"""

from collections.abc import Iterator
from typing import NamedTuple

from leither.codec.dagpb import PBLink
from leither.codec.foreign import AnyCid
from leither.unixfs.message import BadUnixFS
from leither.unixfs.murmur import HASH_BITS, murmur64
from leither.unixfs.node import Get, Kind, Node, WrongKind, decode, load


class Position(NamedTuple):
    """Where a shard stands: its level, the fanout of the whole, and the digits that lead to it as one number."""

    level: int
    fanout: int
    prefix: int

    @property
    def digit_bits(self) -> int:
        """Bits of the hash that one level takes."""
        return self.fanout.bit_length() - 1

    def below(self, slot: int) -> "Position":
        """Return the place of the shard in `slot`. Raises: BadUnixFS: when the hash has no bits left for it."""
        if (self.level + 2) * self.digit_bits > HASH_BITS:
            raise BadUnixFS(f"shard is {self.level + 1} levels deep, more than the hash can tell apart")
        return Position(self.level + 1, self.fanout, self.prefix << self.digit_bits | slot)

    def slot_of(self, hash64: int) -> int:
        """Return the slot that a name of this hash takes here."""
        return hash64 >> HASH_BITS - (self.level + 1) * self.digit_bits & self.fanout - 1

    def holds(self, hash64: int, slot: int) -> bool:
        """Tell whether a name of this hash belongs into `slot` of this very shard."""
        return hash64 >> HASH_BITS - (self.level + 1) * self.digit_bits == self.prefix << self.digit_bits | slot


class Slot(NamedTuple):
    """A taken slot. `link.name` is the entry's name without the slot's digits; empty for a deeper shard."""

    number: int
    link: PBLink


class Misplaced(BadUnixFS):
    """A sharded directory holds an entry where nobody would look for it."""

    code = "misplaced-entry"

    def __init__(self, name: bytes) -> None:
        self.name = repr(name[:100])
        super().__init__(f"entry {self.name} does not lie where its hash says")


def slots(node: Node) -> Iterator[Slot]:
    """Yield the slots of a shard in order. Raises: BadUnixFS: where links and bitfield disagree."""
    width = len(f"{node.fanout - 1:X}")
    field = node.bitfield
    for link in node.links:
        number = (field & -field).bit_length() - 1
        field &= field - 1
        if link.name[:width] != b"%0*X" % (width, number):
            raise BadUnixFS(f"link {link.name[:32]!r} does not begin with its slot {number:0{width}X}")
        yield Slot(number, PBLink(link.name[width:], link.cid, link.tsize))


def slot_at(node: Node, number: int) -> Slot | None:
    """Return one slot of a shard, None if it's free. Raises: BadUnixFS, as `slots`. Cost: O(1)."""
    if not node.bitfield >> number & 1:
        return None
    link = node.links[(node.bitfield & (1 << number) - 1).bit_count()]
    width = len(f"{node.fanout - 1:X}")
    if link.name[:width] != b"%0*X" % (width, number):
        raise BadUnixFS(f"link {link.name[:32]!r} does not begin with its slot {number:0{width}X}")
    return Slot(number, PBLink(link.name[width:], link.cid, link.tsize))


def load_shard(get: Get, cid: AnyCid, place: Position) -> tuple[bytes, Node]:
    """Return a shard below another: its block and node.

    Raises: WrongKind, and BadUnixFS: another fanout than above, or nothing in it.
    """
    block = load(get, cid)
    node = decode(cid, block)
    if node.kind is not Kind.SHARD:
        raise WrongKind(cid, "shard", node.kind)
    if node.fanout != place.fanout:
        raise BadUnixFS(f"shard of fanout {node.fanout} below one of {place.fanout}")
    if not node.links:
        raise BadUnixFS("empty shard below another")
    return block, node


def check_place(slot: Slot, place: Position) -> None:
    """Raise Misplaced unless the entry in `slot` belongs there.

    Checked wherever entries are listed: it also means that no block with entries in it can stand in two places, so a
    small hostile directory can't unfold into an endless one.
    """
    if not place.holds(murmur64(slot.link.name), slot.number):
        raise Misplaced(slot.link.name)
