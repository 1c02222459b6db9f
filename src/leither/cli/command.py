"""What all commands share: the options `--json`, `--home` and `--at`, and loading a command only when it is called."""

import importlib
from collections.abc import Callable
from typing import Any

import click

from leither.cli.session import Session

Table = dict[str, tuple[str, str]]
"""Command name -> (where it is, `module:object` in `leither.cli.commands`, and what it does in one line)."""


def _keep(name: str) -> Callable[[click.Context, click.Parameter, Any], None]:
    def callback(context: click.Context, parameter: click.Parameter, value: Any) -> None:  # noqa: ANN401
        if value is not None and not context.resilient_parsing:
            context.find_root().ensure_object(Session).choose(name, value)

    return callback


def shared_options() -> list[click.Parameter]:
    """Return new instances of the options that every command has."""
    return [
        click.Option(
            ["--json", "json_"],
            is_flag=True,
            default=None,
            expose_value=False,
            callback=_keep("json"),
            help="Answer with one JSON document.",
        ),
        click.Option(
            ["--home"],
            type=click.Path(file_okay=False),
            metavar="FOLDER",
            expose_value=False,
            callback=_keep("home"),
            help="The node's home folder, instead of LEITHER_HOME.",
        ),
        click.Option(
            ["--at"],
            metavar="URL",
            expose_value=False,
            callback=_keep("at"),
            help="Ask the node there instead of yours, as a visitor or by LEITHER_TOKEN.",
        ),
    ]


class Command(click.Command):
    """A command with the shared options."""

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **options)
        self.params.extend(shared_options())


class Group(click.Group):
    """A group whose commands are `Command`s unless they say otherwise."""

    command_class = Command

    def __init__(self, *arguments: Any, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **options)
        self.params.extend(shared_options())


class DefaultGroup(Group):
    """A group in which a first word that is no command belongs to the command `list`."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` call and what is left of them."""
        return super().resolve_command(ctx, args if args and args[0] in self.commands else ["list", *args])


class PipeClosed(Exception):
    """Whoever read the output went away. Not an OSError, which click would end the process for."""


class LazyGroup(click.Group):
    """A group that knows its commands by name and imports one when it is called; its own help imports none."""

    def __init__(self, *arguments: Any, table: Table, **options: Any) -> None:  # noqa: ANN401
        super().__init__(*arguments, **options)
        self._table = table
        self.params.extend(shared_options())

    def invoke(self, ctx: click.Context) -> Any:  # noqa: ANN401
        """Run the command that was called. Raises: PipeClosed."""
        try:
            return super().invoke(ctx)
        except BrokenPipeError:
            raise PipeClosed from None

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names in the order of the table, which is the order people meet them in."""
        return list(self._table)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import and return a command; None for an unknown name."""
        if cmd_name not in self._table:
            return None
        module, _, name = self._table[cmd_name][0].partition(":")
        found = getattr(importlib.import_module(f"leither.cli.commands.{module}"), name)
        assert isinstance(found, click.Command)
        return found

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands from the table alone."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, line) for name, (_, line) in self._table.items()])
