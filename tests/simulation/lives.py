"""Lives of many nodes in virtual time: churn, partitions, loss, liars, and what holds through it all."""

from __future__ import annotations

from collections.abc import Sequence

from leither.crypto import MimeiId
from leither.testing.simulation import SimulatedNode, World
from leither.testing.simulation.lies import Lie


def populate(world: World, *, people: int, mimei: int, lies: Sequence[Lie]) -> None:
    """Make people with one to three nodes each, MiMei that three to eight others follow, and liars that follow some."""
    of_person = [
        [world.node(f"person {number}") for _ in range(world.chance.choice((1, 2, 2, 3)))] for number in range(people)
    ]
    liars = [world.node(f"liar {number}", lie=lie) for number, lie in enumerate(lies)]
    for number in range(mimei):
        writers = world.chance.choice(of_person)
        made = world.make(writers, f"site {number}")
        others = [node for node in world.honest if node not in writers]
        world.timeline.run(5)
        for liar in liars:
            if world.chance.random() < 2 / mimei:
                world.follow(liar, made)
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
    """See that all who hold a MiMei, are there, and don't lie, hold the same, whole, and all of what was written that
    survived; and that nobody is blamed who told the truth.
    """
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
    for node in world.honest:
        assert not any(world.by_peer[peer].lie is None for peer, _ in node.blamed), (world.timeline.seed, node.name)
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


def scenario(seed: int, *, people: int, mimei: int, minutes: int, lies: Sequence[Lie] = ()) -> World:
    """A life: people write, nodes come and go, the net parts and joins, 30 % are lost at once, newcomers follow.

    lies: how some more nodes answer, which follow as well.
    """
    world = World(seed, loss=0.02)
    populate(world, people=people, mimei=mimei, lies=lies)
    live(world, minutes=minutes, writes=0.3, churn=0.05)
    world.part(0.4)
    live(world, minutes=minutes, writes=0.3, churn=0.05)
    come_back(world)
    agree(world)
    held_by = {
        made: [node for node in world.holders[made] if node.lie is None and world.has(node, made)]
        for made in world.holders
    }
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
