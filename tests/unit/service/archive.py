"""Archives taken apart and put together again, with something in them changed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from leither.codec import Block, Cid
from leither.codec.car import CarReader, write_car
from leither.crypto import MimeiId
from leither.merkle import Entry, Nodes, Shape, Stamp, build
from leither.merkle.siblings import rearrange, wrap
from leither.mimei.control import Control
from leither.mimei.export import BESIDE, VERSION_TYPE, Export, Shelf
from leither.mimei.head import Head
from leither.mimei.version import Version
from leither.service.engines import Engines
from leither.service.holding import heads
from leither.service.versions import held_versions
from leither.testing.node import counted
from tests.unit.service.life import exported, held, version


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


class Forger:
    """Changes records of an archive and signs them anew, with whatever keys it has."""

    def __init__(self, engines: Engines, mimei: MimeiId) -> None:
        self.engines, self.mimei = engines, mimei
        self.archive = Archive(exported(engines, mimei))
        self.control = held(engines, mimei).control
        with engines.state.read() as view:
            self.head = heads(engines, view, mimei)[0][1]
        self.version = version(engines, self.head.tip)

    def heads(self, *made: Head) -> Archive:
        return self.archive.add(*(head.block for head in made)).with_shelf(heads=tuple(head.cid for head in made))

    def head_changed(self, **changes: object) -> Archive:
        return self.heads(msgspec.structs.replace(self.head, **changes).signed(self.engines.identity.node))

    def controlled(self, **changes: object) -> Archive:
        control = msgspec.structs.replace(self.control, **changes).signed(self.engines.identity.person)
        return self.archive.add(control.block).with_shelf(control=control.cid)

    def versioned(self, **changes: object) -> Archive:
        """Put a changed version in the place of the newest."""
        changed = msgspec.structs.replace(self.version, **changes)
        return self.with_version(changed.signed(self.engines.identity.node))

    def with_version(self, changed: Version) -> Archive:
        self.archive.add(changed.block)
        with self.engines.state.read() as view:
            kept = {cid for cid in held_versions(view, self.mimei) if cid != self.head.tip} | {changed.cid}
        made: list[Block] = []
        entries = (Entry(VERSION_TYPE + cid, Stamp(0, 0), BESIDE) for cid in sorted(kept))
        root = build(Nodes(self.engines.blocks.get, made.append), entries, Shape(bytes(16)))
        self.archive.add(*made).with_shelf(versions=root)
        return self.head_changed(tip=changed.cid)

    def with_entry(self, key: bytes, value: bytes, *, stamp: Stamp | None = None) -> Archive:
        """A version that holds one entry more."""
        engines = self.engines
        stamp = stamp or Stamp(*max(self.version.seen_map.items()))
        with engines.blocks.lease() as lease:
            side = engines.map(self.version.side, self.version.salt, lease).update([(key, Entry(key, stamp, value))])
        content = {"content": side.root} if self.version.content == self.version.side else {}
        return self.with_new_blocks().versioned(side=side.root, **content)

    def with_new_blocks(self) -> Forger:
        """Put all that was stored since the export into the archive."""
        before = {cid.digest for cid in self.archive.blocks}
        new = (cid for cid in counted(self.engines).new if cid.digest not in before)
        self.archive.add(*(Block(cid, self.engines.blocks.get(cid)) for cid in new))
        return self

    def with_sibling(self, entry: Entry) -> Archive:
        """A version that keeps one entry as what lost in a merge."""
        engines = self.engines
        with engines.blocks.lease() as lease:
            side = engines.map(self.version.side, self.version.salt, lease)
            siblings = rearrange(side.nodes, self.version.siblings, {wrap(entry).key: wrap(entry)}, side.shape)
        return self.with_new_blocks().versioned(siblings=siblings)
