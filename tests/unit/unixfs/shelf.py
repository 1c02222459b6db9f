"""Blocks in memory, with a count of what was read."""

from __future__ import annotations

from collections.abc import Mapping

from leither import unixfs
from leither.codec import Block, Cid
from leither.unixfs import FileBuilder, Link


class Shelf:
    """Holds blocks. `reads` lists every CID that was asked for, in order."""

    def __init__(self) -> None:
        self.blocks: dict[Cid, bytes] = {}
        self.reads: list[Cid] = []

    def get(self, cid: Cid) -> bytes:
        self.reads.append(cid)
        return self.blocks[cid]

    def put(self, block: Block) -> None:
        assert block.cid.matches(block.data)
        self.blocks[block.cid] = block.data

    def store(self, codec: int, data: bytes) -> Cid:
        block = Block.of(codec, data)
        self.put(block)
        return block.cid

    def add(self, data: bytes) -> Link:
        builder = FileBuilder(self.put)
        builder.write(data)
        return builder.finish()

    def tree(self, changes: Mapping[unixfs.Path, unixfs.Change]) -> Link:
        return unixfs.update_tree(self.get, self.put, None, changes)

    def update(self, root: Cid, changes: Mapping[unixfs.Path, unixfs.Change]) -> Link:
        return unixfs.update_tree(self.get, self.put, root, changes)

    def names(self, root: Cid) -> list[str]:
        return [entry.name for entry in unixfs.entries(self.get, root)]

    def kind(self, cid: Cid) -> unixfs.Kind:
        return unixfs.decode(cid, self.blocks[cid]).kind
