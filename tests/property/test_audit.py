"""Laws of audits: they stay within bounds, lose and double no deed, and name what gives each right."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.people.audit import HOUR_MS, Entry, Trace, surplus
from leither.people.policy import allowed, basis
from leither.people.right import Act
from leither.service.audit import Tally
from leither.service.audit_rows import read_audit
from leither.testing.node import clock_of, memory_engines
from tests.property.test_rights import Question, questions, times

PEOPLE = 5
MOST, OF_ONE, SLACK = 12, 8, 3
deeds = st.lists(
    st.one_of(
        st.tuples(st.just("note"), st.integers(0, PEOPLE - 1), st.integers(0, 9)),
        st.tuples(st.just("tally"), st.integers(0, PEOPLE - 1), st.integers(1, 3)),
        st.tuples(st.just("write"), st.just(0), st.just(0)),
        st.tuples(st.just("hour"), st.just(0), st.just(0)),
    ),
    max_size=80,
)
Deeds = list[tuple[str, int, int]]


def trace(person: int, mimei: int) -> Trace:
    return Trace("read", "api", "user", bytes([person]), mimei=bytes([mimei]))


class Run:
    """An audit of a node's owner, and what should be in it if there were no bounds."""

    def __init__(self) -> None:
        self.engines = memory_engines()
        self.model: Counter[tuple[int, Trace]] = Counter()
        self._tallies: dict[int, Tally] = {}

    def play(self, deeds: Deeds) -> None:
        for what, person, number in deeds:
            if what == "note":
                self._count(trace(person, number), 1)
                self.engines.audit.note(None, trace(person, number))
            elif what == "tally":
                tally = self._tallies.get(person) or self.engines.audit.tally(None, trace(person, 99))
                self._tallies[person] = tally
                tally.count += number
                self._count(tally.trace, number)
            elif what == "write":
                self.engines.audit.write()
            else:
                self.engines.audit.write()  # a tally counts for the hour in which it is looked at
                clock_of(self.engines).advance(HOUR_MS)

    def _count(self, done: Trace, count: int) -> None:
        self.model[self.engines.clock.now_ms() // HOUR_MS, done] += count

    def kept(self) -> list[Entry]:
        with self.engines.state.read() as view:
            return list(read_audit(view, None))


@given(deeds)
def test_while_there_is_room_everything_is_counted_exactly_once(done: Deeds) -> None:
    run = Run()
    run.play(done)
    found = run.engines.audit.read(None)
    assert {(entry.first_ms // HOUR_MS, entry.trace): entry.count for entry in found} == run.model


@given(deeds)
def test_bounds_hold_after_every_write_and_what_is_kept_is_true(done: Deeds) -> None:
    with pytest.MonkeyPatch.context() as small:
        small.setattr(limits, "AUDIT_ENTRIES_MAX", MOST)
        small.setattr(limits, "AUDIT_ENTRIES_OF_ONE_MAX", OF_ONE)
        small.setattr(limits, "AUDIT_SLACK", SLACK)
        run = Run()
        for step in done:
            run.play([step])
            if step[0] != "note":
                run.engines.audit.write()
            kept = run.kept()
            assert len(kept) <= MOST
            assert max(Counter(entry.trace.bucket for entry in kept).values(), default=0) <= OF_ONE
        run.engines.audit.write()
        for entry in run.kept():
            assert entry.count <= run.model[entry.first_ms // HOUR_MS, entry.trace]


@given(
    st.lists(st.integers(0, PEOPLE - 1), max_size=60),
    st.integers(0, 20),
    st.integers(1, 20),
)
def test_what_is_left_fits_and_nobody_has_to_go_for_who_has_more(held: list[int], most: int, of_one: int) -> None:
    gone = surplus(list(enumerate(held)), most=most, of_one=of_one)
    before = Counter(held)
    left = [(key, bucket) for key, bucket in enumerate(held) if key not in set(gone)]
    after = Counter(bucket for _, bucket in left)
    assert len(set(gone)) == len(gone)
    assert len(left) <= most
    assert max(after.values(), default=0) <= of_one
    assert len(left) == min(most, sum(min(count, of_one) for count in before.values()))
    for bucket, count in before.items():
        if after[bucket] < min(count, of_one):  # who lost something has as much left as anybody, but for one
            assert after[bucket] >= max(after.values(), default=0) - 1
        keys = [key for key, who in enumerate(held) if who == bucket]
        assert [key for key, who in left if who == bucket] == keys[count - after[bucket] :]


@given(questions(), times)
def test_a_right_has_a_basis_exactly_where_the_policy_allows_it(question: Question, now: int) -> None:
    principal, decides, chains = question
    may = allowed(principal, decides, now, chains)
    assert [act for act in Act if basis(principal, decides, act, now, chains) is not None] == [
        act for act in Act if act in may
    ]
