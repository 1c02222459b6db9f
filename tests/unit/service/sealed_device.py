"""A person's device that holds one private MiMei in memory stores: it writes, takes in others' versions, merges.

The MiMei has entries, and a tree of files that follows from them: for each entry a file of its value. The same files
come up again and again, in other versions and key epochs.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from leither.codec import Block, Cid
from leither.codec.sealed import walk
from leither.crypto import EpochKey, KeyPair, MimeiId, epoch_secret
from leither.merkle import EMPTY_MAP, Entry, NodeCache, Nodes, Shape, Stamp, Tip, diff, join, scan, update
from leither.merkle.siblings import resolve
from leither.mimei.sealing import EpochKeys, Pair
from leither.mimei.version import Version, seen_tuple
from leither.ports import Blocks, State
from leither.service.sealed_blocks import SealedBlocks
from leither.service.sealed_lease import SealedLease
from leither.store import MemoryBlocks, MemoryState
from leither.unixfs import Change, FileBuilder, entries, update_tree
from leither.unixfs import read as read_file
from tests.unit.merkle.memory import SMALL

SEED, MIMEI = bytes(range(32)), MimeiId(bytes(range(40, 60)))


def keys(last_epoch: int = 0) -> EpochKeys:
    """The keys of the MiMei up to that epoch."""
    return EpochKeys(EpochKey(epoch_secret(SEED, MIMEI, epoch), epoch) for epoch in range(last_epoch + 1))


def open_blocks(blocks: Blocks, state: State, last_epoch: int = 0) -> SealedBlocks:
    return SealedBlocks(blocks, state, MIMEI, keys(last_epoch))


@dataclass(frozen=True)
class Made:
    """A version with its sealed form."""

    pair: Pair
    version: Version

    @property
    def tip(self) -> Tip:
        return Tip(self.version.side, self.version.siblings, self.version.seen_map)


class Device:
    """`own` is what this device signed last, `base` what it stands on, `tips` the newest it knows of each writer."""

    def __init__(self, number: int, shape: Shape = SMALL) -> None:
        self.number = number
        self.blocks = MemoryBlocks()
        self.state = MemoryState()
        self.sealed = open_blocks(self.blocks, self.state)
        self.epoch = 0
        self.base: Made | None = None
        self.tips: dict[int, Made] = {}
        self._shape = shape
        self._seq = 0
        self._key = KeyPair(bytes([number]) * 32)

    def learn(self, epoch: int) -> None:
        """Be given the keys up to that epoch."""
        self.epoch = max(epoch, self.epoch)
        self.sealed = open_blocks(self.blocks, self.state, self.epoch)

    def nodes(self, lease: SealedLease | None = None) -> Nodes:
        return Nodes(self.sealed.get, lease.put if lease else _refuse, NodeCache())

    def write(self, changes: dict[bytes, bytes | None]) -> Made:
        """Back up these changes over the base."""
        self._seq += 1
        stamp = Stamp(self.number, self._seq)
        base = self.base.version if self.base else None
        made = [(key, None if value is None else Entry(key, stamp, value)) for key, value in sorted(changes.items())]
        with self.sealed.lease(over=(self.base.pair,) if self.base else ()) as lease:
            nodes = self.nodes(lease)
            if base is None:
                lease.put(EMPTY_MAP)
            root = update(nodes, base.side if base else EMPTY_MAP.cid, made, self._shape)
            siblings = resolve(nodes, base.siblings, changes, self._shape) if base else None
            version = Version(
                mimei=MIMEI,
                n=base.n + 1 if base else 0,
                content=self._content(lease, base.content if base else None, dict(changes)),
                side=root,
                siblings=siblings,
                salt=self._shape.salt,
                size_bytes=0,
                parents=(self.base.pair[0],) if self.base else (),
                seen=seen_tuple((base.seen_map if base else {}) | {self.number: self._seq}),
                key_epoch=self.epoch,
            ).signed(self._key)
            self.base = Made((version.cid, lease.put_version(version)), version)
        self.tips[self.number] = self.base
        return self.base

    def fetch(self, other: Device) -> None:
        """Take in what `other` knows of each writer, block by block by the links in the clear, and prove it."""
        news = [
            (number, made)
            for number, made in other.tips.items()
            if number not in self.tips or made.version.seen_map[number] > self.tips[number].version.seen_map[number]
        ]
        with self.blocks.lease() as lease:
            for _, made in news:
                for form in walk(other.blocks.get, [made.pair[1]]):
                    lease.put(Block(form, other.blocks.get(form)))
        self.learn(other.epoch)
        self.sealed.adopt([made.pair for _, made in news])
        self.tips.update(news)

    def merge(self, order: Iterable[int] | None = None) -> Made | None:
        """Join the tips known here and stand on what they come to. `order`: of the tips as they go into the join."""
        tips = maximal(self.tips)
        if not tips:
            return None
        if len(tips) == 1:
            self.base = next(iter(tips.values()))
            return self.base
        given = [tips[number].tip for number in order or sorted(tips) if number in tips]
        over = [tips[number].pair for number in sorted(tips)]
        epoch = max(made.version.key_epoch or 0 for made in tips.values())
        with self.sealed.lease(over=over, epoch=epoch) as lease:
            nodes = self.nodes(lease)
            joined = join(nodes, given, self._shape)
            first = tips[min(tips)].version
            differing = {change.key: change.after for change in diff(nodes, first.side, joined.root)}
            values = {key: entry.value if entry else None for key, entry in differing.items()}
            version = Version(
                mimei=MIMEI,
                n=max(made.version.n for made in tips.values()) + 1,
                content=self._content(lease, first.content, values),
                side=joined.root,
                siblings=joined.siblings,
                salt=self._shape.salt,
                size_bytes=0,
                parents=tuple(sorted(cid for cid, _ in over)),
                seen=seen_tuple(joined.seen),
                key_epoch=epoch,
            )
            self.base = Made((version.cid, lease.put_version(version)), version)
        return self.base

    def sweep(self) -> int:
        """Give back what neither the base nor a tip holds, as somebody does who has no key."""
        kept = [made.pair[1] for made in (*self.tips.values(), *((self.base,) if self.base else ()))]
        dropped = self.blocks.sweep(lambda: walk(self.blocks.get, kept)).blocks_dropped
        self.sealed.table.prune(self.blocks.has)
        return dropped

    def forget_table(self) -> None:
        """Lose the state engine, and make the table again from what is held."""
        self.state = MemoryState()
        self.learn(self.epoch)
        self.sealed.adopt([made.pair for made in (*self.tips.values(), *((self.base,) if self.base else ()))])

    def _content(self, lease: SealedLease, before: Cid | None, values: dict[bytes, bytes | None]) -> Cid:
        """Return the tree with these files changed, in folders of three."""
        changes: dict[tuple[str, ...], Change] = {}
        for key, value in values.items():
            path = (str(key[-1] // 3), key.hex())
            changes[path] = None
            if value is not None:
                builder = FileBuilder(lease.put)
                builder.write(value)
                changes[path] = builder.finish()
        return update_tree(self.sealed.get, lease.put, before, changes).cid

    def files(self, made: Made) -> dict[str, bytes]:
        """The files of a version, read with the keys."""
        found: dict[str, bytes] = {}
        for folder in entries(self.sealed.get, made.version.content):
            for file in entries(self.sealed.get, folder.cid):
                found[file.name] = b"".join(read_file(self.sealed.get, file.cid))
        return found

    def holds(self, made: Made) -> dict[bytes, bytes]:
        """The entries of a version, read with the keys."""
        version = Version.decode(self.sealed.get(made.pair[0]))
        return {entry.key: entry.value for entry in scan(self.nodes(), version.side)}

    def forms(self, made: Made) -> frozenset[Cid]:
        """The sealed blocks of a version, found without a key."""
        return frozenset(walk(self.blocks.get, [made.pair[1]]))


def maximal(tips: dict[int, Made]) -> dict[int, Made]:
    """The tips that no other one includes."""

    def included(made: Made) -> bool:
        return any(
            other.pair != made.pair
            and all(other.version.seen_map.get(writer, 0) >= seq for writer, seq in made.version.seen_map.items())
            for other in tips.values()
        )

    return {number: made for number, made in tips.items() if not included(made)}


def _refuse(block: Block) -> None:
    raise AssertionError("nothing is written here")
