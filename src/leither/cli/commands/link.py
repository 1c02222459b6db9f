"""`leither link`: sign a browser in."""

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Command
from leither.cli.commands.lan import reached
from leither.cli.output import Output, moment
from leither.cli.qr import qr_text
from leither.cli.session import Session, pass_session
from leither.errors import Conflict


class NoNodeRuns(Conflict):
    """The command needs a node that goes on running."""

    code = "no-node-runs"

    def __init__(self) -> None:
        super().__init__("a sign-in link is good only while the node runs, and none does; start one with `leither up`")


@click.command(cls=Command)
@click.option("--for", "mimei", metavar="ID", help="Make the link for one private app, to read it and nothing else.")
@click.option("--qr", is_flag=True, help="Make it for another machine, such as a phone, and draw it as a QR code.")
@click.option("--host", metavar="NAME", help="Make it for other machines, by this name or address of the node.")
@pass_session
def link(session: Session, mimei: str | None, qr: bool, host: str | None) -> None:
    """Make a one-time link that signs a browser in.

    Whoever opens it first is signed in, so pass it on with care. It works once, for ten minutes.
    """
    with session.api() as api:
        if not api.running:
            raise NoNodeRuns
        wanted = {"for": resolve_whole(api, mimei)} if mimei else {}
        if qr or host:
            wanted["host"] = reached(api.get("/lan"), host)
        made = api.post("/session/link", wanted)

    def human(output: Output) -> None:
        if qr:
            print(qr_text(made["url"]))
        output.line(made["url"])
        output.notice(f"good once, until {moment(made['expires'])}")

    session.show(made, human)
