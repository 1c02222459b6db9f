"""Databases of three to six writers against a model that knows places and who saw what, and nothing of entries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import groupby
from typing import Any, Protocol

import pytest
from hypothesis import given, note, settings
from hypothesis import strategies as st

from leither.codec import Cid
from leither.crypto import MimeiId
from leither.db import Map, Pairs, Refusal, Reply, execute, layout, user_key
from leither.db.layout import STRING
from leither.db.score import read_score
from leither.merkle import Entry, conflicts, get
from leither.service.archive_in import import_car
from leither.service.archive_out import export_car
from leither.service.backup import backup
from leither.service.catalog import Catalog
from leither.service.conflicts import contested
from leither.service.database import Database
from leither.service.holding import Mimei, load
from leither.testing.node import memory_engines
from tests.property.database_model import Dot, Model, Place, Refused, Shown, pairs
from tests.property.many import HISTORIES, NODE_HISTORIES
from tests.unit.db.replica import Replica, replicas

pytestmark = pytest.mark.no_cover  # tracing would take longer than the histories
Step = tuple[str, int, object]
KEYS = ("k", "l")
keys = st.sampled_from(KEYS)
names = st.sampled_from("ab")
LISTS = st.one_of(
    st.builds("{} {}".format, st.sampled_from(["LPOP", "RPOP", "LPOP", "DEL"]), keys),
    st.builds("{} {} NEW".format, st.sampled_from(["RPUSH", "RPUSH", "LPUSH"]), keys),
    st.builds("LSET {} 0 NEW".format, keys),
    st.builds("LINSERT {} {} PIVOT NEW".format, keys, st.sampled_from(["BEFORE", "AFTER"])),
)
NUMBERS = st.one_of(
    st.builds("SET {} {}".format, keys, st.sampled_from(["1", "20", "x"])),
    st.builds("INCRBY {} {}".format, keys, st.integers(-3, 9).filter(bool)),
    st.builds("INCRBY {} 1".format, keys),
    st.builds("DEL {}".format, keys),
)
FIELDS = st.one_of(
    st.builds("HSET {} {} {}".format, keys, names, st.sampled_from(["1", "y"])),
    st.builds("HINCRBY {} {} {}".format, keys, names, st.integers(1, 5)),
    st.builds("HDEL {} {}".format, keys, names),
    st.builds("DEL {}".format, keys),
)
MEMBERS = st.one_of(
    st.builds("ZADD {} {} {}".format, keys, st.integers(-1, 2), names),
    st.builds("{} {} {}".format, st.sampled_from(["SADD", "SADD", "SREM", "ZREM"]), keys, names),
    st.builds("DEL {}".format, keys),
)
EVERYTHING = st.one_of(LISTS, NUMBERS, FIELDS, MEMBERS)
anyone = st.integers(0, 5)


def histories_of(lines: st.SearchStrategy[str]) -> st.SearchStrategy[list[Step]]:
    run = st.tuples(st.just("run"), anyone, lines)
    backup = st.tuples(st.just("backup"), anyone, st.none())
    merge = st.tuples(st.just("merge"), anyone, anyone)
    return st.lists(st.one_of(run, run, run, backup, merge), min_size=30, max_size=50)


histories = st.one_of([histories_of(lines) for lines in (EVERYTHING, LISTS, NUMBERS, FIELDS, MEMBERS)])
writers = st.integers(3, 6)


Contested = Iterable[tuple[Entry, list[Entry]]]
"""What shows and what else was kept, wherever that is more than one value."""


class Writer(Protocol):
    """One writer as it is: in memory, or a node. `seq`: how many versions it had made when it began."""

    number: int
    seq: int

    def run(self, line: str) -> Reply: ...
    def backup(self) -> None: ...
    def take(self, other: Any) -> None: ...  # noqa: ANN401 - another of its kind
    def contested(self) -> Contested: ...


class InMemory:
    """A writer without services around it."""

    def __init__(self, replica: Replica) -> None:
        self.replica, self.number, self.seq = replica, replica.writer, replica.seq
        self.run, self.backup = replica.run, replica.backup

    def take(self, other: InMemory) -> None:
        self.replica.merge(other.replica)

    def contested(self) -> Contested:
        nodes, tip = self.replica.nodes, self.replica.tip
        for key, group in groupby(conflicts(nodes, tip.siblings), lambda entry: entry.key):
            entry = get(nodes, tip.root, key)
            assert entry is not None
            others = [other for other in group if other.value != entry.value]
            if others and key not in self.replica.space.touched:
                yield entry, others


class Node:
    """A node of one person."""

    def __init__(self, name: str, mimei: MimeiId | None = None, beside: Node | None = None) -> None:
        self.engines = memory_engines(node=name)
        if beside is not None:
            import_car(self.engines, export_car(beside.engines, [beside.mimei]))
        self.mimei: MimeiId = mimei or Catalog(self.engines).create(kind="db", mark="shared")[0].id
        self.backup()
        self.number, self.seq = self._held().row.number, self._held().row.seq

    def _held(self) -> Mimei:
        with self.engines.state.read() as view:
            return load(self.engines, view, self.mimei)

    def run(self, line: str) -> Reply:
        words = line.encode().split()
        return Database.open(self.engines, self.mimei).write(lambda space: execute(space, words)).result()

    def backup(self) -> None:
        backup(self.engines, self.mimei)

    def take(self, other: Node) -> None:
        self.backup()
        import_car(self.engines, export_car(other.engines, [self.mimei]))

    def contested(self) -> Contested:
        with self.engines.state.read() as view:
            for one in contested(self.engines, view, load(self.engines, view, self.mimei)):
                assert one.shown is not None
                yield one.shown, list(one.others)

    @property
    def base(self) -> Cid | None:
        return self._held().base


class Play:
    """Writers with a model each, and the order in which elements were seen."""

    def __init__(self, found: Sequence[Writer]) -> None:
        self.writers = found
        self.models = [Model(writer.number, writer.seq) for writer in found]
        self._order: dict[tuple[str, str], None] = {}
        self._pushed = 0

    def history(self, history: list[Step]) -> Play:
        for kind, who, argument in history:
            number = who % len(self.writers)
            if kind == "run":
                self._run(number, str(argument))
            elif kind == "backup":
                self.writers[number].backup()
                self.models[number].backup()
                self.compare(number)
            else:
                assert isinstance(argument, int)
                self.merge(number, (number + 1 + argument % (len(self.writers) - 1)) % len(self.writers))
                self.compare(number)
        return self

    def merge(self, number: int, other: int) -> None:
        for each in (self.writers[other], self.models[other]):
            each.backup()
        self.writers[number].take(self.writers[other])
        self.models[number].merge(self.models[other])

    def _run(self, number: int, line: str) -> None:
        writer = self.writers[number]
        self._pushed += 1
        key = line.split()[1]
        listed = elements(writer, key)
        pivot = listed[self._pushed % len(listed)] if listed else "nothing"
        line = line.replace("NEW", f"e{self._pushed}").replace("PIVOT", pivot)
        taken = None if not listed else listed[-1 if line.startswith("RPOP") else 0]
        note(f"{writer.number}: {line}")
        assert refuses(lambda: writer.run(line), Refusal) == refuses(
            lambda: self.models[number].run(line, taken), Refused
        )
        if str(writer.run(f"TYPE {key}")) == "list":
            assert elements(writer, key) == moved(listed, line.split(), f"e{self._pushed}", pivot)

    def compare(self, number: int) -> None:
        """Check that a writer shows what its model shows, and lists what its model lists."""
        writer, model = self.writers[number], self.models[number]
        assert shown(writer) == model.shown()
        assert {place(entry): sorted(map(dot, others)) for entry, others in writer.contested()} == model.contested()
        for key in KEYS:
            assert list(pairs(self._order, elements(writer, key))) == []


def moved(listed: list[str], words: list[str], new: str, pivot: str) -> list[str]:
    """Return what a command makes of the elements of a list."""
    match words[0]:
        case "RPUSH":
            return [*listed, new]
        case "LPUSH":
            return [new, *listed]
        case "LPOP":
            return listed[1:]
        case "RPOP":
            return listed[:-1]
        case "LSET":
            return [new, *listed[1:]]
        case "LINSERT" if pivot in listed:
            at = listed.index(pivot) + (words[2] == "AFTER")
            return [*listed[:at], new, *listed[at:]]
    return listed


def refuses(work: Callable[[], object], kind: type[Exception]) -> bool:
    try:
        work()
    except kind:
        return True
    return False


def elements(writer: Writer, key: str) -> list[str]:
    if str(writer.run(f"TYPE {key}")) != "list":
        return []
    listed = writer.run(f"LRANGE {key} 0 -1")
    assert isinstance(listed, list)
    return [element.decode() for element in listed]


def shown(writer: Writer) -> Shown:
    """What each key shows, as the model says it."""
    found: Shown = {}
    for key in KEYS:
        match str(writer.run(f"TYPE {key}")):
            case "string":
                found[key] = text(writer.run(f"GET {key}"))
            case "hash":
                found[key] = {text(field): text(value) for field, value in paired(writer.run(f"HGETALL {key}"))}
            case "list":
                listed = elements(writer, key)
                found[key] = set(listed)
                assert len(listed) == len(set(listed))
            case "set":
                members = writer.run(f"SMEMBERS {key}")
                assert isinstance(members, list)
                found[key] = set(map(text, members))
            case "zset":
                scores = writer.run(f"ZRANGE {key} 0 -1 WITHSCORES")
                found[key] = {text(member): str(int(score)) for member, score in paired(scores)}
    return found


def text(reply: object) -> str:
    assert isinstance(reply, bytes)
    return reply.decode()


def paired(reply: Reply) -> list[tuple[Any, Any]]:
    assert isinstance(reply, Map | Pairs)
    return list(reply)


def place(entry: Entry) -> Place:
    """The place of an entry, as the model names it."""
    key = user_key(entry.key)
    assert key is not None
    rest = entry.key[1 if entry.key[:1] == STRING else 5 + len(key) :]
    writer = int.from_bytes(rest[-4:])
    match entry.key[:1]:
        case layout.STRING:
            return "string", key.decode()
        case layout.PART:
            return "part", key.decode(), writer
        case layout.FIELD:
            return "field", key.decode(), rest.decode()
        case layout.FIELD_PART:
            return "field part", key.decode(), rest[4:-4].decode(), writer
        case layout.ELEMENT:
            return "element", key.decode(), entry.value[1:].decode()
        case layout.SCORE:
            return "score", key.decode(), rest.decode()
    raise AssertionError(f"nothing is contested at {entry}")


def dot(entry: Entry) -> Dot:
    """What an entry says, and who set it."""
    match entry.key[:1]:
        case layout.PART | layout.FIELD_PART:
            value = str(layout.read_signed(entry.value))
        case layout.SCORE:
            value = str(int(read_score(entry.value)))
        case _:
            value = entry.value[1:].decode()
    return Dot(*entry.stamp, value)


@settings(max_examples=HISTORIES)
@given(writers, histories)
def test_every_history_comes_to_what_the_model_says(count: int, history: list[Step]) -> None:
    play = Play([InMemory(replica) for replica in replicas(count)]).history(history)
    for number in range(1, count):
        play.merge(0, number)
        play.compare(0)


@settings(max_examples=NODE_HISTORIES)
@given(writers, histories)
def test_nodes_come_to_what_the_model_says(count: int, history: list[Step]) -> None:
    first = Node("node 0")
    nodes = [first, *(Node(f"node {number}", first.mimei, first) for number in range(1, count))]
    play = Play(nodes).history(history)
    for _ in range(2):
        for number in range(count):
            play.merge(number, (number + 1) % count)
    for number in range(count):
        play.merge(0, number) if number else None
    for number in range(1, count):
        play.merge(number, 0)
        play.compare(number)
    play.compare(0)
    assert len({node.base for node in nodes}) == 1
