"""Laws of merging databases, over random histories of several writers."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from leither.db import MemorySpace, Refusal, derive_head, rewrite
from leither.db.layout import HEAD, LIST_TYPE, list_ends
from leither.merkle import check
from tests.property.many import HISTORIES
from tests.unit.db.replica import Replica, joined, keys_of, regrouped, replicas
from tests.unit.merkle.memory import SMALL

counts = st.integers(3, 6)
"""How many writers there are."""
writers = st.integers(0, 5)
keys = st.sampled_from("kl")
items = st.sampled_from("abc")
lines = st.one_of(
    st.builds("SET {} {}".format, keys, st.integers(0, 9)),
    st.builds("{} {}".format, st.sampled_from(["INCR", "DECR", "DEL", "LPOP", "RPOP", "PERSIST", "ZPOPMIN"]), keys),
    st.builds("{} {} {}".format, st.sampled_from(["SADD", "SREM", "RPUSH", "LPUSH", "HDEL", "ZREM"]), keys, items),
    st.builds("HSET {} {} {}".format, keys, items, items),
    st.builds("HINCRBY {} {} 2".format, keys, items),
    st.builds("ZADD {} {} {}".format, keys, st.integers(-1, 2), items),
    st.builds("LINSERT {} BEFORE {} {}".format, keys, items, items),
    st.builds("LSET {} 0 {}".format, keys, items),
    st.builds("RENAME {} {}".format, keys, keys),
    st.builds("COPY {} {} REPLACE".format, keys, keys),
    st.builds("PEXPIREAT {} {}".format, keys, st.integers(20, 200)),
)
steps = st.one_of(
    st.tuples(st.just("run"), writers, lines),
    st.tuples(st.just("run"), writers, lines),
    st.tuples(st.just("backup"), writers, st.none()),
    st.tuples(st.just("merge"), writers, writers),
)
histories = st.lists(steps, min_size=12, max_size=60)


def play(count: int, history: list[tuple[str, int, object]]) -> list[Replica]:
    """Play a history; a step takes a few milliseconds, so some keys expire on the way."""
    found = replicas(count)
    for now_ms, (kind, number, argument) in enumerate(history):
        replica = found[number % count]
        if kind == "run":
            try:
                replica.run(str(argument), now_ms * 4)
            except Refusal:
                continue  # a refused command changes nothing, which `consistent` sees
        elif kind == "backup":
            replica.backup(now_ms * 4)
        else:
            assert isinstance(argument, int)
            replica.merge(found[argument % count], now_ms=now_ms * 4)
    return found


def consistent(space: MemorySpace) -> None:
    """Check that the derived entries are those that follow from the rest; a list's ends may be wider."""
    exact = MemorySpace()
    for key, value in space.entries.items():
        exact.put(key, value)
    touched = keys_of(space.entries)
    rewrite(exact, touched)
    for key in touched:
        head, derived = space.entries.get(HEAD + key), exact.entries.get(HEAD + key)
        if head is not None and derived is not None and head[1] == derived[1] == LIST_TYPE:
            assert head[:-24] == derived[:-24]
            assert head[-8:] == derived[-8:]
            low, high = list_ends(head)
            least, most = list_ends(derived)
            assert low <= least <= most <= high
            space.put(HEAD + key, derived)
    assert space.entries == exact.entries
    assert all(derive_head(exact, key) == exact.entries.get(HEAD + key) for key in touched)


@settings(max_examples=HISTORIES)
@given(counts, histories)
def test_what_follows_from_entries_always_agrees_with_them(count: int, history: list[tuple[str, int, object]]) -> None:
    for replica in play(count, history):
        consistent(replica.space)


@settings(max_examples=HISTORIES)
@given(counts, histories, st.randoms(use_true_random=False))
def test_joins_of_databases_are_the_same_bytes_in_any_order_and_grouping(
    count: int, history: list[tuple[str, int, object]], chance: random.Random
) -> None:
    found = play(count, history)
    for replica in found:
        replica.backup(len(history) * 4)
    nodes = found[0].nodes
    tips = [replica.tip for replica in found]
    whole = joined(nodes, tips)
    check(nodes, whole.root, SMALL)
    for _ in range(5):
        assert regrouped(nodes, tips, chance) == whole
    assert joined(nodes, [whole, *chance.sample(tips, chance.randint(0, count)), whole]) == whole


class Numbered:
    """Names every pushed element differently."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self) -> str:
        self.count += 1
        return f"e{self.count}"


pushes = st.tuples(st.sampled_from(["RPUSH", "LPUSH", "INSERT", "LPOP", "RPOP", "INCR"]), writers, writers)
list_histories = st.lists(
    st.one_of(pushes, pushes, st.tuples(st.just("merge"), writers, writers)), min_size=10, max_size=80
)


@settings(max_examples=HISTORIES)
@given(counts, list_histories)
def test_every_push_not_popped_is_there_once_in_a_stable_order(count: int, history: list[tuple[str, int, int]]) -> None:
    found = replicas(count)
    name = Numbered()
    pushed: set[bytes] = set()
    popped: set[bytes] = set()
    order: dict[tuple[bytes, bytes], int] = {}
    added = 0
    for kind, number, argument in history:
        replica = found[number % count]
        if kind == "merge":
            found[argument % count].backup()
            replica.merge(found[argument % count])
        elif kind == "INCR":
            replica.run(f"INCRBY n {argument + 1}")
            added += argument + 1
        elif kind in ("LPOP", "RPOP"):
            taken = replica.run(f"{kind} l")
            popped.update({taken} if isinstance(taken, bytes) else set())
        elif kind == "INSERT":
            listed = replica.run("LRANGE l 0 -1")
            assert isinstance(listed, list)
            if listed:
                pivot = listed[argument % len(listed)].decode()
                replica.run(f"LINSERT l {('BEFORE', 'AFTER')[argument % 2]} {pivot} {name()}")
                pushed.add(f"e{name.count}".encode())
        elif kind in ("RPUSH", "LPUSH"):
            replica.run(f"{kind} l {name()}")
            pushed.add(f"e{name.count}".encode())
        listed = replica.run("LRANGE l 0 -1")
        assert isinstance(listed, list)
        note_order(order, listed)
    for replica in found:
        replica.backup()
    found[0].merge(*found[1:])
    left = found[0].run("LRANGE l 0 -1")
    assert isinstance(left, list)
    assert sorted(left) == sorted(pushed - popped)
    note_order(order, left)
    assert found[0].run("GET n") == (str(added).encode() if added else None)


def note_order(order: dict[tuple[bytes, bytes], int], listed: list[bytes]) -> None:
    """Check that no two elements ever changed sides."""
    for at, left in enumerate(listed):
        for right in listed[at + 1 :]:
            assert order.setdefault((left, right), 1) == 1
            assert (right, left) not in order
