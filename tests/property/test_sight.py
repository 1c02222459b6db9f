"""Which standing is older than another one, over random histories of a MiMei."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from leither.codec import DAG_CBOR, Cid
from leither.crypto import KeyPair
from leither.mimei.control import Control, Cut, WriterEntry
from leither.mimei.head import Head, Release
from leither.mimei.sight import Sight, behind
from leither.people import ALL

AUTHOR = KeyPair(bytes(32))
KEYS = [KeyPair(bytes([number]) * 32) for number in (1, 2, 3)]
TIP = Cid.of(DAG_CBOR, b"tip")
STEPS = st.lists(st.tuples(st.sampled_from(["write", "release", "control", "cut"]), st.integers(1, 3)), max_size=12)


@dataclass(frozen=True)
class State:
    """One moment: the controls up to then, and each writer's head."""

    controls: tuple[Control, ...]
    heads: dict[int, Head]

    @property
    def sight(self) -> Sight:
        return Sight.of(self.controls[-1], self.heads, length=len(self.controls))

    def follows(self, seen: Sight) -> bool:
        return any(control.cid == seen.control for control in self.controls)


def history(steps: list[tuple[str, int]]) -> list[State]:
    first = Control(
        genesis=TIP,
        created=0,
        epoch=0,
        right=0,
        writers=tuple(WriterEntry(number, key.public, int(ALL)) for number, key in enumerate(KEYS, 1)),
        by=AUTHOR.public,
    ).signed(AUTHOR)
    states = [State((first,), {})]
    for what, number in steps:
        states.append(_after(states[-1], what, number))
    return states


def _after(state: State, what: str, number: int) -> State:
    control, heads = state.controls[-1], state.heads
    is_cut = control.cut_of(number) is not None
    if what == "control" or (what == "cut" and (is_cut or number not in heads)):
        return State((*state.controls, control.following(quota=len(state.controls)).signed(AUTHOR)), heads)
    if what == "cut":
        cut = Cut(number, heads[number].seq, heads[number].cid)
        cuts = tuple(sorted((*control.cut, cut), key=lambda each: each.number))
        return State((*state.controls, control.following(cut=cuts, epoch=control.epoch + 1).signed(AUTHOR)), heads)
    if is_cut:
        return state
    before = heads.get(number)
    turns = [head.release.turn for head in heads.values() if head.release is not None]
    release = Release(TIP, max(turns, default=0) + 1) if what == "release" else before.release if before else None
    key = KEYS[number - 1]
    head = Head(
        mimei=bytes(20),
        epoch=control.epoch,
        seq=before.seq + 1 if before else 1,
        tip=TIP,
        prev=before.cid if before else None,
        release=release,
        by=key.public,
    ).signed(key)
    return State(state.controls, heads | {number: head})


@given(steps=STEPS, data=st.data())
def test_what_comes_later_is_never_older_and_what_came_earlier_always_is(
    steps: list[tuple[str, int]], data: st.DataObject
) -> None:
    states = history(steps)
    first, second = sorted(data.draw(st.tuples(*[st.integers(0, len(states) - 1)] * 2)))
    earlier, later = states[first], states[second]
    seen, now = earlier.sight, later.sight
    assert behind(seen, now, later.controls[-1], follows=later.follows(seen)) is None
    if seen != now:
        assert behind(now, seen, earlier.controls[-1], follows=earlier.follows(now)) is not None
        assert seen.rank < now.rank


@given(steps=STEPS, picks=st.lists(st.integers(0, 12), min_size=1, max_size=6))
def test_what_was_seen_in_any_order_keeps_the_newest_of_each_writer(
    steps: list[tuple[str, int]], picks: list[int]
) -> None:
    states = history(steps)
    seen: Sight | None = None
    for pick in picks:
        state = states[min(pick, len(states) - 1)]
        if seen is None:
            seen = state.sight
        elif behind(seen, state.sight, state.controls[-1], follows=state.follows(seen)) is None:
            seen = seen.joined(state.sight, state.controls[-1])
    newest = states[min(max(picks), len(states) - 1)]
    assert seen is not None
    assert behind(seen, newest.sight, newest.controls[-1], follows=newest.follows(seen)) is None


def test_a_control_that_joins_two_is_taken_by_who_has_seen_the_one_it_does_not_follow() -> None:
    (start,) = history([])
    leading, other = (_after(start, "control", 1), _after(_after(start, "control", 1), "control", 1))
    forked = State((*start.controls, start.controls[-1].following(quota=77).signed(AUTHOR)), {})
    joined = State((*other.controls, other.controls[-1].following(quota=78).signed(AUTHOR)), {})
    assert not joined.follows(forked.sight)
    assert behind(forked.sight, joined.sight, joined.controls[-1], follows=False) is None
    assert behind(forked.sight, leading.sight, leading.controls[-1], follows=False) is not None


def test_how_many_controls_there_were_counts_only_where_it_was_seen() -> None:
    (start,) = history([])
    forked = State((*start.controls, start.controls[-1].following(quota=77).signed(AUTHOR)), {})
    long = _after(_after(start, "control", 1), "control", 1)
    unknown = msgspec.structs.replace(forked.sight, length=0)
    assert behind(unknown, long.sight, long.controls[-1], follows=False) is not None
