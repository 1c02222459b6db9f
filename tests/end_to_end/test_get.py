"""`leither get` between two programs on this machine."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from leither.node.home import Home
from leither.testing.suites.network import until
from tests.end_to_end.program import leither, ok, up

pytestmark = pytest.mark.network
PORT = {"LEITHER_NETWORK_PORT": "0"}


@pytest.fixture
def publisher(home: Path, site: Path) -> Iterator[dict[str, Any]]:
    """What a running node has published: the app, and the address of the node."""
    app = ok(home, "app", "publish", str(site))
    with up(home, **PORT):
        yield {"id": app["id"], "address": ok(home, "network")["addresses"][0]}


@pytest.fixture
def elsewhere(publisher: dict[str, Any], tmp_path: Path) -> Iterator[Path]:
    """The home folder of another running node, connected with that one."""
    other = tmp_path / "elsewhere"
    with up(other, **PORT):
        ok(other, "peers", "add", publisher["address"])
        until(lambda: any(peer["protocols"] for peer in ok(other, "peers")["items"]), what="a connection")
        yield other


def test_a_published_app_is_brought_to_another_node_and_written_to_a_folder(
    publisher: dict[str, Any], elsewhere: Path, site: Path, tmp_path: Path
) -> None:
    first = leither(elsewhere, "get", publisher["id"])
    assert first.status == 0, first
    assert f"{publisher['id']} is here now: 1 version came from 12D3KooW" in first.out
    done = ok(elsewhere, "get", f"{publisher['id']}@release", str(tmp_path / "copy"))
    assert done["state"] == "unchanged"
    assert (tmp_path / "copy" / "index.html").read_bytes() == (site / "index.html").read_bytes()


def test_what_nobody_has_and_what_is_no_id_are_told_apart(elsewhere: Path) -> None:
    nowhere = leither(elsewhere, "get", "a" * 32)
    assert (nowhere.status, "none of the peers asked (1) gave it" in nowhere.err) == (3, True)
    assert leither(elsewhere, "get", "nonsense").status != 0


def test_with_the_network_off_and_nobody_near_the_remedy_is_told(home: Path) -> None:
    with up(home, **PORT):
        answer = leither(home, "get", "a" * 32)
    assert answer.status != 0
    assert "leither network lan" in answer.err


def test_webdav_of_what_is_elsewhere_brings_it_here(publisher: dict[str, Any], elsewhere: Path, site: Path) -> None:
    running = Home(elsewhere).running()
    assert running is not None
    address = f"{running.url}dav/{publisher['id']}@release/index.html"
    token = {"authorization": f"Bearer {running.token}"}
    assert httpx.get(address).status_code == 401
    answer = httpx.get(address, headers=token)
    assert (answer.status_code, answer.content) == (200, (site / "index.html").read_bytes())
