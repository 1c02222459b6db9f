"""Files on demand through the command line, between nodes in processes of their own on loopback."""

from __future__ import annotations

import random
from pathlib import Path

import httpx
import pytest

from leither.node.home import Home
from leither.testing.suites.network import until
from tests.end_to_end.program import leither, ok, up

pytestmark = pytest.mark.network
PORT = {"LEITHER_NETWORK_PORT": "0"}
MIB = 1 << 20


def address(home: Path) -> str:
    """Where others reach a node that is up."""
    found: str = ok(home, "network")["addresses"][0]
    return found


def connect(home: Path, other: Path) -> None:
    """Choose another node as a peer, and wait until they are connected."""
    ok(home, "peers", "add", address(other))
    until(lambda: any(peer["protocols"] for peer in ok(home, "peers")["items"]), what="a connection")


def test_a_folder_is_followed_on_demand_read_in_part_brought_whole_and_outlives_its_node(tmp_path: Path) -> None:
    first, second, site = tmp_path / "first", tmp_path / "second", tmp_path / "site"
    site.mkdir()
    data = random.Random(1).randbytes(4 * MIB)
    (site / "index.html").write_text("<h1>one</h1>")
    (site / "large").write_bytes(data)
    with up(second, **PORT):
        with up(first, **PORT):
            mimei = ok(first, "app", "publish", str(site))["id"]
            found = ok(second, "follow", mimei, "--from", address(first), "--on-demand")
            assert [source["state"] for source in found["sources"]] == ["added"], found
            (item,) = ok(second, "follow")["items"]
            assert item["on_demand"]
            assert "0 bytes of 4.0 MiB" in leither(second, "follow").out
            assert "one" in leither(second, "mm", "cat", f"{mimei}@release", "index.html").out
            assert "12 bytes of 4.0 MiB" in leither(second, "follow").out
            ok(second, "verify")
            ok(second, "gc")
        lacking = leither(second, "mm", "cat", f"{mimei}@release", "large")
        assert (lacking.status, "can't be had now" in lacking.err) == (8, True), lacking
        assert "one" in leither(second, "mm", "cat", f"{mimei}@release", "index.html").out
        with up(first, **PORT):
            found = ok(second, "follow", mimei, "--from", address(first))
            assert not found["on_demand"]
            ok(second, "get", mimei, str(tmp_path / "copy"))
        assert (tmp_path / "copy" / "large").read_bytes() == data
        ok(second, "verify")
        assert leither(second, "mm", "cat", f"{mimei}@release", "index.html").status == 0


def test_while_the_node_does_not_serve_what_is_not_here_is_told_apart_from_what_is_lost(tmp_path: Path) -> None:
    first, second, site = tmp_path / "first", tmp_path / "second", tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>one</h1>")
    with up(second, **PORT), up(first, **PORT):
        mimei = ok(first, "app", "publish", str(site))["id"]
        connect(second, first)
        ok(second, "get", mimei, "--on-demand")
    lacking = leither(second, "mm", "cat", f"{mimei}@release", "index.html")
    assert (lacking.status, "this node does not serve now" in lacking.err) == (8, True), lacking
    ok(second, "verify")


def test_opening_an_address_brings_what_is_asked_for_and_no_more(tmp_path: Path) -> None:
    first, second, site = tmp_path / "first", tmp_path / "second", tmp_path / "site"
    site.mkdir()
    data = random.Random(2).randbytes(6 * MIB)
    (site / "index.html").write_text("<h1>one</h1>")
    (site / "large").write_bytes(data)
    with up(second, **PORT), up(first, **PORT):
        mimei = ok(first, "app", "publish", str(site))["id"]
        connect(second, first)
        running = Home(second).running()
        assert running is not None
        with httpx.Client(base_url=running.url, headers={"authorization": f"Bearer {running.token}"}) as client:
            part = client.get(f"/mm/{mimei}@release/large", headers={"range": "bytes=3145730-3149825"})
            assert (part.status_code, part.content) == (206, data[3145730:3149826])
            copy = client.get(f"/api/v1/mimei/{mimei}/copy").json()
            assert (copy["on_demand"], copy["here_bytes"], copy["total_bytes"]) == (True, MIB, 6 * MIB + 12)
            page = client.get("/", headers={"host": f"{mimei}.{httpx.URL(running.url).netloc.decode()}"})
            assert page.text == "<h1>one</h1>"
            assert client.get(f"/dav/{mimei}@release/large").content == data
