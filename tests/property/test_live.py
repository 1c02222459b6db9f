"""Nodes of one person that share working copies: changed, shared and backed up in any order, they come to one.

Each history follows from the seed in the test's name.
"""

from __future__ import annotations

from random import Random

import pytest

from leither.crypto import MimeiId
from leither.db import execute
from leither.ports import Fault
from leither.service import history, paths
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.cur import Cur
from leither.service.database import Database
from leither.service.drafting import share_cur
from leither.service.engines import Engines
from leither.service.holding import load
from leither.service.merge import merge
from leither.service.pages import write_at
from leither.service.readers import rotate
from leither.testing.node import memory_engines
from tests.unit.service import life
from tests.unit.service.syncing import take

NODES, STEPS, ROUNDS_MAX = 3, 60, 6
PATHS = ["a", "a/x", "a/x/deep", "b", "b/y", "c"]
DOINGS = ["write"] * 6 + ["share"] * 3 + ["live"] * 5 + ["backup", "bring", "merge", "gc", "discard", "restore"]


class Desks:
    """The nodes, with one MiMei, and what was counted and pushed on them."""

    def __init__(self, kind: str, random: Random, *, private: bool = False) -> None:
        self.kind = kind
        self.random = random
        self.nodes = [memory_engines(node=f"node {number}") for number in range(NODES)]
        self.mimei: MimeiId = Catalog(self.nodes[0]).create(kind=kind, mark="site", private=private)[0].id
        self.counted = self.pushed = 0
        self.popped: set[int] = set()
        if random.random() < 0.5:
            self.write(self.nodes[0])
            backup(self.nodes[0], self.mimei)
        for other in self.nodes[1:]:
            take(other, self.nodes[0], self.mimei)

    def step(self, doings: list[str]) -> None:
        what, node, other = self.random.choice(doings), *self.random.sample(self.nodes, 2)
        match what:
            case "write":
                self.write(node)
            case "share":
                share_cur(node, self.mimei)
            case "live":
                take(node, other, self.mimei, live=True)
            case "bring":
                take(node, other, self.mimei)
            case "backup":
                backup(node, self.mimei)
            case "merge":
                merge(node, self.mimei)
            case "rotate":
                rotate(node, self.mimei)
            case "gc":
                collect(node)
            case "discard":
                history.discard(node, self.mimei)
            case "restore":
                if life.held(node, self.mimei).base is not None:
                    history.restore(node, self.mimei, "last", discard=True)
        assert life.recounted(node, self.mimei) == life.counters(node, self.mimei), what

    def write(self, node: Engines) -> None:
        value = b"%d" % self.random.randrange(5)
        match self.kind:
            case "db":
                self.command(node, value)
            case "file":
                write_at(node, self.mimei, self.random.randrange(3) * 70_000, value * 9)
            case _:
                path = self.random.choice(PATHS)
                try:
                    if self.random.random() < 0.3:
                        life.remove(node, self.mimei, path)
                    else:
                        life.put(node, self.mimei, path, value)
                except (paths.NotADirectory, paths.DirectoryThere, paths.NothingToChange):
                    pass

    def command(self, node: Engines, value: bytes) -> None:
        match self.random.randrange(9):
            case 0 | 1:
                self.counted += int(value)
                self.run(node, b"INCRBY", b"hits", value)
            case 2 | 3:
                self.pushed += 1
                self.run(node, self.random.choice((b"RPUSH", b"LPUSH")), b"queue", b"%d" % self.pushed)
            case 8:
                popped = self.run(node, self.random.choice((b"RPOP", b"LPOP")), b"queue")
                if isinstance(popped, bytes):
                    self.popped.add(int(popped))
            case 4:
                self.run(node, b"ZADD", b"board", value, b"m" + value)
            case 5:
                self.run(node, b"HSET", b"hash", b"f" + value, value)
            case 6:
                self.run(node, b"SET", b"text" + value, value * 30)
            case _:
                self.run(node, b"DEL", self.random.choice((b"hash", b"board", b"text1")))

    def run(self, node: Engines, *words: bytes) -> object:
        return Database.open(node, self.mimei).write(lambda space: execute(space, list(words))).result()

    def read(self, node: Engines, *words: bytes) -> object:
        with Database.open(node, self.mimei).reading() as space:
            return execute(space, list(words))

    def meet(self) -> None:
        """Exchange, in an order of chance each round, until all see the same."""
        for _ in range(ROUNDS_MAX):
            pairs = [(one, other) for one in self.nodes for other in self.nodes if one is not other]
            self.random.shuffle(pairs)
            for one, other in pairs:
                share_cur(other, self.mimei)
                take(one, other, self.mimei, live=True)
            held = [life.held(node, self.mimei) for node in self.nodes]
            if len({(mimei.below, mimei.base, mimei.control.cid) for mimei in held}) == 1:
                return

    def shows(self, node: Engines) -> list[tuple[bytes, bytes]]:
        with node.state.read() as view:
            return list(Cur(node, view, load(node, view, self.mimei)).scan(b"\x80", b"\xff"))

    def agree(self) -> None:
        held = [life.held(node, self.mimei) for node in self.nodes]
        assert len({mimei.below for mimei in held}) == 1
        assert len({mimei.base for mimei in held}) == 1
        assert all(not mimei.row.dirty for mimei in held)
        first, *others = [self.shows(node) for node in self.nodes]
        assert all(other == first for other in others)
        for node in self.nodes:
            assert [found for found in check(node) if isinstance(found, Fault)] == []
            assert life.recounted(node, self.mimei) == life.counters(node, self.mimei)


@pytest.mark.parametrize("private", [False, True])
@pytest.mark.parametrize("kind", ["db", "fs", "file"])
@pytest.mark.parametrize("seed", range(6))
def test_working_copies_come_to_one_and_then_versions_do(kind: str, seed: int, private: bool) -> None:
    random = Random(f"{kind} {seed}")
    desks = Desks(kind, random, private=private)
    for _ in range(STEPS):
        desks.step([*DOINGS, "rotate"] if private else DOINGS)
    desks.meet()
    desks.agree()
    shown = desks.shows(desks.nodes[0])
    for node in random.sample(desks.nodes, 2):
        backup(node, desks.mimei)
    desks.meet()
    desks.agree()
    assert desks.shows(desks.nodes[0]) == shown
    assert life.held(desks.nodes[0], desks.mimei).row.draft == b""


@pytest.mark.parametrize("seed", range(12))
def test_what_was_counted_adds_up_and_what_was_pushed_is_there_once(seed: int) -> None:
    desks = Desks("db", Random(seed))
    for _ in range(STEPS):
        desks.step([what for what in DOINGS if what not in ("discard", "restore")])
    desks.meet()
    desks.agree()
    for node in desks.nodes:
        assert desks.read(node, b"GET", b"hits") in (None, b"%d" % desks.counted)
        found = desks.read(node, b"LRANGE", b"queue", b"0", b"-1")
        assert isinstance(found, list)
        assert sorted(map(int, found)) == sorted({*range(1, desks.pushed + 1)} - desks.popped)
