"""Three nodes of one person hold a private MiMei: written, rotated and exchanged in any order, they come to one.

Each history follows from the seed in the test's name.
"""

from __future__ import annotations

from random import Random

import pytest

from leither.codec import Cid
from leither.codec.sealed import walk
from leither.crypto import MimeiId, seal_key
from leither.db import execute
from leither.mimei.version import Version
from leither.people import Act
from leither.people.period import Period
from leither.ports import Fault
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.collect import check, collect
from leither.service.database import Database
from leither.service.engines import Engines
from leither.service.grants import give, take_back
from leither.service.holding import within
from leither.service.merge import merge
from leither.service.pages import write_at
from leither.service.private import sealed_form
from leither.service.readers import rotate
from leither.testing.node import memory_engines
from tests.unit.service import life
from tests.unit.service.test_foreign_databases import run
from tests.unit.service.test_private import shown

NODES, ROUNDS_MAX = 3, 6
CONTENTS = [b"the same again " * 400, b"other " * 700, b"short"]
STEPS = ["write", "write", "write", "backup", "bring", "bring", "bring", "rotate", "reader", "merge", "gc"]


class Devices:
    """The nodes, with one private MiMei that all of them have from the start."""

    def __init__(self, kind: str) -> None:
        self.kind = kind
        self.granted = 0
        self.nodes = [memory_engines(node=f"node {number}") for number in range(NODES)]
        self.mimei: MimeiId = Catalog(self.nodes[0]).create(kind=kind, mark="diary", private=True)[0].id
        self.write(self.nodes[0], 0)
        backup(self.nodes[0], self.mimei)
        for other in self.nodes[1:]:
            life.bring(self.nodes[0], other, self.mimei)

    def step(self, what: str, number: int, value: int) -> None:
        node = self.nodes[number]
        match what:
            case "write":
                self.write(node, value)
            case "backup":
                backup(node, self.mimei)
            case "bring":
                life.bring(self.nodes[value % NODES], node, self.mimei)
            case "rotate":
                rotate(node, self.mimei)
            case "reader":
                self.let_in_and_out(node)
            case "merge":
                merge(node, self.mimei)
            case "gc":
                collect(node)

    def write(self, node: Engines, value: int) -> None:
        data = CONTENTS[value % len(CONTENTS)]
        match self.kind:
            case "fs":
                life.put(node, self.mimei, f"folder {value % 2}/{value // 3}", data)
            case "file":
                write_at(node, self.mimei, value * 3_000, data)
            case _:
                text = "v" * (value * 40 + 1)
                run(node, self.mimei, f"SET key{value // 2} {text}", "INCR count", f"RPUSH steps {value}")

    def let_in_and_out(self, node: Engines) -> None:
        self.granted += 1  # what was taken back once can't be given again in the same words
        now_ms = node.clock.now_ms()
        kept = give(
            node,
            life.held(node, self.mimei),
            node.identity.person,
            to=bytes(range(32)),
            acts=Act.READ_VERSIONS,
            period=Period(now_ms, now_ms + 1000 + self.granted),
            seal=seal_key(bytes(32)).public,
        )
        backup(node, self.mimei)
        take_back(node, self.mimei, kept.name)

    def meet(self, random: Random) -> None:
        """Exchange, in an order of chance each round, until all have the same."""
        for _ in range(ROUNDS_MAX):
            pairs = [(one, other) for one in self.nodes for other in self.nodes if one is not other]
            random.shuffle(pairs)
            for one, other in pairs:
                life.bring(one, other, self.mimei)
            held = [life.held(node, self.mimei) for node in self.nodes]
            if len({(mimei.base, mimei.control.cid) for mimei in held}) == 1:
                return

    def base(self, node: Engines) -> Cid:
        base = life.held(node, self.mimei).base
        assert base is not None
        return base

    def forms(self, node: Engines) -> frozenset[Cid]:
        """All sealed blocks of the newest version, found without a key."""
        form = sealed_form(within(node, self.mimei).blocks, self.base(node))
        assert form is not None
        return frozenset(walk(node.blocks.get, [form]))

    def content(self, node: Engines) -> object:
        if self.kind == "db":
            with Database.open(node, self.mimei).reading() as space:
                return [execute(space, command) for command in READS]
        return shown(node, self.mimei)


READS = [[b"GET", b"count"], [b"LRANGE", b"steps", b"0", b"-1"], *([b"GET", b"key%d" % n] for n in range(5))]


def lived(kind: str, random: Random) -> Devices:
    devices = Devices(kind)
    for _ in range(random.randrange(6, 24)):
        devices.step(random.choice(STEPS), random.randrange(NODES), random.randrange(9))
    for node in devices.nodes:
        backup(node, devices.mimei)
    devices.meet(random)
    return devices


def come_to_one(devices: Devices) -> None:
    first, *others = devices.nodes
    for node in others:
        assert devices.base(node) == devices.base(first)
        assert devices.content(node) == devices.content(first)
        assert devices.forms(node) == devices.forms(first)
        assert life.held(node, devices.mimei).control.cid == life.held(first, devices.mimei).control.cid
    for node in devices.nodes:
        content = devices.content(node)
        collect(node)
        assert [found for found in check(node) if isinstance(found, Fault)] == []
        within(node, devices.mimei).blocks.get(devices.base(node))
        assert devices.content(node) == content
        assert within(node, devices.mimei).record(Version, devices.base(node)).mimei == devices.mimei


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("kind", ["fs", "file", "db"])
def test_three_devices_come_to_one_sealed_root_across_rotations(kind: str, seed: int) -> None:
    come_to_one(lived(kind, Random(f"{kind} {seed}")))
