"""Archives taken apart and put together again, with something in them changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from leither.codec import Block, Cid
from leither.codec.car import CarReader, write_car
from leither.mimei.control import Control
from leither.mimei.export import Export, Shelf


class Archive:
    """The blocks of an archive by CID, with its manifest and shelves decoded."""

    def __init__(self, car: bytes) -> None:
        reader = CarReader([car])
        blocks = list(reader)
        self.manifest = Export.decode(blocks[0].data)
        self.shelves = [Shelf.decode(next(b.data for b in blocks if b.cid == cid)) for cid in self.manifest.mimei]
        named = {blocks[0].cid, *self.manifest.mimei}
        self.blocks: dict[Cid, bytes] = {block.cid: block.data for block in blocks if block.cid not in named}

    def add(self, *blocks: Block) -> Archive:
        self.blocks.update(blocks)
        return self

    def without(self, *cids: Cid) -> Archive:
        for cid in cids:
            del self.blocks[cid]
        return self

    def with_shelf(self, **changes: object) -> Archive:
        self.shelves[0] = msgspec.structs.replace(self.shelves[0], **changes)
        return self

    def pack(self) -> bytes:
        shelves = [shelf.block for shelf in self.shelves]
        manifest = msgspec.structs.replace(self.manifest, mimei=tuple(block.cid for block in shelves)).block
        rest: Iterable[Block] = (Block(cid, data) for cid, data in self.blocks.items())
        return b"".join(write_car([manifest.cid], (manifest, *shelves, *rest)))


def with_control(car: bytes, control: Control) -> bytes:
    """The archive of one MiMei, with another control."""
    return Archive(car).add(control.block).with_shelf(control=control.cid).pack()


def tampered(car: bytes, change: Callable[[Archive], object]) -> bytes:
    archive = Archive(car)
    change(archive)
    return archive.pack()
