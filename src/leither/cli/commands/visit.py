"""`leither passport` and `leither visit`: entering a friend's node."""

from collections.abc import Callable
from typing import Any

import click

from leither.cli.command import Command
from leither.cli.elsewhere import node_key, sign_in
from leither.cli.output import Output, moment
from leither.cli.parameter import how_long
from leither.cli.session import Session, pass_session


def _narrowing(command: Callable[..., None]) -> Callable[..., None]:
    """Add the options by which a passport allows less."""
    for option in (
        click.option("--only", metavar="ID", help="With one MiMei of that node and no other, by its whole id."),
        click.option("--may", metavar="ACT,ACT", help="All that it may be used for; whatever you may do, by default."),
        how_long("an hour at most"),
    ):
        command = option(command)
    return command


def _made(session: Session, node: str, seconds: int | None, may: str | None, only: str | None) -> dict[str, Any]:
    asked = {"node": node_key(node), "seconds": seconds, "rights": may, "only": only}
    body = {name: value for name, value in asked.items() if value is not None}
    with session.api() as api:
        made: dict[str, Any] = api.post("/passport", body)
    return made


@click.command(cls=Command)
@click.argument("node", metavar="NODE")
@_narrowing
@pass_session
def passport(session: Session, node: str, seconds: int | None, may: str | None, only: str | None) -> None:
    """Make a passport by which you enter a friend's node.

    NODE is its address, or its whole key. The passport opens one session there, once. Whoever has it can use it, so
    give it to nobody. For a browser, put #passport= and the passport behind the node's address.
    """
    made = _made(session, node, seconds, may, only)

    def human(output: Output) -> None:
        output.line(made["passport"])
        output.notice(f"good once, until {moment(made['expires'])}")

    session.show(made, human)


@click.command(cls=Command)
@click.argument("url", metavar="URL")
@_narrowing
@pass_session
def visit(session: Session, url: str, seconds: int | None, may: str | None, only: str | None) -> None:
    """Sign in at a friend's node.

    You come in by a passport of yours, and the token of that session is printed. A program sends it there with each
    request, as the header `Authorization: Bearer TOKEN`; Redis and WebDAV clients send it as the password.
    """
    opened = sign_in(url, _made(session, url, seconds, may, only))

    def human(output: Output) -> None:
        output.line(opened["token"])
        output.notice(f"you are {opened['name']} there until {moment(opened['expires'])}")

    session.show(opened, human)
