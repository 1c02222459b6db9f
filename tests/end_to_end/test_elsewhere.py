"""Commands that ask a friend's node instead of one's own, and passing on there what a friend has given."""

from pathlib import Path
from typing import Any

import pytest

from tests.end_to_end.program import leither, ok, up

pytestmark = pytest.mark.network
LATER = "2999-01-01T00:00"


def key_of(home: Path) -> str:
    return str(ok(home, "share", "key")["key"])


def letters(friend: Path, tmp_path: Path) -> str:
    made = str(ok(friend, "mm", "create", "--mark", "letters")["id"])
    (tmp_path / "first").write_text("Dear friend")
    ok(friend, "mm", "put", made, str(tmp_path / "first"), "first")
    return made


def shared(friend: Path, mimei: str, to: Path, may: str, *options: str) -> dict[str, Any]:
    return dict(ok(friend, "share", mimei, "--to", key_of(to), "--may", may, *options))


def test_a_visitor_s_commands_do_at_a_friend_s_node_what_was_granted(home: Path, tmp_path: Path) -> None:
    friend = tmp_path / "friend"
    with up(friend, "--port", "0", "--no-welcome") as node:
        mimei = letters(friend, tmp_path)
        assert leither(home, "--at", node.url, "mm", "cat", mimei, "first").status == 3
        shared(friend, mimei, home, "read-cur,write", "--until", LATER)
        assert leither(home, "--at", node.url, "mm", "cat", "letters", "first").out == "Dear friend"
        ok(home, "mm", "put", "letters", str(tmp_path / "first"), "answer", "--at", node.url)
        assert leither(friend, "mm", "cat", mimei, "answer").out == "Dear friend"
        assert leither(home, "backup", "letters", "--at", node.url).status == 4
        assert ok(friend, "session", "list")["items"] == [], "the visits ended with their commands"


def test_with_a_token_a_command_acts_for_whoever_made_it(home: Path, tmp_path: Path) -> None:
    friend = tmp_path / "friend"
    with up(friend, "--port", "0", "--no-welcome") as node:
        mimei = letters(friend, tmp_path)
        token = ok(friend, "token", "create", "mine", "--scope", "read")["token"]
        answer = leither(home, "--at", node.url, "mm", "cat", mimei, "first", LEITHER_TOKEN=token)
        assert answer.out == "Dear friend"
    assert not home.exists(), "nothing was asked of one's own node"


@pytest.mark.parametrize("command", [["identity", "words", "--yes"], ["config"], ["up"]])
def test_what_is_done_to_a_home_folder_is_done_nowhere_else(home: Path, command: list[str]) -> None:
    answer = leither(home, "--at", "http://localhost:1", *command)
    assert (answer.status, "leave out --at" in answer.err) == (2, True), answer


def test_what_a_friend_gave_is_passed_on_and_only_narrows(home: Path, tmp_path: Path) -> None:
    friend, third = tmp_path / "friend", tmp_path / "third"
    with up(friend, "--port", "0", "--no-welcome") as node:
        mimei = letters(friend, tmp_path)
        to = key_of(third)
        refused = leither(home, "share", "pass-on", mimei, "--to", to, "--at", node.url)
        assert refused.status == 3, refused
        shared(friend, mimei, home, "read-cur", "--may-pass-on", "--for", "1h")
        beyond = leither(home, "share", "pass-on", mimei, "--to", to, "--may", "write", "--at", node.url)
        assert (beyond.status, "nothing was given to you" in beyond.err) == (4, True), beyond
        made = ok(home, "share", "pass-on", mimei, "--to", to, "--until", LATER, "--at", node.url)
        assert (made["rights"], made["passed_on"]) == ("read-cur", True)
        assert leither(third, "--at", node.url, "mm", "cat", mimei, "first").out == "Dear friend"
        given = next(item for item in ok(friend, "share", "list", mimei)["items"] if not item["passed_on"])
        assert made["until"] <= given["until"]
        ok(friend, "share", "revoke", mimei, given["name"])
        assert leither(third, "--at", node.url, "mm", "cat", mimei, "first").status == 3


def test_a_node_that_does_not_answer_is_told_with_what_to_do(home: Path) -> None:
    answer = leither(home, "--at", "http://127.0.0.1:1", "mm", "list", LEITHER_TOKEN="any")
    assert (answer.status, "leither lan trust" in answer.err) == (8, True), answer
