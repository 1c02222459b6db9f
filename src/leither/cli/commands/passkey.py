"""`leither passkey`: the devices that sign in by a passkey."""

from typing import Any
from urllib.parse import quote

import click

from leither.cli.command import Group
from leither.cli.output import moment
from leither.cli.session import Session, pass_session


@click.group(cls=Group)
def passkey() -> None:
    """Which passkeys sign you in; rename and remove them.

    The node's page makes them.
    """


@passkey.command("list")
@pass_session
def list_(session: Session) -> None:
    """List your passkeys, the newest first."""
    with session.api() as api:
        items: Any = api.get("/passkeys")
    rows = [
        (item["id"], item["name"], item["origin"], moment(item["created"]), moment(item["last_used"])) for item in items
    ]
    columns = ("id", "name", "made at", "created", "last used")
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="no passkeys"))


@passkey.command()
@click.argument("passkey_id", metavar="ID")
@click.argument("name")
@pass_session
def rename(session: Session, passkey_id: str, name: str) -> None:
    """Call a passkey something else."""
    with session.api() as api:
        made: Any = api.patch(f"/passkeys/{quote(passkey_id, safe='')}", {"name": name})
    session.show(made, lambda output: output.line(f"{passkey_id} is {made['name']!r}"))


@passkey.command()
@click.argument("passkey_id", metavar="ID")
@pass_session
def remove(session: Session, passkey_id: str) -> None:
    """Let a passkey sign nobody in any more, as of a device that was lost. Its sessions go on: end them too."""
    with session.api() as api:
        api.delete(f"/passkeys/{quote(passkey_id, safe='')}")
    session.show({"id": passkey_id}, lambda output: output.line(f"{passkey_id} is removed"))
