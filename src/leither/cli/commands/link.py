"""`leither link`: sign a browser in."""

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Command
from leither.cli.output import Output, moment
from leither.cli.session import Session, pass_session
from leither.errors import Conflict


class NoNodeRuns(Conflict):
    """The command needs a node that goes on running."""

    code = "no-node-runs"

    def __init__(self) -> None:
        super().__init__("a sign-in link is good only while the node runs, and none does; start one with `leither up`")


@click.command(cls=Command)
@click.option("--for", "mimei", metavar="ID", help="Make the link for one private app, to read it and nothing else.")
@pass_session
def link(session: Session, mimei: str | None) -> None:
    """Make a one-time link that signs a browser in.

    Whoever opens it first is signed in, so pass it on with care. It works once, for ten minutes.
    """
    with session.api() as api:
        if not api.running:
            raise NoNodeRuns
        made = api.post("/session/link", {"for": resolve_whole(api, mimei)} if mimei else {})

    def human(output: Output) -> None:
        output.line(made["url"])
        output.notice(f"good once, until {moment(made['expires'])}")

    session.show(made, human)
