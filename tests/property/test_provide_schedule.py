"""The schedule of announcements, over simulated days."""

import hashlib

from hypothesis import given, settings
from hypothesis import strategies as st

from leither.wire.provide_schedule import ProvideSchedule

HOUR_MS = 3600 * 1000
DAY_MS = 24 * HOUR_MS
PERIOD_MS = 22 * HOUR_MS
KEY_BYTES = 1000
PER_DAY = 240
"""Keys that the budget pays for in a day."""
BURST = 12
"""Keys that may be saved up for, and borrowed for."""


def schedule(now_ms: int = 0) -> ProvideSchedule:
    return ProvideSchedule(
        now_ms=now_ms,
        period_ms=PERIOD_MS,
        bytes_per_day=PER_DAY * KEY_BYTES,
        key_bytes=KEY_BYTES,
        burst_bytes=BURST * KEY_BYTES,
    )


def names(count: int, salt: str = "") -> list[bytes]:
    return [hashlib.sha256(f"{salt}{number}".encode()).digest() for number in range(count)]


class World:
    """A schedule that is followed, and what was announced when."""

    def __init__(self, now_ms: int = 0) -> None:
        self.now_ms = now_ms
        self.schedule = schedule(now_ms)
        self.said: list[tuple[int, bytes]] = []

    def run(self, until_ms: int) -> None:
        """Follow the schedule until a moment."""
        while True:
            key, wake_ms = self.schedule.next(self.now_ms)
            if key is not None:
                self.said.append((self.now_ms, key))
                self.schedule.said(key, now_ms=self.now_ms)
            elif wake_ms is None or wake_ms > until_ms:
                break
            else:
                assert wake_ms > self.now_ms
                self.now_ms = wake_ms
        self.now_ms = until_ms

    def last(self) -> dict[bytes, int]:
        """Return when each key was last announced."""
        return {key: at_ms for at_ms, key in self.said}


@given(count=st.integers(1, 180), gaps=st.lists(st.integers(0, 6 * HOUR_MS), min_size=0, max_size=8))
@settings(max_examples=30, deadline=None)
def test_every_key_is_announced_again_within_a_day_while_the_budget_allows(count: int, gaps: list[int]) -> None:
    world = World()
    keys = names(count)
    for place, gap_ms in enumerate([*gaps, 0]):
        world.schedule.add(keys[place :: len(gaps) + 1], {}, now_ms=world.now_ms)
        world.run(world.now_ms + gap_ms)
    world.run(5 * DAY_MS)
    for key in keys:
        times = [at_ms for at_ms, said in world.said if said == key]
        assert times
        assert max(b - a for a, b in zip(times, [*times[1:], world.now_ms], strict=True)) <= DAY_MS


@given(count=st.integers(1, 600), day=st.integers(0, 4), start_ms=st.integers(0, DAY_MS))
@settings(max_examples=30, deadline=None)
def test_no_day_costs_more_than_the_budget_and_what_may_be_saved_and_borrowed(
    count: int, day: int, start_ms: int
) -> None:
    world = World()
    world.schedule.add(names(count), {}, now_ms=0)
    world.run(6 * DAY_MS)
    first_ms = day * DAY_MS + start_ms
    assert sum(first_ms <= at_ms < first_ms + DAY_MS for at_ms, _ in world.said) <= PER_DAY + 2 * BURST + 1


@given(count=st.integers(1, 200), off_ms=st.integers(0, 4 * DAY_MS))
@settings(max_examples=30, deadline=None)
def test_a_node_that_starts_again_does_not_announce_everything_at_once(count: int, off_ms: int) -> None:
    before = World()
    before.schedule.add(names(count), {}, now_ms=0)
    before.run(DAY_MS)
    after = World(before.now_ms + off_ms)
    after.schedule.add(names(count), before.last(), now_ms=after.now_ms)
    start_ms = after.now_ms
    after.run(start_ms + HOUR_MS)
    assert len(after.said) <= PER_DAY // 24 + 1
    after.run(start_ms + 3 * DAY_MS)
    assert after.last().keys() == set(names(count))


@given(old=st.integers(0, 100), new=st.integers(1, BURST))
@settings(max_examples=30, deadline=None)
def test_what_is_new_is_announced_before_all_that_waits(old: int, new: int) -> None:
    world = World(10 * DAY_MS)
    world.schedule.add(names(old), dict.fromkeys(names(old), 1), now_ms=world.now_ms)
    fresh = names(new, "new")
    world.schedule.add(fresh, {}, now_ms=world.now_ms)
    world.run(world.now_ms)
    assert [key for _, key in world.said] == fresh


@given(count=st.integers(2, 60), removed=st.integers(1, 30), at_ms=st.integers(0, 2 * DAY_MS))
@settings(max_examples=30, deadline=None)
def test_what_is_taken_back_is_announced_no_more(count: int, removed: int, at_ms: int) -> None:
    world = World()
    keys = names(count)
    world.schedule.add(keys, {}, now_ms=0)
    world.run(at_ms)
    world.schedule.remove(keys[:removed])
    told = len(world.said)
    world.run(at_ms + 3 * DAY_MS)
    assert {key for _, key in world.said[told:]} == set(keys[removed:])


def test_a_key_that_nobody_takes_is_tried_again_with_growing_pauses() -> None:
    plan = schedule()
    plan.add(names(1), {}, now_ms=0)
    now_ms, pauses = 0, []
    for _ in range(9):
        key, _ = plan.next(now_ms)
        assert key is not None
        plan.failed(key, now_ms=now_ms)
        _, wake_ms = plan.next(now_ms)
        assert wake_ms is not None
        pauses.append((wake_ms - now_ms) // 1000)
        now_ms = wake_ms
    assert pauses == [60, 120, 240, 480, 960, 1920, 3600, 3600, 3600]


def test_a_key_that_nobody_took_is_tried_at_once_when_somebody_comes() -> None:
    plan = schedule()
    plan.add(names(1), {}, now_ms=0)
    plan.failed(names(1)[0], now_ms=0)
    assert plan.next(1)[0] is None
    plan.hurry(1)
    assert plan.next(1)[0] == names(1)[0]


def test_a_clock_that_was_set_back_does_not_keep_a_key_from_being_announced() -> None:
    plan = schedule(now_ms=DAY_MS)
    plan.add(names(1), {names(1)[0]: 400 * DAY_MS}, now_ms=DAY_MS)
    _, wake_ms = plan.next(DAY_MS)
    assert wake_ms is not None
    assert wake_ms <= DAY_MS + PERIOD_MS
