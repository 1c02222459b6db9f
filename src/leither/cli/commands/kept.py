"""`leither kept`: what is kept sealed for others."""

from typing import Any

import click

from leither.cli.command import Group
from leither.cli.output import size
from leither.cli.session import Session, pass_session


@click.group(cls=Group)
def kept() -> None:
    """What you keep sealed for others: private MiMei that nobody here can read.

    They come by `leither import`, are checked as far as that goes without a key, and leave by `leither export`.
    """


@kept.command("list")
@pass_session
def list_(session: Session) -> None:
    """List what is kept sealed."""
    with session.api() as api:
        found: Any = api.get("/kept")
    rows = [(item["id"], item["author"], str(item["versions"]), size(item["bytes"])) for item in found]
    columns = ("id", "author", "versions", "size")
    session.show({"items": found}, lambda output: output.table(columns, rows, empty="nothing is kept sealed"))


@kept.command()
@click.argument("mimei", metavar="ID")
@pass_session
def forget(session: Session, mimei: str) -> None:
    """Keep something sealed no longer. `leither gc` then gives the space back."""
    with session.api() as api:
        api.delete(f"/kept/{mimei}")
    session.show({"id": mimei}, lambda output: output.line(f"{mimei} is kept no longer"))
