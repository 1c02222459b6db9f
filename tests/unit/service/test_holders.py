"""Who else holds a MiMei, and how that stands to what is here."""

from __future__ import annotations

from contextlib import ExitStack

import pytest

from leither.crypto import MimeiId
from leither.people import OWNER
from leither.people.right import ALL
from leither.service import history
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.holders import HeldBy, HolderState, compare
from leither.testing.hub import Hub
from tests.unit.service.life import put
from tests.unit.service.publishing_world import meet
from tests.unit.service.resolving_world import Giver, Seeker
from tests.unit.service.syncing import take


@pytest.fixture
def desk(hub: Hub) -> Giver:
    return Giver(hub, "desk")


@pytest.fixture
def laptop(hub: Hub) -> Seeker:
    """Another node of the same person's."""
    return Seeker(hub, "laptop", person="ada")


def seen(at: Seeker, mimei: MimeiId) -> list[HeldBy]:
    with ExitStack() as stack:
        resolving = stack.enter_context(at.resolving())
        return compare(at.engines, mimei, resolving.look(mimei, OWNER))


def released(at: Giver, mimei: MimeiId, text: bytes) -> None:
    put(at.engines, mimei, "a", text)
    backup(at.engines, mimei)
    history.release(at.engines, mimei)


@pytest.mark.parametrize("by", ["nobody", "here", "there", "both", "control here", "control there"])
def test_it_is_told_who_has_more(desk: Giver, laptop: Seeker, by: str) -> None:
    mimei = desk.released()
    take(laptop.engines, desk.engines, mimei)
    if by in ("here", "both"):
        released(laptop, mimei, b"here")
    if by in ("there", "both"):
        released(desk, mimei, b"there")
    if by.startswith("control"):
        Catalog((laptop if by == "control here" else desk).engines).change_control(mimei, right=int(ALL))
    meet(desk, laptop)
    wanted = {"nobody": "current", "here": "behind", "there": "ahead", "both": "apart"}
    state = wanted[by] if by in wanted else {"here": "behind", "there": "ahead"}[by.removeprefix("control ")]
    assert seen(laptop, mimei) == [HeldBy(desk.network.peer_id, HolderState(state))]


def test_where_nobody_has_it_nobody_is_named(hub: Hub, desk: Giver, laptop: Seeker) -> None:
    mimei = desk.released()
    take(laptop.engines, desk.engines, mimei)
    other = Giver(hub, "other", person="carol")
    meet(other, laptop)
    assert seen(laptop, mimei) == []
