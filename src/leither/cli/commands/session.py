"""`leither session`: the browsers that are signed in."""

from typing import Any
from urllib.parse import quote

import click

from leither.cli.command import Group
from leither.cli.output import count, moment
from leither.cli.session import Session, pass_session


@click.group(cls=Group)
def session() -> None:
    """Which browsers are signed in; end some."""


@session.command("list")
@pass_session
def list_(session: Session) -> None:
    """List your sessions, the newest first."""
    with session.api() as api:
        items: Any = api.get("/sessions")
    rows = [
        (
            item["id"],
            item["agent"] or "unknown",
            item["address"],
            item["only"] or "everything",
            moment(item["created"]),
            moment(item["last_used"]),
        )
        for item in items
    ]
    columns = ("id", "name", "from", "for", "created", "last used")
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="nobody is signed in"))


@session.command()
@click.argument("session_id", metavar="[ID]", required=False)
@click.option("--others", is_flag=True, help="End all of your sessions but the one that asks.")
@pass_session
def end(session: Session, session_id: str | None, others: bool) -> None:
    """End a session at once, or all others."""
    if others is (session_id is not None):
        raise click.UsageError("name the session to end, or say --others")
    with session.api() as api:
        if session_id is not None:
            api.delete(f"/sessions/{quote(session_id, safe='')}")
            ended = 1
        else:
            ended = api.delete_answered("/sessions")["ended"]
    session.show({"ended": ended}, lambda output: output.line(f"{count(ended, 'session')} ended"))
