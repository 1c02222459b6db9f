"""When working copies that change are shared."""

from __future__ import annotations

from leither import limits
from leither.crypto import MimeiId
from leither.wire.sync_pace import Pace

ONE, OTHER = MimeiId(bytes(20)), MimeiId(b"\1" * 20)
PAUSE_MS = limits.SYNC_SHARE_PAUSE_MS


def test_a_change_is_shared_at_once() -> None:
    pace = Pace()
    assert (pace.take(0), pace.wake_ms()) == ([], None)
    pace.note(ONE, 5)
    assert pace.wake_ms() == 5
    assert pace.take(5) == [ONE]
    assert (pace.take(5), pace.wake_ms()) == ([], None)


def test_what_goes_on_changing_is_shared_after_a_pause_and_once() -> None:
    pace = Pace()
    pace.note(ONE, 0)
    pace.take(0)
    pace.done(ONE, 10)
    for now_ms in range(11, 20):
        pace.note(ONE, now_ms)
    assert pace.take(19) == []
    assert pace.wake_ms() == 10 + PAUSE_MS
    assert pace.take(10 + PAUSE_MS) == [ONE]
    assert pace.wake_ms() is None


def test_what_changes_while_it_is_shared_is_shared_again_and_not_beside_it() -> None:
    pace = Pace()
    pace.note(ONE, 0)
    pace.take(0)
    pace.note(ONE, 1)
    assert (pace.take(1000), pace.wake_ms()) == ([], None)
    pace.done(ONE, 1000)
    assert pace.take(1000 + PAUSE_MS) == [ONE]


def test_one_does_not_wait_for_another() -> None:
    pace = Pace()
    pace.note(ONE, 0)
    pace.take(0)
    pace.note(OTHER, 1)
    assert pace.take(1) == [OTHER]


def test_after_a_rest_a_change_is_shared_at_once_again() -> None:
    pace = Pace()
    pace.note(ONE, 0)
    pace.take(0)
    pace.done(ONE, 0)
    pace.note(ONE, PAUSE_MS + 1)
    assert pace.take(PAUSE_MS + 1) == [ONE]
