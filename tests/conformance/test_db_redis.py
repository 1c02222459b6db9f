"""The same scripts against redis-server 7.0 and against `leither.db`; every reply is compared, type and all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leither.db import MemorySpace, Refusal, execute
from tests.conformance.redis_server import Client, Tree, running_redis, tree

SCRIPTS = sorted(Path(__file__).with_name("redis_scripts").glob("*.txt"))
UNORDERED = {b"SINTER", b"SUNION", b"SDIFF", b"SMEMBERS", b"KEYS", b"HKEYS", b"HVALS"}
PAIRED = {b"HGETALL"}
SCANS = {b"SCAN", b"SSCAN"}
PAIRED_SCANS = {b"HSCAN", b"ZSCAN"}


def words(line: str) -> list[bytes]:
    """The words of a script's line: quotes keep spaces, and backslashes escape as in Python."""
    found: list[bytes] = []
    word, quote, quoted = "", "", False
    for character in line + " ":
        if quote:
            quote = "" if character == quote else quote
            word += character if quote else ""
        elif character in "\"'":
            quote, quoted = character, True
        elif character == " ":
            if word or quoted:
                found.append(word.encode("latin-1").decode("unicode_escape").encode("latin-1"))
            word, quoted = "", False
        else:
            word += character
    return found


def settled(name: bytes, reply: Tree) -> Tree:
    """The reply with what has no order put in one."""
    kind, value = reply
    if not isinstance(value, list):
        return reply
    if name in UNORDERED:
        return kind, sorted(value, key=repr)
    if name in PAIRED:
        return kind, sorted(zip(value[::2], value[1::2], strict=True), key=repr)
    if name in SCANS | PAIRED_SCANS:
        inner: list[Any] = value[1][1]
        shown = list(zip(inner[::2], inner[1::2], strict=True)) if name in PAIRED_SCANS else inner
        return kind, [value[0], sorted(shown, key=repr)]
    return reply


def ours(space: MemorySpace, arguments: list[bytes], protocol: int) -> Tree:
    space.now_ms = time.time_ns() // 1_000_000
    try:
        return tree(execute(space, arguments), protocol)
    except Refusal as refusal:
        return tree(refusal, protocol)


@pytest.fixture(scope="module")
def redis() -> Iterator[Path]:
    with running_redis() as path:
        yield path


@pytest.mark.parametrize("protocol", [2, 3])
@pytest.mark.parametrize("script", SCRIPTS, ids=lambda script: script.stem)
def test_replies_equal_those_of_redis(redis: Path, script: Path, protocol: int) -> None:
    client = Client(redis, protocol)
    client.run(b"FLUSHALL")
    space = MemorySpace()
    differing = []
    for line in script.read_text("utf-8").splitlines():
        arguments = words(line)
        name = arguments[0].upper()
        theirs = settled(name, client.run(*arguments))
        found = settled(name, ours(space, arguments, protocol))
        if theirs != found:
            differing.append((line, theirs, found))
    client.close()
    assert differing == []
