"""Strings, hashes and expiry as commands answer."""

from __future__ import annotations

import pytest

from leither.db import OK, MemorySpace, Reply, WrongType, execute


def run(space: MemorySpace, line: str) -> Reply:
    return execute(space, line.encode().split())


def test_a_string_reads_back() -> None:
    space = MemorySpace()
    assert run(space, "SET a 1") == OK
    assert run(space, "GET a") == b"1"


def test_a_counter_counts_from_a_set_value() -> None:
    space = MemorySpace()
    run(space, "SET a 5")
    assert run(space, "INCRBY a 3") == 8
    assert run(space, "GET a") == b"8"


def test_a_hash_refuses_string_commands() -> None:
    space = MemorySpace()
    assert run(space, "HSET h f 1 g 2") == 2
    with pytest.raises(WrongType):
        run(space, "GET h")


def test_a_key_is_gone_once_its_time_has_passed() -> None:
    space = MemorySpace(now_ms=1000)
    run(space, "SET a 1 PX 100")
    space.now_ms = 1100
    assert run(space, "GET a") == b"1"
    space.now_ms = 1101
    assert run(space, "GET a") is None
    assert run(space, "PTTL a") == -2


def test_a_version_shows_what_has_expired() -> None:
    space = MemorySpace(now_ms=1000)
    run(space, "SET a 1 PX 100")
    space.now_ms, space.frozen = 5000, True
    assert run(space, "GET a") == b"1"
