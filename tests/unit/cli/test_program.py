"""How the program is called, what it says, and how it ends."""

import json
from collections.abc import Iterator
from typing import Any

import click
import httpx
import pytest

from leither.cli.failure import ApiProblem, exit_code
from leither.cli.program import COMMANDS, leither, run
from leither.cli.session import Session
from leither.errors import (
    Conflict,
    CorruptionError,
    DeniedError,
    InputError,
    LeitherError,
    LimitError,
    NotFound,
    PeerError,
)
from tests.unit.cli.fake_node import FakeNode, problem

ID = "abcd" + "a" * 28


def commands(command: click.Command = leither, above: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    yield above
    if isinstance(command, click.Group):
        context = click.Context(command)
        for name in command.list_commands(context):
            found = command.get_command(context, name)
            assert found is not None
            yield from commands(found, (*above, name))


def found(*path: str) -> click.Command:
    command: click.Command | None = leither
    for name in path:
        assert isinstance(command, click.Group)
        command = command.get_command(click.Context(command), name)
    assert command is not None
    return command


ALL = list(commands())


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_help(path: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    assert run([*path, "--help"]) == 0
    shown = capsys.readouterr().out
    assert shown.startswith("Usage: leither")
    assert "--json" in shown


@pytest.mark.parametrize("name", COMMANDS)
def test_the_list_of_commands_says_what_the_command_says(name: str) -> None:
    assert (found(name).help or "").partition("\n")[0] == COMMANDS[name][1]


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_and_option_is_described(path: tuple[str, ...]) -> None:
    command = found(*path)
    assert command.help
    assert [p.name for p in command.params if isinstance(p, click.Option) and not p.help] == []


def test_the_version_is_told(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out.startswith("leither ")


def test_an_unknown_command_ends_with_usage(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["publish"]) == 2
    assert "No such command" in capsys.readouterr().err


def test_a_usage_error_is_json_where_json_was_asked_for(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["backup", "--json"]) == 2
    shown = capsys.readouterr()
    assert json.loads(shown.out)["error"]["code"] == "usage"


@pytest.mark.parametrize(
    ("family", "code"),
    [
        (NotFound, 3),
        (Conflict, 7),
        (InputError, 2),
        (DeniedError, 4),
        (LimitError, 5),
        (CorruptionError, 6),
        (PeerError, 8),
        (LeitherError, 1),
    ],
)
def test_each_family_of_errors_ends_with_its_own_status(family: type[LeitherError], code: int) -> None:
    assert exit_code(family("no")) == code


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "bad", 2),
        (401, "bad-token", 4),
        (403, "denied", 4),
        (404, "mimei-not-found", 3),
        (409, "conflict", 7),
        (413, "quota-reached", 5),
        (507, "store-full", 5),
        (500, "block-mismatch", 6),
        (500, "internal", 1),
        (502, "peer", 8),
        (418, "teapot", 1),
    ],
)
def test_each_status_of_the_api_ends_with_the_status_of_its_family(status: int, code: str, expected: int) -> None:
    assert exit_code(ApiProblem(status, {"code": code, "detail": "no"})) == expected


def answered(answer: Any, *arguments: str) -> int:  # noqa: ANN401
    return run(arguments, session=FakeNode({f"GET /mimei/{ID}": answer}).session())


def test_a_problem_is_told_in_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(problem(404, "mimei-not-found", "nothing is called so"), "mm", "info", ID) == 3
    assert capsys.readouterr() == ("", "leither: nothing is called so\n")


def test_a_problem_in_json_keeps_its_code_and_data(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(problem(413, "quota-reached", "full", limit=7), "mm", "info", ID, "--json") == 5
    assert json.loads(capsys.readouterr().out) == {"error": {"code": "quota-reached", "detail": "full", "limit": 7}}


def test_what_is_no_node_is_named(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered(httpx.Response(502, text="<html>"), "mm", "info", ID) == 8
    assert "does not speak as a node does" in capsys.readouterr().err


def test_json_may_stand_before_the_command(capsys: pytest.CaptureFixture[str]) -> None:
    assert answered({"id": ID}, "--json", "mm", "info", ID) == 0
    assert json.loads(capsys.readouterr().out) == {"id": ID}


class Interrupting(Session):
    def api(self) -> Any:  # noqa: ANN401
        raise KeyboardInterrupt


def test_ctrl_c_ends_quietly(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["gc"], session=Interrupting()) == 130
    assert "Traceback" not in capsys.readouterr().err


class Broken(Session):
    def api(self) -> Any:  # noqa: ANN401
        raise ZeroDivisionError("division by zero")


def test_a_fault_of_the_program_shows_no_traceback(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("LEITHER_DEBUG", raising=False)
    assert run(["gc"], session=Broken()) == 1
    shown = capsys.readouterr().err
    assert "ZeroDivisionError" in shown
    assert "Traceback" not in shown


def test_verify_ends_with_six_when_something_is_damaged(capsys: pytest.CaptureFixture[str]) -> None:
    lines = b'{"checked":1,"bytes":100}\n{"fault":{"cid":"bafk","where":"pack:8","reason":"flipped"}}\n'
    lines += b'{"done":true,"faults":1,"blocks":2,"bytes":300}\n'
    fake = FakeNode({"GET /status": {"bytes_on_disk": 300}, "POST /verify": httpx.Response(200, content=lines)})
    assert run(["verify"], session=fake.session()) == 6
    assert capsys.readouterr().out == "damaged: bafk at pack:8: flipped\n1 fault in 2 blocks, 300 bytes\n"


def test_a_path_is_escaped_name_by_name() -> None:
    fake = FakeNode({f"GET /mimei/{ID}@3/files/a%20b/%C3%A9%23%3F": httpx.Response(200, content=b"x")})
    assert run(["mm", "cat", f"{ID}@3", "a b/é#?"], session=fake.session()) == 0


def test_completion_prints_a_script(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["completion", "zsh"]) == 0
    assert "_LEITHER_COMPLETE=zsh_complete leither" in capsys.readouterr().out
