"""Whole nodes at work among fifty peers for an hour: memory stays flat, and being idle is cheap.

For ten minutes nobody does anything, and what passes is counted; in less, no node makes itself known in the DHT anew.
In the rest one node writes, another keeps and follows it, and the crowd fetches, searches and talks. LEITHER_SOAK_S is
how long both take together, 3,600 s by default.
"""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest

from leither.testing.suites.network import until
from tests.end_to_end.namespace import Namespace, namespace
from tests.soak.lines import Told, told
from tests.soak.slope import slope

LENGTH_S = float(os.environ.get("LEITHER_SOAK_S", "3600"))
QUIET_S, IDLE_S = 30, 600
"""Until all have told each other who they are; and then, that nobody does anything."""
WARM_WRITES = 1500
"""At first, as fast as they come: so many that the caches of records and map nodes are full, as after days."""
SETTLE_SHARE = 1 / 4
"""Of the work, until threads are there and what was warmed up has come to rest."""
CROWD = 49
"""Beside the other node, so that there are fifty peers."""
ROUND_S = 3
WRITE_ROUNDS = 5
"""Rounds from one write to the next, in which all of it must have arrived."""
GROWTH_KB_PER_HOUR = 2_048
IDLE_BYTES_PER_DAY = 50_000_000


class Work:
    """What goes on all along. Each step checks that what the one before began has come about."""

    def __init__(self, desk: Told, shelf: Told, crowd: Told) -> None:
        self.desk, self.shelf, self.crowd = desk, shelf, crowd
        self.site, self.notes = desk.ask("make", "site", True), desk.ask("make", "notes", False)
        self._roots: dict[str, str] = {}
        self._round = 0

    def write(self) -> None:
        """Write what is followed, and what is only kept."""
        for mimei in (self.site, self.notes):
            self._roots[mimei] = self.desk.ask("write", mimei, f"as of round {self._round}")

    def warm_up(self) -> None:
        """Write so much that what is remembered of it takes all the room it may."""
        for number in range(WARM_WRITES):
            self._round = -number
            self.write()
            if number % 50 == 0:
                self.arrived()
        self._round = 0
        self.arrived()

    def step(self) -> None:
        """Fetch, search and talk; now and then see that what was written is there, and write again."""
        self._round += 1
        one, other = self._round % CROWD, (self._round * 7 + 3) % CROWD
        assert self.crowd.ask("fetch", one, self._roots[self.site]) >= 0
        if one != other:
            assert self.crowd.ask("find", one, other, f"what {one} has"), f"round {self._round}"
        self.crowd.ask("say", other, f"round {self._round}")
        self.desk.ask("say", f"round {self._round}")
        if self._round % WRITE_ROUNDS == 0:
            self.arrived()
            self.write()

    def arrived(self) -> None:
        """See that the other node has all that was written."""
        until(
            lambda: all(self.shelf.ask("release", mimei) == root for mimei, root in self._roots.items()),
            what=f"what was written before round {self._round}",
        )


def meet(alone: Namespace, desk: Path, shelf: Path, crowd: Told) -> str:
    """Connect everybody with the first node, and pair it with the other; return its address."""

    def asked(home: Path, *arguments: str) -> Any:  # noqa: ANN401
        answer = alone.run("leither", *arguments, "--json", home=home)
        assert answer.status == 0, answer
        return answer.json

    address = next(each for each in asked(desk, "network")["addresses"] if "/127.0.0.1/" in each)
    asked(shelf, "pair", "enter", asked(desk, "pair", "--no-wait")["invitation"], "--name", "desk")
    crowd.ask("connect", address)
    return str(address)


def idle(desk: Told) -> float:
    """Let nobody do anything; return the bytes a day that a node sends and receives meanwhile."""
    time.sleep(QUIET_S)
    started, before = time.monotonic(), desk.ask("stand")
    time.sleep(IDLE_S)
    after, taken_s = desk.ask("stand"), time.monotonic() - started
    assert after["peers"] == before["peers"], "bytes of those who left aren't counted"
    size_bytes = after["bytes"] - before["bytes"]
    a_day = float(size_bytes * 86_400 / taken_s)
    print(
        f"\nidle with {after['peers']} peers: {size_bytes:,} bytes x 86,400 s / {taken_s:,.0f} s = {a_day:,.0f} a day"
    )
    return a_day


def live(work: Work) -> dict[str, list[tuple[float, float]]]:
    """Do the work; return the kilobytes of its own that each node has, by seconds."""
    started = time.monotonic()
    samples: dict[str, list[tuple[float, float]]] = {"the node that writes": [], "the node that keeps": []}
    for due_s in range(0, round(LENGTH_S - QUIET_S - IDLE_S), ROUND_S):
        time.sleep(max(started + due_s - time.monotonic(), 0))
        work.step()
        for found, node in zip(samples.values(), (work.desk, work.shelf), strict=True):
            found.append((time.monotonic() - started, node.ask("stand")["own_kb"]))
    return samples


@pytest.mark.soak
@pytest.mark.timeout(2 * LENGTH_S + 600)
def test_memory_is_flat_while_nodes_work_and_an_idle_node_stays_within_its_budget(tmp_path: Path) -> None:
    homes = desk_home, shelf_home = tmp_path / "desk", tmp_path / "shelf"
    with ExitStack() as stack:
        alone = stack.enter_context(namespace())
        desk, shelf = (stack.enter_context(told(alone.within, "tests.soak.node", str(home))) for home in homes)
        crowd = stack.enter_context(told(alone.within, "tests.soak.crowd", str(CROWD)))
        address = meet(alone, desk_home, shelf_home, crowd)
        until(lambda: desk.ask("stand")["peers"] > CROWD, what="fifty peers")
        a_day = idle(desk)
        work = Work(desk, shelf, crowd)
        work.write()
        alone.run("leither", "follow", work.site, "--from", address, "--live", home=shelf_home)
        work.arrived()
        work.warm_up()
        samples = live(work)
        for node in (desk, shelf):
            print(node.ask("stand"))
    surely = {}
    for name, found in samples.items():
        settled = found[round(SETTLE_SHARE * len(found)) :]
        growth = slope(settled)
        print(
            f"{name}: {settled[0][1]:,.0f} to {settled[-1][1]:,.0f} KB in {settled[-1][0] - settled[0][0]:,.0f} s, "
            f"{growth.per_hour:+,.0f} KB/hour, give or take {growth.margin:,.0f} (95 %)"
        )
        surely[name] = growth.surely
    assert a_day <= IDLE_BYTES_PER_DAY
    assert max(surely.values()) <= GROWTH_KB_PER_HOUR, surely
