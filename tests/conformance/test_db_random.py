"""Random commands, sensible and not, against redis-server 7.0 and `leither.db`: the same reply every time."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from leither.db import COMMANDS, MemorySpace
from tests.conformance.redis_server import Client, running_redis
from tests.conformance.test_db_redis import ours, settled

# Drawn at random, or about what only one of the two has: memory, time, a place in a hash table.
LEFT_OUT = {
    *(
        "randomkey",
        "srandmember",
        "spop",
        "hrandfield",
        "zrandmember",
        "object",
        "scan",
        "sscan",
        "hscan",
        "zscan",
        "move",
        "copy",
        "flushall",
    ),
    *("ttl", "pttl", "sort", "sort_ro", "blpop", "brpop", "blmove", "blmpop", "brpoplpush", "bzpopmin", "bzpopmax"),
    *("bzmpop", "lcs", "flushdb", "pexpireat", "expireat", "expire", "pexpire", "setex", "psetex", "getex"),
}
NAMES = sorted(name for name in COMMANDS if name not in LEFT_OUT)
KEYS = st.sampled_from([b"a", b"b", b"c"])
NUMBERS = st.one_of(
    st.integers(-4, 6).map(lambda n: b"%d" % n),
    st.sampled_from(
        [b"1.5", b"(1", b"-inf", b"+inf", b"9223372036854775807", b"-9223372036854775808", b"x", b"", b"007"]
    ),
)
OPTIONS = st.sampled_from(
    b"NX XX GT LT CH INCR GET KEEPTTL LIMIT COUNT MATCH WITHSCORES WITHVALUES REV BYSCORE BYLEX LEFT RIGHT MIN MAX "
    b"BEFORE AFTER RANK MAXLEN WEIGHTS AGGREGATE SUM STORE AND OR XOR NOT BIT BYTE u8 i5 SET INCRBY OVERFLOW SAT FAIL "
    b"[a [c (b - + * a*".split()
)
MEMBERS = st.sampled_from([b"a", b"b", b"c", b"1", b"2", b"10", b"hello"])
WORDS = st.one_of(KEYS, NUMBERS, NUMBERS, MEMBERS, MEMBERS, OPTIONS)


@st.composite
def commands(draw: st.DrawFn) -> list[bytes]:
    """A command with about as many words as it takes, keys where keys stand."""
    name = draw(st.sampled_from(NAMES))
    declaration = COMMANDS[name].declaration
    least = abs(declaration.arity)
    size = draw(st.integers(max(least - 1, 1), least + 1)) if declaration.arity > 0 else least + draw(st.integers(0, 4))
    first, last, step = declaration.keys
    stop = last if last >= 0 else size + last
    return [
        name.upper().encode(),
        *(draw(KEYS if first and first <= at <= stop and not (at - first) % step else WORDS) for at in range(1, size)),
    ]


@pytest.fixture(scope="module")
def client() -> Iterator[Client]:
    with running_redis("--hash-max-listpack-entries", "128") as path:
        connected = Client(Path(path), 3)
        yield connected
        connected.close()


SEEDS = (
    [b"RPUSH", b"a", b"a", b"b", b"c", b"1", b"a"],
    [b"ZADD", b"b", b"1", b"a", b"1", b"b", b"2", b"c"],
    [b"HSET", b"c", b"a", b"1", b"b", b"x", b"c", b"2.5"],
    [b"SADD", b"a", b"1", b"a", b"b"],
    [b"SET", b"b", b"hello"],
    [b"SET", b"c", b"10"],
)


@given(st.lists(st.sampled_from(SEEDS), max_size=3), st.lists(commands(), min_size=5, max_size=25))
def test_random_commands_are_answered_alike(client: Client, seeds: list[list[bytes]], lines: list[list[bytes]]) -> None:
    client.run(b"FLUSHALL")
    space = MemorySpace()
    for arguments in (*seeds, *lines):
        name = arguments[0]
        assert settled(name, client.run(*arguments)) == settled(name, ours(space, arguments, 3)), arguments
