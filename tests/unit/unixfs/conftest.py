"""A fresh shelf of blocks for every test."""

from __future__ import annotations

import pytest

from tests.unit.unixfs.shelf import Shelf


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()
