"""Nodes that follow each other's MiMei, in virtual time: churn, partitions, loss, and what holds through it all."""

from __future__ import annotations

import pytest

from leither.crypto import MimeiId
from leither.testing.simulation import SimulatedNode, World


def populate(world: World, *, people: int, mimei: int) -> None:
    """Make people with one to three nodes each, and MiMei that three to eight others follow."""
    of_person = [
        [world.node(f"person {number}") for _ in range(world.chance.choice((1, 2, 2, 3)))] for number in range(people)
    ]
    for number in range(mimei):
        writers = world.chance.choice(of_person)
        made = world.make(writers, f"site {number}")
        others = [node for node in world.nodes if node not in writers]
        world.timeline.run(5)
        for follower in world.chance.sample(others, min(len(others), world.chance.randint(3, 8))):
            world.follow(follower, made)


def live(world: World, *, minutes: int, writes: float, churn: float) -> None:
    """Let time pass while people write, and nodes come and go."""
    for _ in range(minutes):
        for mimei, writers in world.writers.items():
            for node in writers:
                if node.is_up and world.has(node, mimei) and world.chance.random() < writes:
                    world.write(node, mimei)
        for node in world.nodes:
            if not node.is_lost and world.chance.random() < churn:
                node.stop() if node.is_up else node.start()
        world.timeline.run(60)


def come_back(world: World) -> None:
    """Let everybody come back who isn't lost, and all have their say."""
    world.join()
    for node in world.nodes:
        if not node.is_up and not node.is_lost:
            node.start()
    world.timeline.run(4 * 3600)


def agree(world: World) -> None:
    """See that all who hold a MiMei, and are there, hold the same, whole, and all that survived of what was written."""
    for mimei in world.holders:
        there = world.up(mimei)
        if not any(world.has(node, mimei) for node in there):
            continue  # all who had it were lost at once
        bases = {node.name: world.base(node, mimei) for node in there}
        assert len(set(bases.values())) == 1, (world.timeline.seed, mimei.hex(), bases)
        shown = world.files(there[0], mimei)
        written = world.written[mimei]
        assert shown.items() <= written.items()
        for path, text in written.items():
            writer = next(node for node in world.nodes if node.name == path.split("/")[0])
            assert writer.is_lost or shown[path] == text, (world.timeline.seed, path)
    for node in world.nodes:
        if not node.is_lost:
            assert world.faults(node) == [], (world.timeline.seed, node.name)


def lose_some(world: World, share: float) -> list[SimulatedNode]:
    """Lose nodes for good, all at once."""
    gone = world.chance.sample(world.nodes, round(len(world.nodes) * share))
    for node in gone:
        node.lose()
    return gone


def readable(world: World, mimei: MimeiId) -> bool:
    """Tell whether somebody who is there has a MiMei, whole."""
    return any(world.has(node, mimei) and world.files(node, mimei) for node in world.up(mimei))


def scenario(seed: int, *, people: int, mimei: int, minutes: int) -> World:
    """A life: people write, nodes come and go, the net parts and joins, 30 % are lost at once, newcomers follow."""
    world = World(seed, loss=0.02)
    populate(world, people=people, mimei=mimei)
    live(world, minutes=minutes, writes=0.3, churn=0.05)
    world.part(0.4)
    live(world, minutes=minutes, writes=0.3, churn=0.05)
    come_back(world)
    agree(world)
    held_by = {made: [node for node in world.holders[made] if world.has(node, made)] for made in world.holders}
    lose_some(world, 0.3)
    for made, nodes in held_by.items():
        assert readable(world, made) or all(node.is_lost for node in nodes), (seed, made.hex())
    newcomers = [world.node(f"newcomer {number}") for number in range(max(people // 10, 1))]
    for made in world.holders:
        if readable(world, made):
            world.follow(world.chance.choice(newcomers), made)
    live(world, minutes=minutes, writes=0.3, churn=0.05)
    come_back(world)
    agree(world)
    return world


@pytest.mark.parametrize("seed", range(3))
def test_a_dozen_nodes_stay_readable_and_come_to_one_root(seed: int) -> None:
    scenario(seed, people=8, mimei=4, minutes=4)


def test_a_seed_replays_a_run() -> None:
    one, other = (scenario(7, people=4, mimei=2, minutes=2) for _ in range(2))
    assert one.timeline.happened == other.timeline.happened
    assert [one.base(node, made) for made in one.holders for node in one.up(made)] == [
        other.base(node, made) for made in other.holders for node in other.up(made)
    ]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_nodes_stay_readable_and_come_to_one_root(seed: int) -> None:
    world = scenario(seed, people=100, mimei=60, minutes=20)
    assert len(world.nodes) >= 190
