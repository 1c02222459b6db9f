"""A node that ends at any of its writes while it pairs and keeps: once it is back, the two come to the same."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

import pytest

from leither.errors import LeitherError
from leither.people import Act
from leither.people import right as rights
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.holding import load_all
from leither.service.pair_marks import mark_here
from leither.store import MemoryBlocks, MemoryState
from leither.store.disk import StoreFull
from leither.store.memory_state import MemoryTransaction
from leither.testing.hub import Hub
from tests.unit.service.life import put
from tests.unit.service.pairing_world import Place, place, settle

T = TypeVar("T")
PUBLIC = rights.pack(everyone=Act.READ_VERSIONS | Act.READ_RELEASE)
WRITES = 24
"""More than either node does from the code to the last report."""


class EndingState(MemoryState):
    """A state that takes so many more writes, and then none: what its node does after that is lost with it."""

    def __init__(self) -> None:
        super().__init__()
        self.left: int | None = None
        self.ended = False

    def write(self, change: Callable[[MemoryTransaction], T]) -> T:
        if self.left is not None:
            if self.left == 0:
                self.ended = True
                raise StoreFull("state", "the process has ended")
            self.left -= 1
        return super().write(change)


def furnish(at: Place) -> None:
    for mark, is_private in (("site", False), ("diary", True)):
        right = 0 if is_private else PUBLIC
        mimei = Catalog(at.engines).create(kind="fs", mark=mark, private=is_private, right=right)[0].id
        put(at.engines, mimei, "page", mark.encode())
        backup(at.engines, mimei)


def marks(desk: Place, at: Place) -> list[bytes | None]:
    """The marks at a node of all that is the desk's own."""
    with desk.engines.state.read() as view:
        own = [one.id for one in load_all(desk.engines, view) if one.facts.own]
        assert own
    with at.engines.state.read() as view:
        found = [mark_here(at.engines, view, mimei, desk.engines.identity.person.id) for mimei in own]
    return [one[0] if one is not None else None for one in found]


@pytest.mark.parametrize("who", ["desk", "shelf"])
@pytest.mark.parametrize("writes", range(WRITES))
def test_it_ends_at_a_write_and_all_comes_right_once_it_is_back(hub: Hub, who: str, writes: int) -> None:
    state, blocks = EndingState(), MemoryBlocks()
    other = place(hub, "shelf" if who == "desk" else "desk", "bob" if who == "desk" else "ada")
    ends = place(hub, who, "ada" if who == "desk" else "bob", state=state, blocks=blocks)
    desk, shelf = (ends, other) if who == "desk" else (other, ends)
    furnish(desk)
    state.left = writes
    with suppress(LeitherError):
        shelf.pairing.enter(desk.pairing.show().code, desk.address)
    settle(hub, desk, shelf)
    state.left = None
    ends.leave(hub)

    ends = place(hub, who, "ada" if who == "desk" else "bob", state=state, blocks=blocks)
    desk, shelf = (ends, other) if who == "desk" else (other, ends)
    if not (desk.paired() and shelf.paired()):
        shelf.pairing.enter(desk.pairing.show().code, desk.address)
    else:
        shelf.network.connect(desk.address)
        desk.pairs.wake(shelf.key)
    settle(hub, desk, shelf)
    assert marks(desk, shelf) == marks(desk, desk)
    for each in (desk, shelf):
        each.leave(hub)


def test_the_last_of_these_writes_is_past_the_end(hub: Hub) -> None:
    """So every write of both nodes was one of those at which they ended."""
    for who in ("desk", "shelf"):
        state = EndingState()
        ends = place(hub, who, "ada" if who == "desk" else "bob", state=state)
        other = place(hub, "shelf" if who == "desk" else "desk", "bob" if who == "desk" else "ada")
        desk, shelf = (ends, other) if who == "desk" else (other, ends)
        furnish(desk)
        state.left = WRITES
        shelf.pairing.enter(desk.pairing.show().code, desk.address)
        settle(hub, desk, shelf)
        assert not state.ended
        for each in (desk, shelf):
            each.leave(hub)
