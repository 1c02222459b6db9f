"""Commands, with a node running and without one."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.program import PROGRAM, environment, leither, ok, up

pytestmark = pytest.mark.network


def same(document: Any) -> Any:  # noqa: ANN401
    """A document without what differs between two nodes: the running one's port, and when a token was last used."""
    if isinstance(document, dict):
        return {name: same(value) for name, value in document.items() if name not in ("url", "last_used")}
    return [same(value) for value in document] if isinstance(document, list) else document


QUESTIONS = [
    ("mm", "list"),
    ("app", "list"),
    ("mm", "info", "site"),
    ("mm", "ls", "site"),
    ("mm", "ls", "site@0", "css"),
    ("mm", "ls", "site", "-r"),
    ("log", "site"),
    ("diff", "site", "0", "1"),
    ("right", "get", "site"),
    ("quota", "get", "site"),
    ("ref", "list", "site"),
    ("ref", "list", "site", "--back"),
    ("tag", "list", "site"),
    ("tag", "find", "subject:art"),
    ("token", "list"),
    ("conflicts", "site"),
    ("mm", "info", "nobody"),
    ("mm", "ls", "site@7"),
    ("backup", "site"),
    ("merge", "site"),
]


def test_answers_are_the_same_with_and_without_a_running_node(home: Path, site: Path) -> None:
    ok(home, "app", "publish", str(site))
    (site / "index.html").write_text("two")
    ok(home, "app", "publish", str(site))
    ok(home, "tag", "add", "site", "subject:art")
    ok(home, "backup", "site")
    alone = [leither(home, *question, "--json") for question in QUESTIONS]
    with up(home, "--port", "0", "--no-welcome"):
        served = [leither(home, *question, "--json") for question in QUESTIONS]
    for question, one, two in zip(QUESTIONS, alone, served, strict=True):
        assert (question, one.status, same(one.json)) == (question, two.status, same(two.json))


def test_publishing_the_same_folder_again_makes_no_version(home: Path, site: Path) -> None:
    first = ok(home, "app", "publish", str(site))
    again = ok(home, "app", "publish", str(site))
    assert (again["version"], again["cid"], again["changed"]) == (0, first["cid"], 0)
    assert "nothing changed" in leither(home, "app", "publish", str(site)).out


def test_a_release_can_be_rolled_back(home: Path, site: Path) -> None:
    app = ok(home, "app", "publish", str(site))
    (site / "index.html").write_text("two")
    ok(home, "app", "publish", str(site))
    with up(home) as node:
        assert node.page(app["id"]) == b"two"
        ok(home, "release", "site@0")
        assert node.page(app["id"]) == b"<h1>one</h1>"


def test_a_folder_comes_back_bit_for_bit(home: Path, site: Path, tmp_path: Path) -> None:
    (site / "big").write_bytes(os.urandom(3_000_000))
    (site / "big").chmod(0o640)
    os.utime(site / "big", ns=(0, 1_600_000_000_123_000_000))
    ok(home, "app", "publish", str(site))
    ok(home, "mm", "get", "site@release", "-o", str(tmp_path / "copy"))
    copy = tmp_path / "copy"
    assert subprocess.run(["diff", "-r", "--no-dereference", site, copy]).returncode == 0
    assert (copy / "big").stat().st_mtime_ns == 1_600_000_000_123_000_000
    assert (copy / "big").stat().st_mode & 0o777 == 0o640


def test_bytes_go_in_by_standard_input_and_come_out_in_part(home: Path) -> None:
    ok(home, "mm", "create", "--mark", "notes")
    ok(home, "mm", "put", "notes", "-", "a/b.txt", stdin=b"0123456789")
    assert leither(home, "mm", "cat", "notes", "a/b.txt", "--offset", "2", "--length", "3").out == "234"
    assert leither(home, "mm", "cat", "notes", "a/b.txt", "--offset", "8").out == "89"


def test_the_life_of_a_mimei_by_hand(home: Path) -> None:
    info = ok(home, "mm", "create", "--mark", "notes")
    ok(home, "mm", "put", "notes", "-", "a", stdin=b"one")
    assert ok(home, "backup", "notes", "--note", "first")["version"]["n"] == 0
    ok(home, "mm", "put", "notes", "-", "a", stdin=b"two")
    assert [item["change"] for item in ok(home, "diff", "notes")["items"]] == ["modified"]
    assert leither(home, "restore", "notes@0").status == 7
    assert ok(home, "discard", "notes")["discarded"] == 1
    assert leither(home, "mm", "cat", info["id"][:10], "a").out == "one"
    fork = ok(home, "fork", "notes@0", "--mark", "other")
    assert leither(home, "mm", "cat", "other", "a").out == "one"
    ok(home, "ref", "add", "other", "notes@0")
    assert leither(home, "mm", "delete", "notes", "--yes").status == 7
    ok(home, "ref", "remove", "other", "notes@0")
    ok(home, "mm", "delete", "notes", "--yes")
    assert [item["id"] for item in ok(home, "mm", "list")["items"]] == [fork["id"]]
    assert ok(home, "gc")["blocks_dropped"] >= 0
    assert ok(home, "verify")["faults"] == []


@pytest.mark.parametrize(
    ("arguments", "status"),
    [
        (("mm", "info", "nobody"), 3),
        (("mm", "cat", "site", "nowhere"), 3),
        (("mm", "ls", "site@99"), 3),
        (("right", "set", "site", "all"), 2),
        (("mm", "cat"), 2),
        (("link",), 7),
        (("quota", "set", "site", "1"), 0),
        (("token", "revoke", "none"), 3),
        (("import", "/dev/null"), 2),
    ],
)
def test_each_kind_of_failure_has_its_status(home: Path, site: Path, arguments: tuple[str, ...], status: int) -> None:
    ok(home, "app", "publish", str(site))
    answer = leither(home, *arguments, "--json")
    assert answer.status == status, answer
    assert ("error" in answer.json) == (status != 0)
    assert "Traceback" not in answer.err


def test_a_full_quota_ends_with_five_and_changes_nothing(home: Path) -> None:
    ok(home, "mm", "create", "--mark", "small", "--quota", "10K")
    answer = leither(home, "mm", "put", "small", "-", "big", stdin=bytes(100_000))
    assert answer.status == 5, answer
    assert ok(home, "mm", "ls", "small")["items"] == []


def test_a_reader_that_goes_away_is_no_error(home: Path) -> None:
    ok(home, "mm", "create", "--mark", "big")
    ok(home, "mm", "put", "big", "-", "f", stdin=bytes(8_000_000))
    process = subprocess.Popen(
        [PROGRAM, "mm", "cat", "big", "f"], env=environment(home), stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.read(10)
    process.stdout.close()
    assert process.stderr.read() == b""
    process.stderr.close()
    assert process.wait() == 141


def test_settings_say_where_they_come_from(home: Path) -> None:
    ok(home, "config", "set", "log_level", "info")
    rows = {row["name"]: row for row in ok(home, "config", LEITHER_PORT="4999")["items"]}
    assert (rows["log_level"]["value"], rows["log_level"]["source"]) == ("info", "file")
    assert (rows["port"]["value"], rows["port"]["source"]) == (4999, "environment")
    assert rows["network_port"]["source"] == "default"


def test_commands_at_once_take_turns(home: Path, site: Path) -> None:
    ok(home, "mm", "create", "--mark", "notes")
    running = [
        subprocess.Popen(
            [PROGRAM, "mm", "put", "notes", str(site / "index.html"), name],
            env=environment(home),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for name in ("a", "b", "c")
    ]
    ended = [process.communicate() for process in running]
    assert [process.returncode for process in running] == [0, 0, 0], ended
    assert [item["path"] for item in ok(home, "mm", "ls", "notes")["items"]] == ["a", "b", "c"]


def test_a_long_path_to_the_home_folder_needs_no_unix_socket(tmp_path: Path) -> None:
    home = tmp_path.joinpath(*["a-folder-with-a-long-name"] * 5)
    assert ok(home, "mm", "create", "--mark", "notes")["mark"] == "notes"
