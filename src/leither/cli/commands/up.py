"""`leither up`: the node itself."""

import sys
from typing import TYPE_CHECKING, Any

import click

from leither.cli.command import Command
from leither.cli.output import Output
from leither.cli.session import Session, pass_session
from leither.config import LAN, TLS_WAYS

if TYPE_CHECKING:
    from leither.web.lan import LanFacts


@click.command(cls=Command)
@click.option("--host", metavar="ADDRESS", help="Address to listen on; 127.0.0.1 by default.")
@click.option("--port", type=int, metavar="NUMBER", help="Port to listen on; 4800 by default, 0 for any free one.")
@click.option("--lan", is_flag=True, help="Let machines of its networks reach it, encrypted: host lan, tls local.")
@click.option("--tls", type=click.Choice(TLS_WAYS), help="What encrypts for other machines.")
@click.option("--welcome/--no-welcome", default=None, help="Publish the welcome app on the first start.")
@click.option("--print-link", is_flag=True, help="Print a one-time sign-in link even where the output is no terminal.")
@pass_session
def up(session: Session, /, lan: bool, print_link: bool, **options: Any) -> None:  # noqa: ANN401
    """Start the node here, in the foreground.

    It prints `ready` and its address once it serves. Ctrl-C stops it; what it holds stays for the next time.
    """
    if lan:
        options["host"] = options["host"] or LAN
    for name, value in options.items():
        if value is not None:
            session.choose(name, value)
    if lan and session.settings.tls == "off":
        session.choose("tls", "local")
    from leither.node import Node
    from leither.node.last_resort import LastResort

    settings = session.settings

    def ready(node: Node) -> None:
        # A link signs its holder in, so it must not end up in a log.
        wanted = print_link or sys.stdout.isatty()
        if session.json:
            told = {"url": node.url, "lan": node.lan.facts().urls} if settings.reachable else {"url": node.url}
            session.output.document(told | ({"link": node.sign_in_link()} if wanted else {}))
        else:
            print(f"ready {node.url}")
            if wanted:
                print(f"sign in: {node.sign_in_link()}")
        sys.stdout.flush()
        if settings.reachable:
            _tell(session.output, node.lan.facts())
        if settings.network != "off":
            session.output.notice(f"other nodes reach this one at (network = {settings.network})")
            for address in node.networking.facts().addresses:
                session.output.notice(f"  {address}")

    with LastResort() as last, Node.open(settings, passphrase=session.passphrase) as node:
        node.run(ready, stopping=last.begin)


def _tell(output: Output, facts: "LanFacts") -> None:
    """Say who else reaches the node, and where."""
    if not facts.hosts:
        output.notice("other machines don't reach this node yet: this one has no address in a network")
    elif facts.secure:
        output.notice("other machines reach this node, encrypted, at")
    else:
        output.notice(
            "warning: other machines reach this node with NOTHING encrypted: whoever is on the way reads and changes "
            "what they send and get, sign-in links and tokens included. They reach it at"
        )
    for address in (*facts.urls, *facts.redis_urls):
        output.notice(f"  {address}")
    if facts.authority is not None:
        output.notice("to have a phone trust it: leither lan qr")
    for warning in facts.warnings:
        output.notice(f"warning: {warning}")
