"""Nodes with 100 ms and 2 % of loss between them, each way: all that works side by side works there."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from leither.testing.suites.network import until
from tests.conformance.independent import REPOSITORY
from tests.conformance.ipfs_peers import helia
from tests.end_to_end.networks import Networks, far_apart
from tests.end_to_end.program import PROGRAM, TIMEOUT_S, environment, up

DELAY_S, LOSS = 0.1, 0.02
ADDRESSES = {"desk": "192.168.60.1", "shelf": "192.168.60.2", "helia": "192.168.60.3"}
SETTINGS = {"LEITHER_NETWORK": "peers"}


@dataclass(frozen=True)
class Host:
    """A host with a node on it."""

    name: str
    within: tuple[str, ...]
    home: Path

    def told(self, *arguments: str) -> Any:  # noqa: ANN401
        """Run a command, which must succeed; return its document."""
        done = subprocess.run(
            [*self.within, PROGRAM, *arguments, "--json"],
            env=environment(self.home, **SETTINGS),
            capture_output=True,
            timeout=TIMEOUT_S,
        )
        assert done.returncode == 0, done
        return json.loads(done.stdout)

    def release(self, mimei: str) -> str:
        """What it has of a MiMei as the released version."""
        return str(self.told("mm", "info", mimei)["release_cid"])

    @property
    def address(self) -> str:
        """Where it is reached from the others."""
        found = self.told("network")["addresses"]
        return next(str(each) for each in found if f"/{ADDRESSES[self.name]}/tcp/" in each and "/ws" not in each)


@contextmanager
def two(folder: Path) -> Iterator[tuple[Host, Host, Networks, Callable[[], Any]]]:
    """Have a node on each of two hosts, the second connected with the first, a third host, and what ends the line."""
    with far_apart(ADDRESSES, delay_s=DELAY_S, loss=LOSS) as (networks, end):
        desk, shelf = (Host(name, networks.on(name), folder / name) for name in ("desk", "shelf"))
        with up(desk.home, within=desk.within, **SETTINGS), up(shelf.home, within=shelf.within, **SETTINGS):
            shelf.told("peers", "add", desk.address)
            until(lambda: any(peer["rtt_ms"] for peer in shelf.told("peers")["items"]), what="a connection")
            yield desk, shelf, networks, end


@pytest.fixture
def large(site: Path) -> bytes:
    """A file of the site that takes hundreds of packets."""
    content = random.Random(1).randbytes(512 * 1024)
    (site / "large").write_bytes(content)
    return content


def test_what_is_published_far_away_is_brought_here_and_each_change_follows(
    tmp_path: Path, site: Path, large: bytes
) -> None:
    with two(tmp_path) as (desk, shelf, _, end):
        mimei = desk.told("app", "publish", str(site))["id"]
        assert shelf.told("get", mimei)["state"] == "added"
        shelf.told("follow", mimei, "--from", desk.address, "--live")
        (site / "index.html").write_text("<h1>two</h1>")
        desk.told("app", "publish", str(site))
        until(lambda: desk.release(mimei) == shelf.release(mimei), what="the change")
        (peer,) = shelf.told("peers")["items"]
        counted = end()
    # So the line is as it should be; within what chance does to some hundred packets.
    assert peer["rtt_ms"] >= 2 * DELAY_S * 1000
    assert counted["carried"] > len(large) // 1500
    assert LOSS / 4 < counted["lost"] / counted["carried"] < 3 * LOSS


def test_nodes_far_apart_pair_and_each_keeps_what_the_other_has(tmp_path: Path, site: Path) -> None:
    with two(tmp_path) as (desk, shelf, _, _):
        mimei = desk.told("app", "publish", str(site))["id"]
        invitation = shelf.told("pair", "--no-wait", "--name", "ada")["invitation"]
        assert desk.told("pair", "enter", invitation, "--name", "bob")["name"] == "bob"
        assert desk.told("backup-status", "--wait", "50")["safe"]
        assert shelf.release(mimei) == desk.release(mimei)


def test_helia_far_away_reads_what_is_published(tmp_path: Path, site: Path, large: bytes) -> None:
    # Whoever enters a namespace loses the folder they are in, from which Helia finds its packages.
    there = ("env", "--chdir", str(REPOSITORY / "web"))
    with two(tmp_path) as (desk, _, networks, _), helia(within=(*networks.on("helia"), *there)) as reader:
        mimei = desk.told("app", "publish", str(site))["id"]
        (cid,) = (item["cid"] for item in desk.told("mm", "ls", f"{mimei}@release")["items"] if item["name"] == "large")
        reader.dial(desk.address)
        assert reader.cat(cid) == hashlib.sha256(large).hexdigest()
