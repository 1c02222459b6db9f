"""Following through the command line, between nodes in processes of their own on loopback."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

from leither.testing.suites.network import until
from tests.end_to_end.program import leither, ok, up


def address(home: Path) -> str:
    """Where others reach a node that is up."""
    found: str = ok(home, "network")["addresses"][0]
    return found


def test_a_site_is_followed_live_by_a_stranger_and_outlives_its_node(tmp_path: Path) -> None:
    first, second, site = tmp_path / "first", tmp_path / "second", tmp_path / "site"
    site.mkdir()
    (site / "index.html").write_text("<h1>one</h1>")
    with ExitStack() as nodes:
        nodes.enter_context(up(second, LEITHER_NETWORK_PORT="0"))
        with up(first, LEITHER_NETWORK_PORT="0"):
            mimei = ok(first, "app", "publish", str(site))["id"]
            found = ok(second, "follow", mimei, "--from", address(first), "--live")
            assert [source["state"] for source in found["sources"]] == ["added"], found
            assert ok(second, "mm", "ls", f"{mimei}@release")["items"]
            (site / "index.html").write_text("<h1>two</h1>")
            ok(first, "app", "publish", str(site))
            until(lambda: "two" in leither(second, "mm", "cat", f"{mimei}@release", "index.html").out, what="a change")
            assert [one["state"] for one in ok(second, "where", mimei)["holders"]] == ["current"]
        assert "two" in leither(second, "mm", "cat", f"{mimei}@release", "index.html").out
        ok(second, "verify")
        assert [item["id"] for item in ok(second, "follow")["items"]] == [mimei]
        ok(second, "unfollow", mimei)
        assert ok(second, "follow")["items"] == []


def test_what_may_not_be_read_can_not_be_followed(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    with up(first, LEITHER_NETWORK_PORT="0"), up(second, LEITHER_NETWORK_PORT="0"):
        mimei = ok(first, "mm", "create", "--mark", "own")["id"]
        found = ok(second, "follow", mimei, "--from", address(first))
        absent = ok(second, "follow", "a" * 32, "--from", address(first))
    assert [source["error"] for source in found["sources"]] == ["not-told"]
    assert found["sources"] == absent["sources"]
