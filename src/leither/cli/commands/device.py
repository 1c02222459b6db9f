"""`leither device`: the machines that act for you."""

from urllib.parse import quote

import click

from leither.cli.command import Group
from leither.cli.output import count
from leither.cli.session import Session, pass_session


@click.group(cls=Group)
def device() -> None:
    """The machines that act for you; revoke one that was lost."""


@device.command("list")
@pass_session
def list_(session: Session) -> None:
    """List the machines that write what you made."""
    with session.api() as api:
        items = api.get("/devices")
    rows = [
        (item["id"], item["name"], "this one" if item["here"] else _state(item), item["mimei"], item["cut"])
        for item in items
    ]
    columns = ("id", "name", "state", "writes", "cut off in")
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="no devices"))


def _state(item: dict[str, int]) -> str:
    return "revoked" if item["mimei"] and item["cut"] == item["mimei"] else "acts for you"


@device.command()
@click.argument("device_id", metavar="ID")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def revoke(session: Session, device_id: str, yes: bool) -> None:
    """Let a machine that was lost act for you no longer.

    In all that you made and that is held here, what it wrote so far stays, and nothing it writes from now on counts.
    """
    if not yes:
        click.confirm(f"Let {device_id} act for you no longer?", abort=True, err=True)
    with session.api() as api:
        done = api.delete_answered(f"/devices/{quote(device_id, safe='')}")
    session.show(done, lambda output: output.line(f"{device_id} is cut off in {count(done['cut'], 'MiMei', 'MiMei')}"))
