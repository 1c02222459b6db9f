"""Files on demand through the command line, between nodes in processes of their own on loopback."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.end_to_end.program import leither, ok, up

pytestmark = pytest.mark.network
PORT = {"LEITHER_NETWORK_PORT": "0"}
MIB = 1 << 20


def address(home: Path) -> str:
    """Where others reach a node that is up."""
    found: str = ok(home, "network")["addresses"][0]
    return found


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
