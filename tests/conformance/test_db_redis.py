"""The same scripts against redis-server 7.0 and against `leither.db`; every reply is compared, type and all."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from leither.db import COMMANDS, REFUSED, MemorySpace, Refusal, execute, find, keys_of
from leither.db.telling import tells
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


def plain(reply: Tree) -> Any:  # noqa: ANN401 - whatever the server says
    """The values of a reply, without their types."""
    value = reply[1]
    return [plain(item) for item in value] if isinstance(value, list) else value


def test_what_is_declared_of_commands_is_what_redis_says(redis: Path) -> None:
    client = Client(redis, 2)
    for name, found in COMMANDS.items():
        declaration = found.declaration
        _, arity, flags, *keys = plain(client.run(b"COMMAND", b"INFO", name.encode()))[0][:6]
        facts = plain(client.run(b"COMMAND", b"DOCS", name.encode()))[1]
        docs = dict(zip(facts[::2], facts[1::2], strict=True))
        assert declaration.arity == arity, name
        assert {flag.encode() for flag in declaration.flags} == set(flags), name
        assert list(declaration.keys) == keys, name
        assert (declaration.group.encode(), declaration.since.encode()) == (docs[b"group"], docs[b"since"]), name
    client.close()


def test_every_command_of_the_groups_is_carried_out_or_refused_by_name(redis: Path) -> None:
    client = Client(redis, 2)
    listed = plain(client.run(b"COMMAND", b"DOCS"))
    groups = {
        name.decode(): dict(zip(f[::2], f[1::2], strict=True))[b"group"]
        for name, f in zip(listed[::2], listed[1::2], strict=True)
    }
    client.close()
    ours_to_answer = {b"string", b"hash", b"list", b"set", b"sorted-set", b"generic", b"bitmap"}
    refused = {name.decode() for name in REFUSED}
    assert {name for name, group in groups.items() if group in ours_to_answer} - COMMANDS.keys() - refused == set()
    absent = {b"stream", b"geo", b"hyperloglog", b"scripting", b"cluster"}
    assert {name for name, group in groups.items() if group in absent} - refused == set()
    assert refused & COMMANDS.keys() == set()


@pytest.mark.parametrize(
    "line",
    ["ZUNIONSTORE d 2 a b", "LMPOP 2 a b LEFT", "BZMPOP 1 1 a MIN", "MSET a 1 b 2", "SINTERCARD 1 a", "BITOP AND d a b",
     "OBJECT ENCODING a", "BLPOP a b 1", "SORT a STORE b", "EXISTS a b c", "LMOVE a b LEFT LEFT"],
)  # fmt: skip
def test_the_keys_of_a_command_are_those_redis_finds(redis: Path, line: str) -> None:
    client = Client(redis, 2)
    arguments = words(line)
    theirs = plain(client.run(b"COMMAND", b"GETKEYS", *arguments))
    client.close()
    assert sorted(keys_of(find(arguments).declaration, arguments)) == sorted(theirs)


def test_what_tells_nothing_is_what_redis_gives_no_access_to_values(redis: Path) -> None:
    client = Client(redis, 2)
    for name, found in COMMANDS.items():
        if found.declaration.writes and not tells([name.encode()]):
            (info,) = plain(client.run(b"COMMAND", b"INFO", name.encode()))
            # Of what an option makes tell, Redis says that the flags vary.
            assert "ACCESS" not in str(info[8]) or name == "set", name
    client.close()
