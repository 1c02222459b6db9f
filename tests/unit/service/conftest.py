"""Engines for the tests of services."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest

from leither.service.engines import Engines
from leither.testing.hub import Hub
from leither.testing.node import memory_engines
from tests.unit.service.following_world import Node, making
from tests.unit.service.pairing_world import Place, place


@pytest.fixture
def desk() -> Engines:
    """A node of Ada's."""
    return memory_engines(node="desk")


@pytest.fixture
def phone() -> Engines:
    """Another node of Ada's."""
    return memory_engines(node="phone")


@pytest.fixture
def stranger() -> Engines:
    """A node of somebody else's."""
    return memory_engines(person="bob", node="bob's")


@pytest.fixture
def hub() -> Iterator[Hub]:
    """A network in memory."""
    with Hub() as made:
        yield made


@pytest.fixture
def two(hub: Hub) -> Iterator[tuple[Place, Place]]:
    """A node of Ada's and one of Bob's on one hub, not paired yet."""
    desk, shelf = place(hub, "desk", "ada"), place(hub, "shelf", "bob")
    yield desk, shelf
    hub.close()
    for each in (desk, shelf):
        each.close()


@pytest.fixture
def node() -> Iterator[Callable[..., Node]]:
    """Makes nodes that may follow each other, on one hub."""
    with making() as make:
        yield make
