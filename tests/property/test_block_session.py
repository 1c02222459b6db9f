"""Fetching from many providers at once: what is to be had is got, whatever the others do."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.wire.block_events import Ask, Dismiss, Joined, Misbehaved, Ticked, Wanted
from leither.wire.block_provider import Fault
from leither.wire.block_session import BlockSession
from tests.property.provider_world import BLOCKS, ENDS_S, Provider, World

COUNT = 60
ALL = frozenset(BLOCKS)
WANTED = set(BLOCKS[:COUNT])


@st.composite
def some_provider(draw: st.DrawFn, name: str) -> Provider:
    return Provider(
        name,
        frozenset(draw(st.sets(st.sampled_from(BLOCKS[:COUNT])))) if draw(st.booleans()) else ALL,
        bytes_per_s=draw(st.sampled_from([1e4, 1e5, 1e6, 1e8])),
        delay_s=draw(st.sampled_from([0.0, 0.01, 0.3, 2.0])),
        lies=draw(st.sampled_from([0.0, 0.0, 0.1, 1.0])),
        loses=draw(st.sampled_from([0.0, 0.0, 0.1, 1.0])),
        silent_from_s=draw(st.sampled_from([0.0, 1.0, 20.0, ENDS_S])),
        leaves_s=draw(st.sampled_from([0.5, 10.0, ENDS_S, ENDS_S])),
        tells=draw(st.booleans()),
        likely=draw(st.booleans()),
    )


@st.composite
def some_providers(draw: st.DrawFn) -> list[Provider]:
    count = draw(st.integers(0, 6))
    return [draw(some_provider(f"some-{number}")) for number in range(count)]


@given(others=some_providers(), at=st.integers(0, 6), seed=st.integers(0, 1 << 32))
def test_one_that_is_honest_and_has_everything_is_enough_whatever_others_do(
    others: list[Provider], at: int, seed: int
) -> None:
    honest = Provider("honest", ALL, delay_s=0.05)
    world = World([*others[:at], honest, *others[at:]], count=COUNT, seed=seed).run()
    assert set(world.taken) == WANTED
    assert "honest" not in world.dismissed


@given(others=some_providers(), seed=st.integers(0, 1 << 32))
def test_whatever_happens_it_ends_with_all_bounds_kept(others: list[Provider], seed: int) -> None:
    world = World(others, count=COUNT, seed=seed).run()
    assert world.outstanding_max <= 2 * limits.FETCH_WANTS_MAX
    assert all(
        provider.name in world.dismissed for provider in others if world.given[provider.name] and provider.lies == 1
    )
    missing = WANTED - set(world.taken)
    assert missing == set() or world.session.is_starved or not world.session.providers


@given(others=some_providers(), seed=st.integers(0, 1 << 32))
def test_a_seed_replays_a_run(others: list[Provider], seed: int) -> None:
    def run() -> tuple[object, ...]:
        for provider in others:
            provider.free_s = 0.0
            provider.withdrawn.clear()
        world = World(others, count=COUNT, seed=seed).run()
        return world.taken, world.given, world.now_s

    assert run() == run()


@given(split=st.integers(1, COUNT - 1), seed=st.integers(0, 1 << 32))
def test_what_two_have_in_part_is_got_from_both(split: int, seed: int) -> None:
    first = Provider("first", frozenset(BLOCKS[:split]))
    second = Provider("second", frozenset(BLOCKS[split:COUNT]), likely=False)
    world = World([first, second], count=COUNT, seed=seed).run()
    assert set(world.taken) == WANTED


def test_a_fast_provider_gives_nearly_all_beside_slow_ones() -> None:
    slow = [Provider(f"slow-{number}", ALL, bytes_per_s=1e5) for number in range(3)]
    world = World([*slow, Provider("fast", ALL, bytes_per_s=2e7)], count=400, seed=1).run()
    assert world.given["fast"] > 0.95 * 400
    assert world.ended_s < 1.3 * (400 * 100_000 / 2e7)


def test_equals_share_the_work_and_take_half_the_time() -> None:
    alone = World([Provider("one", ALL)], count=400, seed=1).run().ended_s
    both = World([Provider("one", ALL), Provider("two", ALL)], count=400, seed=1).run()
    assert both.ended_s < 0.6 * alone
    assert sum(both.given.values()) <= 1.02 * 400


def test_one_that_stalls_is_replaced_within_seconds() -> None:
    stalls = Provider("stalls", ALL, bytes_per_s=1e7, silent_from_s=1.0)
    world = World([stalls, Provider("steady", ALL)], count=400, seed=1).run()
    assert set(world.taken) == ALL
    assert world.ended_s < 1.0 + limits.FETCH_STALLED_S + 1.5 * (400 * 100_000 / 1e6)


def test_one_that_never_answers_costs_one_pause() -> None:
    world = World([Provider("mute", ALL, silent_from_s=0.0), Provider("steady", ALL)], count=400, seed=1).run()
    assert set(world.taken) == ALL
    assert world.ended_s < limits.FETCH_STALLED_S + 1.1 * (400 * 100_000 / 1e6)


def test_who_is_asked_for_a_block_it_was_only_asked_about_still_owes_it_when_the_question_is_old() -> None:
    session = BlockSession()
    session.receive(Wanted((BLOCKS[0],)), 0.0)
    session.receive(Joined("one", likely=False), 0.0)
    assert session.receive(Joined("one"), 1.0) == [Ask("one", (BLOCKS[0],))]
    session.receive(Ticked(), 0.5 + limits.FETCH_STALLED_S)
    (one,) = session.providers
    assert list(one.asked) == [BLOCKS[0]]


def test_what_a_dismissed_provider_owes_is_named_and_asked_of_another() -> None:
    session = BlockSession()
    session.receive(Wanted(tuple(BLOCKS[:2])), 0.0)
    session.receive(Joined("liar"), 0.0)
    session.receive(Joined("other"), 0.0)
    dismissed, asked = session.receive(Misbehaved("liar", Fault.LIED), 1.0)
    assert dismissed == Dismiss("liar", Fault.LIED, tuple(BLOCKS[:2]))
    assert asked == Ask("other", tuple(BLOCKS[:2]))
    assert session.receive(Joined("liar"), 2.0) == []


def test_a_liar_is_dismissed_and_what_it_lied_about_comes_from_another() -> None:
    world = World([Provider("liar", ALL, bytes_per_s=1e9, lies=1.0), Provider("honest", ALL)], count=400, seed=1).run()
    assert world.dismissed["liar"].fault is Fault.LIED
    assert world.given["liar"] <= 2  # both were on their way
    assert set(world.taken) == ALL


def test_nobody_is_asked_twice_while_all_is_well() -> None:
    providers = [Provider(f"p{number}", ALL, bytes_per_s=1e6) for number in range(4)]
    world = World(providers, count=400, seed=1).run()
    assert sum(world.asked.values()) <= 400 + len(providers)


def test_what_nobody_has_is_sought_once_and_the_rest_is_got() -> None:
    world = World([Provider("most", frozenset(BLOCKS[1:COUNT]))], count=COUNT, seed=1).run()
    assert set(world.taken) == WANTED - {BLOCKS[0]}
    assert world.sought == [BLOCKS[0]]
    assert world.session.is_starved
