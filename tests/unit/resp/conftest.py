"""What the tests of the Redis front door share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.unit.resp.served import Client, Served, served


@pytest.fixture
def door() -> Iterator[Served]:
    with served() as found:
        yield found


@pytest.fixture
def client(door: Served) -> Iterator[Client]:
    with door.client() as found:
        yield found
