"""What commands refuse, and what they leave unchanged when they do."""

from __future__ import annotations

import pytest

from leither import limits
from leither.db import CommandRefused, MemorySpace, Refusal, UnknownCommand, WrongArity, execute, find
from leither.db.refusal import KeyTooLong, ValueTooLong

LONG_KEY = b"k" * (limits.DB_KEY_BYTES_MAX + 1)
LONG_VALUE = b"v" * (limits.DB_VALUE_BYTES_MAX + 1)


@pytest.mark.parametrize(
    "arguments",
    [
        [b"SET", LONG_KEY, b"v"],
        [b"HSET", b"k", LONG_KEY, b"v"],
        [b"HINCRBY", b"k", LONG_KEY, b"1"],
        [b"SADD", b"k", b"a", LONG_KEY],
        [b"ZADD", b"k", b"1", LONG_KEY],
        [b"RENAME", b"k", LONG_KEY],
        [b"ZUNIONSTORE", LONG_KEY, b"1", b"k"],
        [b"SORT", b"k", b"STORE", LONG_KEY],
        [b"LMPOP", b"1", LONG_KEY, b"LEFT"],
        [b"OBJECT", b"ENCODING", LONG_KEY],
    ],
    ids=lambda arguments: arguments[0].decode(),
)
def test_a_key_field_or_member_that_is_too_long_is_refused(arguments: list[bytes]) -> None:
    space = MemorySpace()
    with pytest.raises(KeyTooLong):
        execute(space, arguments)
    assert space.entries == {}


@pytest.mark.parametrize(
    "arguments",
    [
        [b"SET", b"k", LONG_VALUE],
        [b"APPEND", b"k", LONG_VALUE],
        [b"SETRANGE", b"k", b"%d" % limits.DB_VALUE_BYTES_MAX, b"x"],
        [b"LPUSH", b"k", LONG_VALUE],
    ],
    ids=lambda arguments: arguments[0].decode(),
)
def test_a_value_that_is_too_long_is_refused(arguments: list[bytes]) -> None:
    space = MemorySpace()
    with pytest.raises(ValueTooLong):
        execute(space, arguments)
    assert space.entries == {}


def test_a_string_that_would_grow_too_long_stays_as_it_is() -> None:
    space = MemorySpace()
    execute(space, [b"SET", b"k", b"v" * limits.DB_VALUE_BYTES_MAX])
    with pytest.raises(ValueTooLong):
        execute(space, [b"APPEND", b"k", b"x"])
    assert execute(space, [b"STRLEN", b"k"]) == limits.DB_VALUE_BYTES_MAX


def test_the_longest_key_and_member_fit_an_entry_of_the_map() -> None:
    space = MemorySpace()
    longest = b"k" * limits.DB_KEY_BYTES_MAX
    execute(space, [b"SET", longest, b"v" * limits.DB_VALUE_BYTES_MAX])
    execute(space, [b"HINCRBY", b"h" * limits.DB_KEY_BYTES_MAX, longest, b"1"])
    execute(space, [b"ZADD", b"z" * limits.DB_KEY_BYTES_MAX, b"1", longest])
    assert max(map(len, space.entries)) <= limits.MAP_KEY_BYTES_MAX


@pytest.mark.parametrize("line", ["XADD s * a 1", "geoadd g 1 1 x", "PFADD p a", "EVAL x 0", "DUMP k", "WAIT 1 0"])
def test_a_command_of_redis_that_is_not_here_is_refused_with_the_reason(line: str) -> None:
    with pytest.raises(CommandRefused, match="is not available here: "):
        find(line.encode().split())


def test_names_are_found_in_any_case() -> None:
    assert find([b"gEt", b"k"]) is find([b"GET", b"k"]) is find([b"get", b"k"])


def test_an_unknown_command_is_named() -> None:
    with pytest.raises(UnknownCommand, match="unknown command 'NOPE', with args beginning with: 'a' "):
        find([b"NOPE", b"a"])


def test_too_few_words_are_refused() -> None:
    with pytest.raises(WrongArity, match="wrong number of arguments for 'get' command"):
        find([b"GET"])


@pytest.mark.parametrize(
    "line",
    [
        "SRANDMEMBER s -2000000",
        "HRANDFIELD h -2000000",
        "KEYS a*a*a*a*a*a*a*a*a*a*a*a*b",
        "LCS long long",
    ],
)
def test_what_would_take_too_long_is_refused(line: str) -> None:
    space = MemorySpace()
    execute(space, [b"SADD", b"s", b"a"])
    execute(space, [b"HSET", b"h", b"a", b"b"])
    execute(space, [b"SET", b"a" * limits.DB_KEY_BYTES_MAX, b"x"])
    execute(space, [b"SET", b"long", b"x" * 5000])
    if line.startswith("KEYS"):
        assert execute(space, line.encode().split()) == []  # going back to the last asterisk alone is enough
        return
    with pytest.raises(Refusal):
        execute(space, line.encode().split())
