"""The cases in spec/vectors/database, made again from what they are about."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from leither import limits
from leither.db import MemorySpace, execute, rewrite
from leither.db.layout import collection
from leither.db.position import encode_pair

FOLDER = Path(__file__).parents[3] / "spec" / "vectors" / "database"
Case = dict[str, Any]

HISTORIES = {
    "a string": ["SET greeting hello"],
    "a string that expires": ["SET k v PXAT 2000"],
    "a counter": ["INCRBY n 5", "DECR n"],
    "a number that was set and added to": ["SET n 40", "INCRBY n 2"],
    "a counter set again": ["INCR n", "SET n 7"],
    "a hash": ["HSET h name Ada", "HINCRBY h age 36", "HSET h '' x"],
    "a set, a member gone": ["SADD s b a c", "SREM s c"],
    "scores of every kind": ["ZADD z -inf a -1.5 b -0 c 0 d 1.5 e inf f"],
    "a list from both ends": ["RPUSH l a b", "LPUSH l z"],
    "insertions in a list": ["RPUSH l a c", "LINSERT l AFTER a b", "LINSERT l BEFORE b b0", "LINSERT l AFTER a b1"],
    "a list that is gone and comes again": ["RPUSH l a b", "LPOP l 2", "RPUSH l c"],
    "a counter copied is a number": ["INCR n", "COPY n m", "PEXPIREAT m 2000"],
    "an empty key": ["SET '' x", "SADD s ''"],
    "everything deleted": ["SET k v", "HSET h f v", "DEL k h"],
}
JOINED = {
    "a value without a head": {"95000000016b6d": "80"},
    "a head without a value": {"906b": "8004000000000000000001"},
    "an expiry without a value": {"91000000016b00000001": "8000000000000003e8", "906b": "800100"},
    "two expiries": {
        "926b": "8076",
        "91000000016b00000001": "8000000000000003e8",
        "91000000016b00000002": "8000000000000007d0",
    },
    "parts of two writers": {
        "93000000016b00000001": "800000000000000005",
        "93000000016b00000002": "80fffffffffffffffe",
    },
    "a field that is a part alone": {
        "9b000000016b000000016600000001": "800000000000000005",
        "94000000016b67": "8078",
    },
    "two types": {"95000000016b6d": "80", "96000000016b6d": "803ff0000000000000"},
    "a rank without a score": {"97000000016bbff00000000000006d": "80", "96000000016b6e": "80bff0000000000000"},
    "a list's wide ends": {"98000000016b" + encode_pair(5, 1).hex(): "8061", "906b": "800300" + "00" * 24},
    "numbers of a list that is gone": {"99000000016b00000001": "80" + "00" * 16},
}


def _u64(*numbers: int) -> str:
    return "".join(number.to_bytes(8).hex() for number in numbers)


def _i64(*numbers: int) -> str:
    return "".join(number.to_bytes(8, signed=True).hex() for number in numbers)


PATHS = [[(-70000, 1)], [(-1, 1)], [(-1, 2)], [(0, 0)], [(0, 7)], [(1, 1)], [(1, 1), (-1, 2), (3, 2)], [(1, 1), (2, 2)],
         [(1, 2)], [(255, 1)], [(256, 1)], [((1 << 63) - 1, 1)]]  # fmt: skip
_LONG = "61" * (limits.DB_KEY_BYTES_MAX + 1)
INVALID = {
    "a value of another type": ("926b", "8161"),
    "no value": ("926b", ""),
    "a reserved type": ("9a000000016b", "80"),
    "a type above": ("9f000000016b", "80"),
    "a key that is too long": ("92" + _LONG, "80"),
    "a key that is cut off": ("95000000026b", "80"),
    "a member that is too long": ("95000000016b" + _LONG, "80"),
    "a member with a value": ("95000000016b6d", "8061"),
    "a field that is too long": ("94000000016b" + _LONG, "80"),
    "an expiry without a writer": ("91000000016b", "800000000000000001"),
    "an expiry beyond 63 bits": ("91000000016b00000001", "80ffffffffffffffff"),
    "a part of seven bytes": ("93000000016b00000001", "8000000000000001"),
    "a part of a writer of five bytes": ("93000000016b0000000001", "800000000000000001"),
    "a score that is no number": ("96000000016b6d", "807ff8000000000000"),
    "a negative zero": ("96000000016b6d", "808000000000000000"),
    "a score of seven bytes": ("96000000016b6d", "8000000000000000"),
    "a rank of seven bytes": ("97000000016b80000000000000", "80"),
    "a rank that is no number": ("97000000016bfff80000000000006d", "80"),
    "a rank of a negative zero": ("97000000016b7fffffffffffffff6d", "80"),
    "a rank with a value": ("97000000016b80000000000000006d", "8061"),
    "no position": ("98000000016b", "80"),
    "a position with a number in a byte too many": ("98000000016b82000100000001", "80"),
    "a position that is cut off": ("98000000016b8101000000", "80"),
    "a position with a number of nine bytes": ("98000000016b8901000000000000000000000001", "80"),
    "list numbers the wrong way round": ("99000000016b00000001", "80" + "00" * 7 + "01" + "00" * 8),
    "list numbers without a writer": ("99ffffffff", "80" + "00" * 16),
    "a part of a field that is cut off": ("9b000000016b000000026600000001", "800000000000000001"),
    "a head of nothing": ("906b", "80"),
    "a head of an unknown type": ("906b", "800600"),
    "a head with an unknown flag": ("906b", "800108"),
    "a string's head with a count": ("906b", "8001000000000000000001"),
    "a set's head with parts": ("906b", "800402" + "00" * 16),
    "a position that leaves no room behind": ("98000000016b" + encode_pair((1 << 63) - 1, 1).hex(), "8061"),
    "a position that leaves no room in front": ("98000000016b" + encode_pair(-(1 << 63), 1).hex(), "8061"),
    "a path that ends in a number that leaves no room": (
        "98000000016b" + encode_pair(1, 1).hex() + encode_pair((1 << 63) - limits.NUMBER_ROOM, 1).hex(),
        "8061",
    ),
    "list numbers that leave no room": ("99000000016b00000001", "80" + _i64(0, (1 << 63) - 1)),
    "a list's head that leaves no room": ("906b", "800300" + _i64(-(1 << 63), 0, 1)),
    "a list's head with ends the wrong way round": ("906b", "800300" + _i64(2, 1, 1)),
    "a list's head without ends": ("906b", "8003000000000000000001"),
    "a remnant's head without an expiry": ("906b", "800000"),
    "a value that is too long": ("926b", "80" + "61" * (limits.DB_VALUE_BYTES_MAX + 1)),
}
_SET, _ZSET, _LIST = ["SADD k a b"], ["ZADD k 1 m"], ["RPUSH k a b"]
_SUM, _FIELDS = ["INCRBY k 5"], ["HSET k f 1", "HINCRBY k f 2", "HINCRBY k g 3"]
_EXPIRES = ["SET k v PXAT 4000000000000"]
_LATER = 4_000_000_000_000
_ONE, _TWO = "bff0000000000000", "c000000000000000"
DERIVED: dict[str, tuple[list[str], dict[str, str | None], str | None]] = {
    "a set that counts too much": (_SET, {"906b": "8004000000000000000003"}, "906b"),
    "a set that counts too little": (_SET, {"906b": "8004000000000000000001"}, "906b"),
    "a sorted set that counts another number": (_ZSET, {"906b": "8005000000000000000000"}, "906b"),
    "a list that counts another number": (_LIST, {"906b": "800300" + _i64(1, 2, 3)}, "906b"),
    "a list that begins before its ends": (_LIST, {"906b": "800300" + _i64(2, 2, 2)}, "906b"),
    "a list that ends after its ends": (_LIST, {"906b": "800300" + _i64(1, 1, 2)}, "906b"),
    "a list with ends further out": (_LIST, {"906b": "800300" + _i64(-9, 9, 2)}, None),
    "a hash that counts its counters twice": (_FIELDS, {"906b": "800202" + _u64(2, 3)}, "906b"),
    "a hash that counts parts it has not": (_FIELDS, {"906b": "800202" + _u64(3, 2)}, "906b"),
    "a hash that denies its parts": (_FIELDS, {"906b": "800200" + _u64(2)}, "906b"),
    "a counter of another sum": (_SUM, {"906b": "800102" + _u64(0, 6)}, "906b"),
    "a counter that denies its parts": (_SUM, {"906b": "800100"}, "906b"),
    "parts that nobody added": (["SET k 5"], {"906b": "800102" + _u64(0, 0)}, "906b"),
    "an expiry that is not the latest": (_EXPIRES, {"91000000016b00000002": "80" + _u64(_LATER + 1)}, "906b"),
    "an expiry that is denied": (_EXPIRES, {"906b": "800100"}, "906b"),
    "an expiry that nobody set": (["SADD k a"], {"906b": "800401" + _u64(_LATER, 1)}, "906b"),
    "a head without a value": ([], {"906b": "800100"}, "906b"),
    "a head of a set without members": ([], {"906b": "8004000000000000000001"}, "906b"),
    "a head that holds nothing": (["SADD k a", "DEL k"], {"906b": "8004000000000000000000"}, "906b"),
    "a remnant of nothing": ([], {"906b": "800001" + _u64(_LATER)}, "906b"),
    "a remnant": ([], {"91000000016b00000001": "80" + _u64(_LATER), "906b": "800001" + _u64(_LATER)}, None),
    "an expiry without a remnant": ([], {"91000000016b00000001": "80" + _u64(_LATER)}, "906b"),
    "a string without a head": (["SET k v"], {"906b": None}, "906b"),
    "the last of several strings without a head": (["SET a 1", "SET k v"], {"906b": None}, "906b"),
    "the first of several strings without a head": (["SET k v", "SET z 1"], {"906b": None}, "906b"),
    "a list without a head": (_LIST, {"906b": None}, "906b"),
    "members without a head": (_SET, {"906b": None}, "906b"),
    "a string that calls itself a set": (["SET k v"], {"906b": "8004000000000000000001"}, "906b"),
    "a set that calls itself a string": (_SET, {"906b": "800100"}, "906b"),
    "a set that calls itself a list": (_SET, {"906b": "800300" + _i64(0, 0, 2)}, "906b"),
    "two types": (["SET k v"], {"95000000016b6d": "80", "906b": "800104"}, None),
    "two types that are no strings": (_SET, {"94000000016b66": "8076", "906b": "800204" + _u64(1)}, None),
    "a counter and another type": (_SUM, {"95000000016b6d": "80", "906b": "800106" + _u64(0, 5)}, None),
    "a string that hides nothing": (["SET k v"], {"906b": "800104"}, "906b"),
    "a string that denies what it hides": (["SET k v"], {"95000000016b6d": "80"}, "906b"),
    "a set that hides nothing": (_SET, {"906b": "8004040000000000000002"}, "906b"),
    "the higher of two types": (_SET, {"94000000016b66": "8076", "906b": "8004040000000000000002"}, "906b"),
    "a score without a rank": (_ZSET, {f"97000000016b{_ONE}6d": None}, f"97000000016b{_ONE}6d"),
    "a rank without a score": (_ZSET, {f"97000000016b{_ONE}6e": "80"}, f"97000000016b{_ONE}6e"),
    "a second rank": (_ZSET, {f"97000000016b{_TWO}6d": "80"}, f"97000000016b{_TWO}6d"),
    "a rank of no key": ([], {f"97000000016b{_ONE}6d": "80"}, f"97000000016b{_ONE}6d"),
}


def entries_of(space: MemorySpace) -> list[list[str]]:
    return [[key.hex(), value.hex()] for key, value in sorted(space.entries.items())]


def ran(lines: list[str]) -> MemorySpace:
    space = MemorySpace(writer=1, now_ms=1000)
    for line in lines:
        execute(space, [b"" if word == "''" else word.encode() for word in line.split()])
    return space


def rewritten(entries: dict[str, str]) -> MemorySpace:
    space = MemorySpace()
    for key, value in entries.items():
        space.put(bytes.fromhex(key), bytes.fromhex(value))
    rewrite(space, [b"k"])
    return space


def with_derived(name: str) -> MemorySpace:
    """The entries of a case in DERIVED."""
    lines, patches, _ = DERIVED[name]
    space = ran(lines)
    for key, value in patches.items():
        if value is None:
            space.delete(bytes.fromhex(key))
        else:
            space.put(bytes.fromhex(key), bytes.fromhex(value))
    return space


def files() -> dict[str, list[Case]]:
    """Every vector file's cases by its name."""
    assert collection(b"\x95", b"k").hex() == "95000000016b"
    return {
        "commands.json": [
            {"name": name, "writer": 1, "now_ms": 1000, "commands": lines, "entries": entries_of(ran(lines))}
            for name, lines in HISTORIES.items()
        ],
        "joins.json": [
            {"name": name, "keys": ["6b"], "entries": sorted(entries.items()), "after": entries_of(rewritten(entries))}
            for name, entries in JOINED.items()
        ],
        "derived.json": [
            {
                "name": name,
                "entries": entries_of(with_derived(name)),
                **({"wrong": wrong, "error": "wrong-derived-entry"} if wrong else {}),
            }
            for name, (_, _, wrong) in DERIVED.items()
        ],
        "positions.json": [
            {"path": path, "bytes": b"".join(encode_pair(*step) for step in path).hex()} for path in PATHS
        ],
        "invalid.json": [
            {"name": name, "key": key, "value": value, "error": "bad-database-entry"}
            for name, (key, value) in INVALID.items()
            if len(key) + len(value) < 100_000
        ],
    }


def text(cases: list[Case]) -> str:
    return json.dumps(cases, indent=1) + "\n"


if __name__ == "__main__":
    for name, cases in files().items():
        (FOLDER / name).write_text(text(cases), "utf-8")
