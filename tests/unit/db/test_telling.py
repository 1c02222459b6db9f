"""What a command tells of a database that somebody may change and not read."""

import pytest

from leither.db.telling import tells


@pytest.mark.parametrize("line", ["SET k v", "set k get", "LPUSH k v", "DEL k", "ZADD k 1 m", "MSET k get", "FLUSHDB"])
def test_what_only_writes_tells_nothing(line: str) -> None:
    assert not tells(line.encode().split())


@pytest.mark.parametrize(
    "line", ["GET k", "SET k v GET", "set k v ex 1 get", "INCR k", "ZADD k INCR 1 m", "COPY a b", "X"]
)
def test_what_answers_with_values_or_moves_them_tells(line: str) -> None:
    assert tells(line.encode().split())
