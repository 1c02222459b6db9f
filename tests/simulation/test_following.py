"""Nodes that follow each other's MiMei, in virtual time: they stay readable, and come to one root."""

from __future__ import annotations

import pytest

from leither.testing.simulation.lies import PROVABLE
from tests.simulation.lives import scenario


@pytest.mark.parametrize("seed", range(3))
def test_a_dozen_nodes_stay_readable_and_come_to_one_root(seed: int) -> None:
    scenario(seed, people=8, mimei=4, minutes=4)


def test_a_seed_replays_a_run() -> None:
    one, other = (scenario(7, people=4, mimei=2, minutes=2, lies=PROVABLE[:4]) for _ in range(2))
    assert one.timeline.happened == other.timeline.happened
    assert [one.base(node, made) for made in one.holders for node in one.up(made)] == [
        other.base(node, made) for made in other.holders for node in other.up(made)
    ]


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_nodes_stay_readable_and_come_to_one_root(seed: int) -> None:
    world = scenario(seed, people=100, mimei=60, minutes=20)
    assert len(world.nodes) >= 190
