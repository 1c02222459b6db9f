"""The cities of the world in a database: each version reads back as it was, by Redis, HTTP and the command line."""

from __future__ import annotations

import http.client
import json
import socket
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, Protocol

import hiredis
import pytest

from tests.end_to_end.program import Up, ok, up
from tests.real.gazetteer import Batch, City, State, Words, edited, loading, read_cities
from tests.unit.resp.served import packed

BATCHES = 10
TIMEOUT_S = 300
PIPELINED = 1000
REQUESTED = 10_000
pytestmark = [pytest.mark.network, pytest.mark.timeout(1800)]


class Door(Protocol):
    """A way to read one version."""

    def ask(self, commands: Iterable[Words]) -> Iterator[list[str]]:
        """Yield the replies, each as the words in it."""


class ByRedis:
    """The Redis protocol."""

    def __init__(self, port: int, user: str, token: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=TIMEOUT_S)
        self._reader = hiredis.Reader(encoding="utf-8")
        assert list(self.ask([("AUTH", user, token)])) == [["OK"]]

    def close(self) -> None:
        self._socket.close()

    def ask(self, commands: Iterable[Words]) -> Iterator[list[str]]:
        waiting = iter(commands)
        while batch := list(islice(waiting, PIPELINED)):
            self._socket.sendall(b"".join(packed(*words) for words in batch))
            for words in batch:
                while (reply := self._reader.gets()) is False:
                    self._reader.feed(self._socket.recv(1 << 20))
                assert not isinstance(reply, hiredis.ReplyError), (words, reply)
                yield flat(reply)


@dataclass(frozen=True)
class ByHttp:
    """The HTTP API: many commands a request."""

    port: int
    address: str
    token: str

    def ask(self, commands: Iterable[Words]) -> Iterator[list[str]]:
        waiting = iter(commands)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        with closing(http.client.HTTPConnection("localhost", self.port, timeout=TIMEOUT_S)) as connection:
            while batch := list(islice(waiting, REQUESTED)):
                body = json.dumps({"commands": batch})
                connection.request("POST", f"/api/v1/mimei/{self.address}/db", body, headers)
                with connection.getresponse() as answer:
                    assert answer.status == 200
                    yield from map(flat, json.load(answer)["replies"])


@dataclass(frozen=True)
class ByCommand:
    """The command line: one command each."""

    home: Path
    address: str

    def ask(self, commands: Iterable[Words]) -> Iterator[list[str]]:
        for words in commands:
            yield flat(ok(self.home, "db", self.address, *words)["reply"])


def flat(reply: Any) -> list[str]:  # noqa: ANN401 - whatever a reply may be
    """The words of a reply, however deep they stand. A score is a whole number here."""
    match reply:
        case None:
            return []
        case {"map": pairs}:
            return flat(pairs)
        case dict():
            raise AssertionError(reply)
        case list():
            return [word for item in reply for word in flat(item)]
        case float():
            assert reply.is_integer()
            return [str(int(reply))]
        case _:
            return [str(reply)]


@dataclass(frozen=True)
class Gazetteer:
    """The database on a running node, and what it held at each version."""

    home: Path
    node: Up
    mimei: str
    token: str
    port: int
    states: list[State]
    batches: list[Batch]

    def http(self, n: int) -> Door:
        return ByHttp(self.node.port, f"{self.mimei}@{n}", self.token)

    def command(self, n: int) -> Door:
        return ByCommand(self.home, f"cities@{n}")

    @contextmanager
    def redis(self, version: str) -> Iterator[ByRedis]:
        with closing(ByRedis(self.port, f"{self.mimei}{version}", self.token)) as door:
            yield door

    def sample(self, n: int) -> list[str]:
        """Cities that the edits before and after version `n` had to do with, and some from all over the world."""
        near = [batch.keys for batch in self.batches[max(n - 1, 0) : n + 1]]
        named = sorted(key.removeprefix("city:") for key in set().union(*near) if key.startswith("city:"))
        return [*named[::7], *sorted(self.states[n].cities)[::2000]]


@contextmanager
def edited_ten_times(home: Path, cities: State) -> Iterator[Gazetteer]:
    """Have cities loaded and backed up, and edited and backed up ten times, while the context lasts."""
    with up(home) as node:
        mimei = ok(home, "mm", "create", "--type", "db", "--mark", "cities")["id"]
        token = ok(home, "token", "create", "cities", "--scope", "write")["token"]
        ports = {int(address.rpartition(":")[2]) for address in ok(home, "status")["listening"]} - {node.port}
        found = Gazetteer(home, node, mimei, token, ports.pop(), [cities], [])
        with found.redis("") as writer:
            assert all(list(writer.ask(loading(found.states[0]))))
            assert list(writer.ask([("MM.BACKUP", "as they were")])) == [["0"]]
            for number in range(1, BATCHES + 1):
                batch = edited(found.states[-1], number)
                assert all(list(writer.ask(batch.commands)))
                assert list(writer.ask([("MM.BACKUP", f"batch {number}")])) == [[str(number)]]
                found.states.append(batch.after)
                found.batches.append(batch)
        yield found


def check_cities(door: Door, state: State, names: Sequence[str]) -> None:
    replies = door.ask(("HGETALL", f"city:{name}") for name in names)
    for name, reply in zip(names, replies, strict=True):
        city = state.cities.get(name)
        assert dict(zip(reply[::2], reply[1::2], strict=True)) == (city.fields if city else {}), name


def check_populations(door: Door, state: State, count: int = 0) -> None:
    """Compare the order of populations: the `count` largest, or all."""
    (reply,) = door.ask([("ZRANGE", "population", str(-count), "-1", "WITHSCORES")])
    assert list(zip(reply[::2], map(int, reply[1::2]), strict=True)) == state.by_population[-count:]


def check_countries(door: Door, state: State, countries: Sequence[str]) -> None:
    replies = door.ask(("SMEMBERS", f"country:{country}") for country in countries)
    for country, reply in zip(countries, replies, strict=True):
        assert len(reply) == len(set(reply))
        assert set(reply) == state.by_country.get(country, set()), country


def check_totals(door: Door, state: State) -> None:
    asked = [("DBSIZE",), ("ZCARD", "population"), ("LRANGE", "log", "0", "-1"), ("GET", "lines")]
    keys, cities, log, lines = door.ask(asked)
    assert keys == [str(state.keys)]
    assert cities == [str(len(state.cities))]
    assert log == list(state.log)
    assert lines == ([str(len(state.log))] if state.log else [])


def check_all(door: Door, state: State) -> None:
    check_totals(door, state)
    check_populations(door, state)
    check_countries(door, state, sorted(state.by_country))
    check_cities(door, state, sorted(state.cities))


def check_all_at_once(door: Door, state: State) -> None:
    """The same with few commands: the cities are joined to the order of populations."""
    check_totals(door, state)
    check_populations(door, state)
    check_countries(door, state, sorted(state.by_country))
    gets = [word for field in City._fields for word in ("GET", f"city:*->{field}")]
    (reply,) = door.ask([("SORT_RO", "population", "BY", "nosort", "GET", "#", *gets)])
    width = 1 + len(City._fields)
    found = {reply[at]: reply[at + 1 : at + width] for at in range(0, len(reply), width)}
    assert found == {name: list(city.fields.values()) for name, city in state.cities.items()}


def check_differences(gazetteer: Gazetteer, n: int) -> None:
    """Version `n` differs from the next in the keys that were edited, and in no other."""
    found = ok(gazetteer.home, "diff", "cities", str(n), str(n + 1))["items"]
    assert {item["key"] for item in found} == gazetteer.batches[n].keys


def test_every_version_of_the_largest_cities_reads_back_as_it_was(tmp_path: Path) -> None:
    """The newest is compared whole, and which keys differ from each to the next, so what all others have follows."""
    with edited_ten_times(tmp_path / "home", read_cities().largest(100_000)) as gazetteer:
        for n in range(BATCHES):
            check_differences(gazetteer, n)
        for n, state in enumerate(gazetteer.states):
            named = gazetteer.sample(n)
            countries = sorted(state.by_country)[n::20]
            with gazetteer.redis(f".{n}") as redis:
                check_totals(redis, state)
                check_populations(redis, state)
                check_countries(redis, state, countries)
                check_cities(redis, state, named)
            check_totals(gazetteer.http(n), state)
            check_populations(gazetteer.http(n), state, 1000)
            check_countries(gazetteer.http(n), state, countries)
            check_cities(gazetteer.http(n), state, named)
            check_totals(gazetteer.command(n), state)
            check_populations(gazetteer.command(n), state, 100)
            check_cities(gazetteer.command(n), state, named[::40])
        check_all(gazetteer.http(BATCHES), gazetteer.states[-1])


@pytest.mark.soak
def test_every_version_of_all_cities_reads_back_whole_through_every_door(tmp_path: Path) -> None:
    with edited_ten_times(tmp_path / "home", read_cities()) as gazetteer:
        for n, state in enumerate(gazetteer.states):
            with gazetteer.redis(f".{n}") as redis:
                check_all(redis, state)
            check_all(gazetteer.http(n), state)
            check_all_at_once(gazetteer.command(n), state)
