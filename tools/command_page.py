"""Makes the reference page of the command line from the commands themselves."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

import click

from leither.cli import failure
from leither.cli.program import leither
from leither.config import PREFIX, SETTINGS

_INTRODUCTION = """# Commands

Made from `src/leither/cli` and `src/leither/config/` by `make fix`.

Every command takes `--json` (one JSON document with the API's field names, errors too) and `--home FOLDER`. With a node
running on the home folder a command talks to it; without one it opens the folder itself.

A MiMei is named by its id, the first four or more characters of its id, or its mark; what fits several is refused. A
version follows after `@`: `cur`, `last`, `release`, a number, or a version's CID.

In a pipe, tables come as lines with tabs between the cells and no heading.
"""


def command_page() -> str:
    """Return `docs/reference/cli.md`."""
    lines = [_INTRODUCTION, "## How a command ends", "", "| Status | Meaning |", "|---|---|"]
    lines += [f"| {status} | {meaning} |" for status, meaning in _statuses()]
    lines += [
        "",
        "## Settings",
        "",
        f"An option wins over the environment ({PREFIX} and the name in capitals), and that over `config.toml` in the",
        "home folder.",
        "",
        "| Name | Default | Meaning |",
        "|---|---|---|",
    ]
    lines += [f"| `{name}` | {_default(setting.default)} | {setting.about} |" for name, setting in SETTINGS.items()]
    for path, command in _commands(leither, ("leither",)):
        lines += ["", *_section(path, command)]
    return "\n".join(lines) + "\n"


def _statuses() -> Iterator[tuple[str, str]]:
    for line in (failure.__doc__ or "").splitlines()[2:]:
        if line.strip():
            status, _, meaning = line.strip().partition(" ")
            yield status, meaning.strip()


def _default(value: object) -> str:
    if value is None:
        return "by platform"
    return f"`{str(value).lower() if isinstance(value, bool) else value}`" if value != "" else ""


def _commands(group: click.Group, above: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], click.Command]]:
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        assert command is not None
        yield (*above, name), command
        if isinstance(command, click.Group):
            yield from _commands(command, (*above, name))


def _section(path: tuple[str, ...], command: click.Command) -> Iterator[str]:
    context = click.Context(command, info_name=" ".join(path))
    shared = {"json_", "home", "help"}
    pieces = [piece for piece in command.collect_usage_pieces(context) if piece != "[OPTIONS]"]
    options = [each for each in command.params if isinstance(each, click.Option) and each.name not in shared]
    yield f"{'#' * min(len(path), 4)} {' '.join(path)}"
    yield ""
    yield inspect.cleandoc(command.help or "")
    yield ""
    yield f"    {' '.join([*path, *(['[OPTIONS]'] if options else []), *pieces])}"
    if options:
        yield ""
        for option in options:
            record = option.get_help_record(context)
            assert record is not None
            yield f"- `{record[0]}`: {record[1]}"
