"""`leither token`: access for programs."""

from typing import Any
from urllib.parse import quote

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Group
from leither.cli.output import Output, moment
from leither.cli.session import Session, pass_session


@click.group(cls=Group)
def token() -> None:
    """Tokens for programs that use this node."""


@token.command()
@click.argument("name")
@click.option(
    "--scope", type=click.Choice(["read", "write", "owner"]), default="read", help="What it may do; read by default."
)
@click.option("--only", metavar="ID", help="With one MiMei and no other.")
@pass_session
def create(session: Session, name: str, scope: str, only: str | None) -> None:
    """Make a token and print it; it is shown this once.

    A program sends it with each request, as the header `Authorization: Bearer TOKEN`.
    """
    with session.api() as api:
        body = {"name": name, "scope": scope} | ({"only": resolve_whole(api, only)} if only else {})
        made = api.post("/tokens", body)

    def human(output: Output) -> None:
        output.line(made["token"])
        output.notice("keep it like a password; it is not shown again")

    session.show(made, human)


@token.command("list")
@pass_session
def list_(session: Session) -> None:
    """List the tokens, without their secrets."""
    with session.api() as api:
        found: Any = api.get("/tokens")
    items = found["items"] if isinstance(found, dict) else found
    rows = [
        (item["name"], item["scope"], item["only"] or "everything", moment(item["created"]), moment(item["last_used"]))
        for item in items
    ]
    columns = ("name", "scope", "for", "created", "last used")
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="no tokens"))


@token.command()
@click.argument("name")
@pass_session
def revoke(session: Session, name: str) -> None:
    """End a token; it is refused from now on."""
    with session.api() as api:
        api.delete(f"/tokens/{quote(name, safe='')}")
    session.show({"name": name}, lambda output: output.line(f"{name} is revoked"))
