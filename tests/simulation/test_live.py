"""Nodes that follow each other's working copies live, in virtual time: nodes come and go, and the net parts."""

from __future__ import annotations

import pytest

from leither.crypto import MimeiId
from leither.service.holding import load
from leither.testing.simulation import SimulatedNode, World
from leither.testing.simulation.world import OPEN


def below(node: SimulatedNode, mimei: MimeiId) -> object:
    with node.engines.state.read() as view:
        return load(node.engines, view, mimei).below


def begin(seed: int, *, writers: int, readers: int, loss: float = 0.02) -> tuple[World, MimeiId]:
    """A MiMei that one person's nodes write, and others follow, each from somebody who has it."""
    world = World(seed, loss=loss)
    theirs = [world.node("ada") for _ in range(writers)]
    others = [world.node(f"reader {number}") for number in range(readers)]
    mimei = world.make(theirs, "board", right=OPEN)
    for other in others:
        world.timeline.run(2)
        world.follow(other, mimei)
    world.timeline.run(10)
    return world, mimei


def work(world: World, mimei: MimeiId, *, seconds: int, churn: float, backups: float) -> None:
    """Let time pass while writers change their working copies, now and then back up, and nodes come and go."""
    for _ in range(seconds):
        for node in world.writers[mimei]:
            if node.is_up and world.has(node, mimei):
                for _ in range(world.chance.choice((0, 0, 1, 3))):
                    world.edit(node, mimei)
                if world.chance.random() < backups:
                    world.backup(node, mimei)
        for node in world.nodes:
            if world.chance.random() < churn:
                node.stop() if node.is_up else node.start()
        world.timeline.run(1)


def agree(world: World, mimei: MimeiId, *, within_s: float) -> None:
    """See that everybody comes to show the same, all that was written, on one root."""
    world.join()
    for node in world.nodes:
        if not node.is_up:
            node.start()
    world.timeline.run(within_s)
    assert len({below(node, mimei) for node in world.nodes}) == 1, world.timeline.seed
    for node in world.nodes:
        assert world.files(node, mimei, "cur") == world.written[mimei], (world.timeline.seed, node.name)
        assert world.faults(node) == []


@pytest.mark.parametrize("seed", range(4))
def test_what_is_written_anywhere_is_seen_everywhere_without_a_backup(seed: int) -> None:
    world, mimei = begin(seed, writers=2, readers=3)
    bases = {node.name: world.base(node, mimei) for node in world.nodes}
    work(world, mimei, seconds=20, churn=0, backups=0)
    agree(world, mimei, within_s=30)
    assert {node.name: world.base(node, mimei) for node in world.nodes} == bases


@pytest.mark.parametrize("seed", range(4))
def test_after_partitions_and_restarts_all_show_what_anybody_wrote(seed: int) -> None:
    world, mimei = begin(seed, writers=3, readers=3)
    for _ in range(2):
        work(world, mimei, seconds=10, churn=0.05, backups=0.1)
        world.part(0.5)
        work(world, mimei, seconds=10, churn=0.05, backups=0.1)
        world.join()
    agree(world, mimei, within_s=2 * 3600)


def test_a_change_is_seen_after_the_news_and_a_few_round_trips() -> None:
    world, mimei = begin(7, writers=2, readers=0, loss=0)
    one, other = world.writers[mimei]
    for _ in range(20):
        world.edit(one, mimei)
        world.timeline.run(0.1 + 9 * 0.08)  # the news, and up to four questions and answers, 80 ms each at the most
        assert world.files(other, mimei, "cur") == world.written[mimei]
