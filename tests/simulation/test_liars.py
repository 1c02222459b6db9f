"""Nodes that follow each other's MiMei among such as lie: the honest come to one root all the same."""

from __future__ import annotations

import pytest

from leither import limits
from leither.testing.simulation import World
from leither.testing.simulation.lies import LIES, PROVABLE, Lie
from tests.simulation.lives import scenario

ANSWER_BYTES_MAX = 1 << 18
TOLD_BYTES_MAX = 2 * ANSWER_BYTES_MAX
"""What an honest node takes from a liar on one stream, at the most."""


@pytest.fixture(autouse=True)
def _little_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let less be told, or those who tell without an end take most of the time."""
    monkeypatch.setattr(limits, "SYNC_LISTED_MAX", 512)
    monkeypatch.setattr(limits, "SYNC_ANSWER_BYTES_MAX", ANSWER_BYTES_MAX)


def blame(world: World) -> dict[str, int]:
    """Who lost how many points with honest nodes, by the names of lies."""
    found = dict.fromkeys((lie.__name__ for lie in LIES), 0)
    for liar in world.liars:
        assert liar.lie is not None
        found[liar.lie.__name__] += sum(node.blamed[liar.peer, "answer"] for node in world.honest)
    return found


@pytest.mark.parametrize("seed", range(2))
def test_a_dozen_honest_nodes_come_to_one_root_among_as_many_that_lie(seed: int) -> None:
    world = scenario(seed, people=6, mimei=3, minutes=3, lies=LIES)
    assert world.lies_bytes <= TOLD_BYTES_MAX


@pytest.mark.parametrize("lie", PROVABLE)
def test_who_tells_what_does_not_prove_itself_is_thought_less_of(lie: Lie) -> None:
    world = scenario(1, people=3, mimei=2, minutes=2, lies=[lie] * 3)
    assert blame(world)[lie.__name__] >= limits.FOLLOW_BAD_POINTS


@pytest.mark.soak
@pytest.mark.parametrize("seed", range(3))
def test_two_hundred_honest_nodes_come_to_one_root_among_forty_that_lie(seed: int) -> None:
    world = scenario(seed, people=100, mimei=60, minutes=20, lies=[*LIES] * 4)
    assert len(world.honest) >= 190
    assert world.lies_bytes <= TOLD_BYTES_MAX
    assert all(points for name, points in blame(world).items() if name in {lie.__name__ for lie in PROVABLE})
