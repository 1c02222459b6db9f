"""Used proofs: each counts once, and none is forgotten while it could be used again."""

from __future__ import annotations

import pytest

from leither.people.period import Period
from leither.people.refused import TooManyProofs
from leither.people.replays import MemoryReplays


def test_a_name_is_new_once() -> None:
    replays = MemoryReplays(since_ms=0)
    period = Period(0, 100)
    assert [replays.claim(name, period, 5) for name in (b"a", b"a", b"b", b"a")] == [True, False, True, False]


def test_a_name_is_remembered_until_its_time_is_over() -> None:
    replays = MemoryReplays(since_ms=0)
    replays.claim(b"a", Period(0, 100), 5)
    assert not replays.claim(b"a", Period(0, 100), 99)
    assert replays.claim(b"a", Period(0, 200), 100)


def test_what_began_before_anything_is_known_does_not_count() -> None:
    replays = MemoryReplays(since_ms=50)
    assert not replays.claim(b"a", Period(49, 100), 60)
    assert replays.claim(b"a", Period(50, 100), 60)


def test_when_all_places_are_taken_nothing_is_forgotten_and_nothing_more_counts() -> None:
    replays = MemoryReplays(since_ms=0, places=2)
    replays.claim(b"a", Period(0, 100), 5)
    replays.claim(b"b", Period(0, 50), 5)
    with pytest.raises(TooManyProofs):
        replays.claim(b"c", Period(0, 100), 49)
    assert not replays.claim(b"a", Period(0, 100), 49)
    assert replays.claim(b"c", Period(0, 100), 50)
