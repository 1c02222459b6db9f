"""`leither network`: how far the node speaks with others."""

from typing import Any

import click

from leither.cli.command import Command
from leither.cli.output import Output, count, size
from leither.cli.session import Session, pass_session
from leither.config import REACHES

_REACHES = {
    "off": "this machine only",
    "lan": "neighbours in its networks",
    "peers": "the peers you chose, wherever they are",
    "public": "the public IPFS network",
}


@click.command(cls=Command)
@click.argument("reach", type=click.Choice(REACHES), required=False)
@pass_session
def network(session: Session, reach: str | None) -> None:
    """Show how far the node speaks with others; switch it.

    off: with nobody beyond this machine. lan: with neighbours, which it finds by itself. peers: with peers you add,
    wherever they are. public: with the public IPFS network as well. It counts at once, and after the next start.
    """
    with session.api() as api:
        found: dict[str, Any] = api.put("/network", {"reach": reach}) if reach else api.get("/network")

    def human(output: Output) -> None:
        running = "" if found["running"] else "; it is not running, start it with `leither up`"
        output.line(f"{found['reach']}: the node speaks with {_REACHES[found['reach']]}{running}")
        output.fields(
            [
                ("peer id", found["id"]),
                ("peers", count(found["peers"], "peer") if found["running"] else None),
                ("received", size(found["bytes_received"]) if found["running"] else None),
                ("sent", size(found["bytes_sent"]) if found["running"] else None),
            ]
        )
        for address in found["addresses"]:
            output.line(f"  {address}")

    session.show(found, human)
