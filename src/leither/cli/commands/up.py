"""`leither up`: the node itself."""

import sys
from typing import Any

import click

from leither.cli.command import Command
from leither.cli.session import Session, pass_session


@click.command(cls=Command)
@click.option("--host", metavar="ADDRESS", help="Address to listen on; 127.0.0.1 by default.")
@click.option("--port", type=int, metavar="NUMBER", help="Port to listen on; 4800 by default, 0 for any free one.")
@click.option("--expose", is_flag=True, default=None, help="Let --host be an address that other machines reach.")
@click.option("--welcome/--no-welcome", default=None, help="Publish the welcome app on the first start.")
@click.option("--print-link", is_flag=True, help="Print a one-time sign-in link even where the output is no terminal.")
@pass_session
def up(session: Session, /, print_link: bool, **options: Any) -> None:  # noqa: ANN401
    """Start the node here, in the foreground.

    It prints `ready` and its address once it serves. Ctrl-C stops it; what it holds stays for the next time.
    """
    for name, value in options.items():
        if value is not None:
            session.choose(name, value)
    from leither.node import Node

    settings = session.settings
    if settings.reachable:
        session.output.notice(
            f"warning: {settings.host} can be reached from other machines, and nothing is encrypted yet"
        )

    def ready(node: Node) -> None:
        # A link signs its holder in, so it must not end up in a log.
        wanted = print_link or sys.stdout.isatty()
        if session.json:
            session.output.document({"url": node.url} | ({"link": node.sign_in_link()} if wanted else {}))
        else:
            print(f"ready {node.url}")
            if wanted:
                print(f"sign in: {node.sign_in_link()}")
        sys.stdout.flush()

    with Node.open(settings) as node:
        node.run(ready)
