"""What two writers changed while apart, after a join."""

from __future__ import annotations

import pytest

from leither.db import Map, MemorySpace, rewrite
from leither.db.layout import EMPTY_VALUE, HEAD, collection
from tests.unit.db.replica import Replica, replicas


def apart(*lines: str) -> tuple[Replica, Replica]:
    """Two writers that both stand on the first's `lines`."""
    one, two = replicas(2)
    for line in lines:
        one.run(line)
    one.backup()
    two.merge(one)
    return one, two


def together(one: Replica, two: Replica, now_ms: int = 0) -> None:
    one.backup(now_ms)
    two.backup(now_ms)
    one.merge(two)
    two.stand_on(one.tip)


def test_what_both_added_to_a_counter_adds_up() -> None:
    one, two = apart("SET n 10")
    one.run("INCRBY n 5")
    two.run("INCRBY n 7")
    together(one, two)
    assert one.run("GET n") == b"22"
    assert two.run("DECRBY n 2") == 20


def test_what_both_added_to_a_field_adds_up() -> None:
    one, two = apart("HSET h n 10 m x")
    one.run("HINCRBY h n 5")
    two.run("HINCRBY h n 7")
    together(one, two)
    assert one.run("HGET h n") == b"22"
    assert one.run("HGETALL h") == Map([(b"m", b"x"), (b"n", b"22")])
    assert two.run("HLEN h") == 2


def test_a_number_set_beside_an_increment_is_added_to() -> None:
    one, two = apart("INCR n")
    one.run("SET n 100")
    two.run("INCRBY n 5")
    together(one, two)
    assert one.run("GET n") == b"105"


def test_a_text_set_beside_an_increment_shows() -> None:
    one, two = apart("INCR n")
    one.run("SET n text")
    two.run("INCRBY n 5")
    together(one, two)
    assert two.run("GET n") == b"text"


def test_a_field_set_beside_a_deletion_of_the_key_stays() -> None:
    one, two = apart("HSET h a 1 b 2")
    one.run("DEL h")
    two.run("HSET h c 3")
    together(one, two)
    assert one.run("HGETALL h") == Map([(b"c", b"3")])
    assert two.run("HLEN h") == 1


def test_a_key_of_which_each_removed_a_half_is_gone() -> None:
    one, two = apart("SADD s a b", "ZADD z 1 a 2 b")
    for line in ("SREM s a", "ZREM z a"):
        one.run(line)
    for line in ("SREM s b", "ZREM z b"):
        two.run(line)
    together(one, two)
    assert one.run("EXISTS s z") == 0
    assert one.run("KEYS *") == []


def test_members_and_scores_of_both_are_there_in_order() -> None:
    one, two = apart("ZADD z 1 a 2 b")
    one.run("ZADD z 5 a")
    two.run("ZADD z 3 c")
    together(one, two)
    assert one.run("ZRANGE z 0 -1") == [b"b", b"c", b"a"]
    assert two.run("ZRANK z c") == 1
    assert two.run("ZCARD z") == 3


def test_the_later_expiry_stands() -> None:
    one, two = apart("SET k v")
    one.run("PEXPIREAT k 1000")
    two.run("PEXPIREAT k 2000")
    together(one, two)
    assert one.run("PEXPIRETIME k") == 2000
    assert two.run("GET k", now_ms=1500) == b"v"


def test_a_key_given_more_time_stands_whole_although_it_expired_elsewhere() -> None:
    one, two = apart("HSET h a 1 b 2", "PEXPIREAT h 1000")
    two.run("PEXPIREAT h 5000", now_ms=500)
    together(one, two, now_ms=2000)
    assert one.run("HGETALL h", now_ms=2000) == Map([(b"a", b"1"), (b"b", b"2")])
    assert two.run("PEXPIRETIME h", now_ms=2000) == 5000


def test_a_key_made_to_persist_stands_whole_although_it_expired_elsewhere() -> None:
    one, two = apart("RPUSH l a b", "PEXPIREAT l 1000")
    two.run("PERSIST l", now_ms=500)
    together(one, two, now_ms=2000)
    assert one.run("LRANGE l 0 -1", now_ms=2000) == [b"a", b"b"]
    assert one.run("TTL l", now_ms=2000) == -1


def test_what_was_added_to_a_key_that_expired_elsewhere_does_not_outlive_it() -> None:
    one, two = apart("SADD s a", "PEXPIREAT s 1000")
    two.run("SADD s b", now_ms=500)
    two.backup(500)
    one.backup(2000)
    one.merge(two, now_ms=2000)
    assert one.run("EXISTS s", now_ms=2000) == 0


def test_of_two_types_one_shows_and_the_other_stays_whole_until_the_key_is_set() -> None:
    one, two = replicas(2)
    one.run("SADD k a b")
    two.run("ZADD k 1 x")
    together(one, two)
    assert one.run("TYPE k") == two.run("TYPE k") == "set"
    assert any(key[:1] == b"\x96" for key in one.space.entries)
    one.run("SET k v")
    assert one.run("GET k") == b"v"
    assert not any(key[:1] in b"\x95\x96\x97" for key in one.space.entries)


def test_an_expiry_whose_key_is_gone_does_not_reach_a_later_key() -> None:
    one, two = apart("SADD s a b")
    one.run("SREM s a")
    one.run("PEXPIREAT s 5000")
    two.run("SREM s b")
    together(one, two)
    assert one.run("EXISTS s") == 0
    one.run("SADD s new")
    assert one.run("TTL s") == -1


def test_a_list_that_was_emptied_and_filled_again_uses_no_number_twice() -> None:
    one, two = apart("RPUSH l a")
    two.run("LSET l 0 changed")
    one.run("LPOP l")
    one.run("RPUSH l b")
    together(one, two)
    assert one.run("LRANGE l 0 -1") == [b"changed", b"b"]


def test_lists_that_come_and_go_leave_one_mark_behind() -> None:
    one, _ = replicas(2)
    for number in range(5):
        one.run(f"RPUSH queue{number} a b")
        one.run(f"LPOP queue{number} 2")
    assert len(one.space.entries) == 1


def test_a_rewrite_takes_away_ranks_without_scores() -> None:
    space = MemorySpace()
    space.put(collection(b"\x97", b"z") + bytes(8) + b"m", EMPTY_VALUE)
    space.put(HEAD + b"z", bytes((0x80, 5, 0)) + (1).to_bytes(8))
    rewrite(space, [b"z"])
    assert space.entries == {}


@pytest.mark.parametrize("line", ["APPEND n 0", "INCRBYFLOAT n 0.5", "SETRANGE n 0 9", "SETBIT n 0 0"])
def test_a_counter_changed_as_a_string_becomes_one(line: str) -> None:
    one, _ = replicas(2)
    one.run("INCR n")
    one.run(line)
    assert not any(key[:1] == b"\x93" for key in one.space.entries)
