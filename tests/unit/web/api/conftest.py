"""A node in memory for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.web.api.node import Node, running


@pytest.fixture
def node() -> Iterator[Node]:
    with running() as found:
        yield found
