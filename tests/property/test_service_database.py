"""Databases that several nodes of one person write apart and exchange: all come to the same, and nothing is lost."""

from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from leither.crypto import MimeiId
from leither.db import execute
from leither.service.archive_in import import_car
from leither.service.archive_out import export_car
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.database import Database
from leither.service.engines import Engines
from leither.service.holding import load
from leither.testing.node import memory_engines
from tests.property.many import NODE_HISTORIES
from tests.unit.service.life import counters, recounted

COUNTS = st.integers(3, 6)
COMMANDS = st.sampled_from(
    [
        b"INCR n",
        b"INCRBY n 5",
        b"RPUSH l a",
        b"LPUSH l b",
        b"HINCRBY h f 2",
        b"SADD s x",
        b"SADD s y",
        b"SREM s x",
        b"ZADD z 1 m",
        b"ZADD z 2 k",
        b"SET t one",
        b"SET t two",
        b"DEL t",
    ]
)
READS = (b"GET n", b"LRANGE l 0 -1", b"HGETALL h", b"SMEMBERS s", b"ZRANGE z 0 -1 WITHSCORES", b"GET t", b"DBSIZE")
STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("do"), st.integers(0, 5), COMMANDS),
        st.tuples(st.just("send"), st.integers(0, 5), st.integers(0, 5)),
    ),
    min_size=10,
    max_size=30,
)


def run(engines: Engines, mimei: MimeiId, line: bytes) -> object:
    return Database.open(engines, mimei).write(lambda space: execute(space, line.split())).result()


def send(source: Engines, target: Engines, mimei: MimeiId) -> None:
    backup(source, mimei)
    import_car(target, export_car(source, [mimei]))


def gossip(nodes: Sequence[Engines], mimei: MimeiId) -> None:
    """Let every node hear of every other through the first, twice, so that merges made on the way are heard of too."""
    first, *others = nodes
    for _ in range(2):
        for other in others:
            send(other, first, mimei)
        for other in others:
            send(first, other, mimei)


@settings(max_examples=NODE_HISTORIES)
@given(COUNTS, STEPS)
def test_nodes_that_heard_the_same_answer_the_same_and_count_everything(
    count: int, steps: list[tuple[str, int, object]]
) -> None:
    nodes = [memory_engines(node=f"node {number}") for number in range(count)]
    mimei = Catalog(nodes[0]).create(kind="db", mark="shared")[0].id
    run(nodes[0], mimei, b"SET begun yes")
    for other in nodes[1:]:
        send(nodes[0], other, mimei)
    counted = pushed = field = 0
    for what, which, more in steps:
        who = which % count
        if what == "send":
            assert isinstance(more, int)
            if more % count != who:
                send(nodes[who], nodes[more % count], mimei)
            continue
        assert isinstance(more, bytes)
        run(nodes[who], mimei, more)
        counted += {b"INCR n": 1, b"INCRBY n 5": 5}.get(more, 0)
        pushed += more[1:5] == b"PUSH"
        field += 2 * (more == b"HINCRBY h f 2")
    gossip(nodes, mimei)
    bases = set()
    for engines in nodes:
        with engines.state.read() as view:
            bases.add(load(engines, view, mimei).base)
    assert len(bases) == 1
    answers = [[run(engines, mimei, line) for line in READS] for engines in nodes]
    first = answers[0]
    assert all(answer == first for answer in answers)
    assert first[0] == (str(counted).encode() if counted else None)
    assert isinstance(first[1], list)
    assert len(first[1]) == pushed
    assert run(nodes[0], mimei, b"HGET h f") == (str(field).encode() if field else None)


def test_what_is_written_over_an_empty_version_from_elsewhere_is_saved() -> None:
    here, there = memory_engines(node="here"), memory_engines(node="there")
    made = Catalog(here).create(kind="db", mark="empty")[0].id
    backup(here, made)
    import_car(there, export_car(here, [made]))
    Database.open(there, made).write(lambda space: execute(space, [b"SET", b"key", b"1"])).result()
    assert recounted(there, made) == counters(there, made)
    assert backup(there, made).changed
    assert counters(there, made)[2] == 0
