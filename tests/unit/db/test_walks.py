"""SCAN and its kin while keys come and go, and drawing at random."""

from __future__ import annotations

import random

import pytest

from leither import limits
from leither.db import Cursors, MemorySpace, execute, expired_keys, remove_expired, sweep_place
from leither.db.glob import Glob


def run(space: MemorySpace, line: str) -> object:
    return execute(space, line.encode().split())


def filled(count: int) -> MemorySpace:
    space = MemorySpace(chance=random.Random(1).randrange)
    for number in range(count):
        run(space, f"SET key:{number:04} v")
    return space


def walk(space: MemorySpace, command: str) -> list[bytes]:
    """Everything a walk shows."""
    found: list[bytes] = []
    cursor = b"0"
    while True:
        step = run(space, command.format(cursor.decode()))
        assert isinstance(step, list)
        cursor, shown = step
        found += shown
        if cursor == b"0":
            return found
        assert 0 < int(cursor) < 1 << 63


def test_a_walk_shows_every_key_once() -> None:
    space = filled(1000)
    assert len(set(walk(space, "SCAN {} COUNT 7"))) == 1000


def test_a_walk_goes_on_after_the_key_it_stands_on_is_deleted() -> None:
    space = filled(30)
    step = run(space, "SCAN 0 COUNT 10")
    assert isinstance(step, list)
    for number in range(5, 15):
        run(space, f"DEL key:{number:04}")
    following = run(space, f"SCAN {step[0].decode()} COUNT 100")
    assert isinstance(following, list)
    assert following[1] == [f"key:{number:04}".encode() for number in range(15, 30)]


def test_an_unknown_cursor_begins_anew() -> None:
    space = filled(3)
    step = run(space, "SCAN 12345")
    assert step == [b"0", [b"key:0000", b"key:0001", b"key:0002"]]


@pytest.mark.parametrize(
    ("fill", "command"),
    [("HSET c f{0} v", "HSCAN c {}"), ("SADD c f{0}", "SSCAN c {}"), ("ZADD c 1 f{0}", "ZSCAN c {}")],
)
def test_a_large_collection_is_walked_in_steps(fill: str, command: str) -> None:
    space = MemorySpace()
    for number in range(600):
        run(space, fill.format(number))
    found = walk(space, command)
    names = {name for name in found if name.startswith(b"f")}
    assert len(names) == 600
    first = run(space, command.format(0))
    assert isinstance(first, list)
    assert len(first[1]) in (10, 20)


def test_cursors_are_forgotten_beyond_their_bounds() -> None:
    cursors = Cursors()
    first = cursors.remember(b"first")
    assert cursors.recall(first) == b"first"
    assert cursors.remember(b"first") == first
    for number in range(limits.DB_CURSOR_BYTES_MAX // limits.DB_KEY_BYTES_MAX + 1):
        cursors.remember(number.to_bytes(2) * (limits.DB_KEY_BYTES_MAX // 2))
    assert cursors.recall(first) == b""


@pytest.mark.parametrize(
    ("pattern", "name", "fits"),
    [
        ("h?llo", "hello", True),
        ("h*llo", "heeello", True),
        ("h[ae]llo", "hallo", True),
        ("h[^e]llo", "hello", False),
        ("h[a-c]llo", "hbllo", True),
        ("h[c-a]llo", "hbllo", True),
        (r"h\*llo", "h*llo", True),
        (r"h[\]]llo", "h]llo", True),
        ("*a*b", "xxaxxb", True),
        ("*a*b", "xxaxx", False),
        ("", "", True),
        ("", "a", False),
        ("*", "", True),
        ("a", "", False),
        ("[", "[", False),
        ("a\\", "a\\", True),
    ],
)
def test_patterns(pattern: str, name: str, fits: bool) -> None:
    assert Glob(pattern.encode()).matches(name.encode()) is fits


@pytest.mark.parametrize("command", ["RANDOMKEY", "SRANDMEMBER s", "HRANDFIELD h", "ZRANDMEMBER z"])
def test_everything_is_drawn_sooner_or_later(command: str) -> None:
    space = MemorySpace(chance=random.Random(7).randrange)
    run(space, "SADD s a b c")
    run(space, "HSET h a 1 b 2 c 3")
    run(space, "ZADD z 1 a 2 b 3 c")
    assert len({str(run(space, command)) for _ in range(100)}) == 3


def test_several_are_drawn_once_each_or_again() -> None:
    space = MemorySpace(chance=random.Random(7).randrange)
    run(space, "SADD s a b c d")
    drawn = run(space, "SRANDMEMBER s 3")
    assert isinstance(drawn, list)
    assert len(set(drawn)) == 3
    again = run(space, "SRANDMEMBER s -50")
    assert isinstance(again, list)
    assert set(again) == {b"a", b"b", b"c", b"d"}
    popped = run(space, "SPOP s 2")
    assert isinstance(popped, list)
    assert run(space, "SCARD s") == 2


def test_a_random_key_has_not_expired() -> None:
    space = MemorySpace(chance=lambda bound: bound - 1)
    run(space, "SET a 1")
    run(space, "SET b 1 PX 10")
    space.now_ms = 100
    assert run(space, "RANDOMKEY") == b"a"


def test_a_sweep_finds_and_removes_what_has_expired() -> None:
    space = MemorySpace()
    run(space, "SET a 1 PX 10")
    run(space, "HSET bb f v")
    run(space, "PEXPIRE bb 10")
    run(space, "SET later 1 PX 1000")
    space.now_ms = 11
    assert list(expired_keys(space)) == [b"a", b"bb"]
    assert list(expired_keys(space, sweep_place(b"bb"))) == [b"bb"]
    assert remove_expired(space, [b"a", b"bb", b"later", b"nope"]) == 2
    assert run(space, "KEYS *") == [b"later"]
    assert space.events[-2:] == [("x", "expired", b"a"), ("x", "expired", b"bb")]


def test_nothing_expires_in_a_version() -> None:
    space = MemorySpace(frozen=True)
    run(space, "SET a 1 PX 10")
    space.now_ms = 1000
    assert list(expired_keys(space)) == []
    assert run(space, "PTTL a") == 0
