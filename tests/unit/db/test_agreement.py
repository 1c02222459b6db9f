"""Whether what is derived in a map from elsewhere follows from the rest of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither import limits
from leither.db import MemorySpace, Refusal, execute, rewrite
from leither.db.agreement import Agreement, Change
from leither.db.head_agreement import WrongDerivedEntry
from leither.db.layout import HEAD, LIST_TYPE, list_ends
from leither.db.tally import Tally
from tests.unit.db.database_cases import DERIVED, ran, with_derived
from tests.unit.db.replica import keys_of

SECRET = bytes(range(32))


def changes(before: MemorySpace, now: MemorySpace) -> Iterator[Change]:
    for key in sorted(before.entries.keys() | now.entries.keys()):
        if before.get(key) != now.get(key):
            yield key, before.get(key), now.get(key)


def judge(before: MemorySpace, now: MemorySpace, *, whole: bool = False) -> None:
    agreement = Agreement(SECRET, whole=whole)
    for change in changes(before, now):
        agreement.note(change)
    agreement.check(now, lambda: changes(before, now))


@pytest.mark.parametrize("whole", [True, False])
@pytest.mark.parametrize("name", DERIVED)
def test_a_map_is_taken_or_refused_for_the_entry_that_is_wrong(name: str, *, whole: bool) -> None:
    lines, _, wrong = DERIVED[name]
    now = with_derived(name)
    before = MemorySpace() if whole else ran(lines)
    if wrong is None:
        judge(before, now, whole=whole)
        return
    with pytest.raises(WrongDerivedEntry) as refused:
        judge(before, now, whole=whole)
    assert refused.value.key == wrong
    assert refused.value.stored == (
        now.entries[bytes.fromhex(wrong)].hex() if bytes.fromhex(wrong) in now.entries else None
    )
    assert refused.value.stored != refused.value.derived


def test_more_changed_keys_than_are_held_are_checked_by_walking_the_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "DB_CHECKED_KEYS_BYTES_MAX", 200)
    before = ran([f"SADD s{number} a" for number in range(9)])
    now = ran([f"SADD s{number} a b" for number in range(9)])
    judge(before, now)
    now.put(HEAD + b"s8", before.entries[HEAD + b"s8"])
    with pytest.raises(WrongDerivedEntry):
        judge(before, now)


WORDS = st.sampled_from("klm")
LINES = st.one_of(
    st.builds("SET {} {}".format, WORDS, st.integers(0, 3)),
    st.builds("{} {}".format, st.sampled_from(["INCR", "DEL", "LPOP", "RPOP", "PERSIST"]), WORDS),
    st.builds("{} {} {}".format, st.sampled_from(["SADD", "SREM", "RPUSH", "LPUSH", "HDEL", "ZREM"]), WORDS, WORDS),
    st.builds("HSET {} {} {}".format, WORDS, WORDS, WORDS),
    st.builds("HINCRBY {} {} 2".format, WORDS, WORDS),
    st.builds("ZADD {} {} {}".format, WORDS, st.integers(-1, 2), WORDS),
    st.builds("PEXPIREAT {} {}".format, WORDS, st.integers(2000, 3000)),
)


def copied(space: MemorySpace) -> MemorySpace:
    made = MemorySpace()
    for key, value in space.entries.items():
        made.put(key, value)
    return made


def after(space: MemorySpace, lines: Iterable[str], writer: int) -> MemorySpace:
    made = copied(space)
    made.writer, made.now_ms = writer, 1000
    for line in lines:
        try:
            execute(made, line.encode().split())
        except Refusal:
            continue  # a refused command changes nothing
    return made


def taken(before: MemorySpace, now: MemorySpace, *, whole: bool) -> bool:
    try:
        judge(before, now, whole=whole)
    except WrongDerivedEntry:
        return False
    return True


def right(space: MemorySpace) -> bool:
    """Whether writing what is derived anew changes nothing but a list's ends, inwards."""
    exact = copied(space)
    rewrite(exact, keys_of(space.entries))
    for key in list(space.entries):
        stored, derived = space.entries[key], exact.entries.get(key)
        if key[:1] == HEAD and derived is not None and stored[1] == derived[1] == LIST_TYPE:
            low, high = list_ends(stored)
            first, last = list_ends(derived)
            if low <= first and last <= high and stored[:-24] + stored[-8:] == derived[:-24] + derived[-8:]:
                exact.put(key, stored)
    return exact.entries == space.entries


@given(
    st.lists(LINES, max_size=12),
    st.lists(LINES, max_size=12),
    st.lists(st.tuples(st.integers(0, 40), st.sampled_from(["drop", "take", "both"])), max_size=2),
)
def test_it_is_taken_exactly_if_making_the_derived_entries_anew_changes_none(
    first: list[str], then: list[str], damage: list[tuple[int, str]]
) -> None:
    """Damage brings or drops entries of another state, so that heads and ranks are such as commands make."""
    before = after(MemorySpace(), first, 1)
    now = after(before, then, 2)
    other = after(MemorySpace(), [*then, *first], 2)
    for at, how in damage:
        source = now if how == "drop" else other
        names = sorted(source.entries)
        if not names:
            continue
        key = names[at % len(names)]
        if how == "drop":
            now.delete(key)
        else:
            now.put(key, other.entries[key])
    for start, whole in ((before, False), (MemorySpace(), True)):
        assert taken(start, now, whole=whole) == right(now)


def test_a_tally_of_equal_sets_in_any_order_is_equal() -> None:
    tally = Tally(SECRET)
    members = [b"%d" % number for number in range(1000)]
    for member in (*members, *reversed(members)):
        tally.toggle(member)
    assert tally.equal


@given(st.sets(st.binary(max_size=3)), st.sets(st.binary(max_size=3)))
def test_a_tally_names_a_member_that_one_set_alone_holds(one: set[bytes], other: set[bytes]) -> None:
    tally = Tally(SECRET)
    for member in (*one, *other):
        tally.toggle(member)
    assert tally.equal == (one == other)
    if one != other:
        assert tally.left((*one, *other)) in one ^ other
