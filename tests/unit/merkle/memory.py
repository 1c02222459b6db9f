"""Blocks in memory that count what is read and put, and entries to fill maps with."""

from __future__ import annotations

from collections.abc import Iterable

from leither.codec import Block, Cid
from leither.merkle import EMPTY_MAP, Entry, NodeCache, Nodes, Shape, Stamp, build, children

SALT = bytes(range(16))
SMALL = Shape(SALT, bits=2, entries_max=4, weight_max=400)
"""Rules under which a few entries already make several levels and forced splits."""


class Memory:
    """Holds blocks. `reads` and `puts` list the CIDs that were asked for and stored, in order."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, bytes] = {}
        self.reads: list[Cid] = []
        self.puts: list[Cid] = []

    def read(self, cid: Cid) -> bytes:
        self.reads.append(cid)
        return self.blocks[cid]

    def put(self, block: Block) -> None:
        self.puts.append(block.cid)
        self.blocks[block.cid] = block.data

    def nodes(self) -> Nodes:
        """Return an access to the blocks with a cache of its own, still empty."""
        return Nodes(self.read, self.put, NodeCache())

    def forget_counts(self) -> None:
        self.reads.clear()
        self.puts.clear()

    def reachable(self, *roots: Cid | None) -> set[Cid]:
        """The blocks below `roots`, themselves included."""
        found: set[Cid] = set()
        todo = [root for root in roots if root is not None and root != EMPTY_MAP.cid]
        while todo:
            cid = todo.pop()
            if cid not in found:
                found.add(cid)
                todo.extend(children(self.blocks[cid]))
        return found


def key(number: int) -> bytes:
    return b"\x80" + number.to_bytes(4)


def entry(number: int, value: int = 0, stamp: tuple[int, int] = (1, 1)) -> Entry:
    return Entry(key(number), Stamp(*stamp), b"\x90" + bytes((value,)))


def built(entries: Iterable[Entry], shape: Shape) -> tuple[Memory, Cid]:
    """A map of `entries`, made from scratch in a memory of its own."""
    memory = Memory()
    return memory, build(memory.nodes(), entries, shape)
