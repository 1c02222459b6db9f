"""`leither config`: the settings."""

import dataclasses

import click

from leither.cli.command import Group
from leither.cli.session import Session, pass_session


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
@pass_session
def config(session: Session, context: click.Context) -> None:
    """Show the settings and where each comes from; change one.

    Options win over LEITHER_* variables, those over config.toml in the home folder, and that over the defaults.
    """
    if context.invoked_subcommand is not None:
        return
    rows = [dataclasses.asdict(row) for row in session.settings.rows]
    cells = [(row["name"], row["value"], row["source"], row["about"]) for row in rows]
    columns = ("name", "value", "from", "what it is")
    session.show({"items": rows}, lambda output: output.table(columns, cells, empty="no settings"))


@config.command("set")
@click.argument("name")
@click.argument("value")
@pass_session
def set_(session: Session, name: str, value: str) -> None:
    """Write a setting to config.toml; it counts from the node's next start."""
    from leither.config import edited
    from leither.store.keyfile import write_secret

    path = session.settings.file
    # The file may hold the key of an object store, so it is for its owner's eyes alone.
    write_secret(path, edited(path, name, value).encode())
    session.show({"name": name, "path": str(path)}, lambda output: output.line(f"{name} is set in {path}"))
