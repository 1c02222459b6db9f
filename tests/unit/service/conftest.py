"""Engines for the tests of services."""

from __future__ import annotations

import pytest

from leither.service.engines import Engines
from leither.testing.node import memory_engines


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
