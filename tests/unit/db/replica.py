"""Writers of one database, each with its own copy: commands, backups, and joins as a node makes them."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator

from leither.codec import Cid
from leither.db import DERIVED, MemorySpace, Reply, execute, expired_keys, remove_expired, restamp, rewrite, user_key
from leither.merkle import EMPTY_MAP, Entry, Nodes, Stamp, Tip, diff, join, resolve, scan, update
from tests.unit.merkle.memory import SMALL, Memory

NO_STAMP = Stamp(0, 0)


def space_of(entries: Iterable[Entry], writer: int, now_ms: int = 0) -> TouchedSpace:
    space = TouchedSpace(writer=writer, now_ms=now_ms)
    for entry in entries:
        space.put(entry.key, entry.value)
    return space


class TouchedSpace(MemorySpace):
    """A working copy that remembers which entries were set or removed since the last version."""

    def __init__(self, *, writer: int, now_ms: int = 0) -> None:
        super().__init__(writer=writer, now_ms=now_ms)
        self.touched: set[bytes] = set()

    def put(self, key: bytes, value: bytes) -> None:
        super().put(key, value)
        self.touched.add(key)

    def delete(self, key: bytes) -> None:
        if key in self.entries:
            self.touched.add(key)
        super().delete(key)


class Replica:
    """One writer. `tip` is its last version, `space` its working copy."""

    def __init__(self, memory: Memory, writer: int) -> None:
        self.nodes: Nodes = memory.nodes()
        self.writer = writer
        self.seq = 0
        self.tip = Tip(EMPTY_MAP.cid, None, {})
        self.space = TouchedSpace(writer=writer)

    def run(self, line: str, now_ms: int = 0) -> Reply:
        self.space.now_ms = now_ms
        return execute(self.space, line.encode().split())

    def backup(self, now_ms: int = 0) -> None:
        """Drop what has expired and make a version of what changed."""
        self.space.now_ms = now_ms
        remove_expired(self.space, expired_keys(self.space))
        before = {entry.key: entry for entry in scan(self.nodes, self.tip.root)}
        touched = sorted(self.space.touched)
        renewed = dict(list(restamp(space_of(before.values(), self.writer), self.space, touched, self.writer)))
        for key, again in renewed.items():
            self.space.put(key, again)
        stamp = Stamp(self.writer, self.seq + 1)
        made: dict[bytes, Entry | None] = {}
        for key in self.space.touched:
            value, held = self.space.get(key), before.get(key)
            if value is None:
                made[key] = None
            elif key not in renewed and held is not None and held.value == value:
                made[key] = held  # a command may set what is there already; that is no change
            else:
                made[key] = Entry(key, NO_STAMP if key[:1] in DERIVED else stamp, value)
        root = update(self.nodes, self.tip.root, sorted(made.items()), SMALL)
        siblings = resolve(self.nodes, self.tip.siblings, made, SMALL)
        self.space.touched.clear()
        if (root, siblings) != self.tip[:2]:
            self.seq += 1
            self.tip = Tip(root, siblings, {**self.tip.seen, self.writer: self.seq})

    def merge(self, *others: Replica, now_ms: int = 0) -> None:
        """Back up, and join the others' last versions."""
        self.backup(now_ms)
        self.stand_on(joined(self.nodes, [self.tip, *(other.tip for other in others)]))

    def stand_on(self, tip: Tip) -> None:
        self.tip = tip
        self.space = space_of(scan(self.nodes, tip.root), self.writer, self.space.now_ms)
        self.space.touched.clear()


def joined(nodes: Nodes, tips: list[Tip]) -> Tip:
    """The join of databases: of their entries, and then what follows from them."""
    made = join(nodes, tips, SMALL)
    touched = {key for tip in tips for key in keys_of(change.key for change in diff(nodes, tip.root, made.root))}
    return made._replace(root=rewritten(nodes, made.root, touched))


def regrouped(nodes: Nodes, tips: list[Tip], chance: random.Random) -> Tip:
    """The join of `tips` in some order, some of them joined beforehand."""
    left = chance.sample(tips, len(tips))
    while len(left) > 1:
        size = chance.randint(2, len(left))
        group = [left.pop(chance.randrange(len(left))) for _ in range(size)]
        left.append(joined(nodes, group))
    return left[0]


def rewritten(nodes: Nodes, root: Cid, touched: Iterable[bytes]) -> Cid:
    space = space_of(scan(nodes, root), writer=0)
    before = dict(space.entries)
    rewrite(space, sorted(touched))
    changed = (key for key in before.keys() | space.entries.keys() if before.get(key) != space.get(key))
    changes = {key: space.get(key) for key in changed}
    assert all(key[:1] in DERIVED for key in changes)
    made = {key: Entry(key, NO_STAMP, value) if value is not None else None for key, value in changes.items()}
    return update(nodes, root, sorted(made.items()), SMALL)


def keys_of(entry_keys: Iterable[bytes]) -> set[bytes]:
    """The users' keys among the keys of entries."""
    return set(_named(entry_keys))


def _named(entry_keys: Iterable[bytes]) -> Iterator[bytes]:
    for entry_key in entry_keys:
        key = user_key(entry_key)
        if key is not None:
            yield key


def replicas(count: int) -> list[Replica]:
    memory = Memory()
    return [Replica(memory, writer) for writer in range(1, count + 1)]
