"""`leither peers`: other nodes this one is connected with, or stays connected with."""

from urllib.parse import quote

import click

from leither.cli.command import Group
from leither.cli.output import moment, size
from leither.cli.session import Session, pass_session


@click.group(cls=Group, invoke_without_command=True)
@click.pass_context
@pass_session
def peers(session: Session, context: click.Context) -> None:
    """List the nodes this one is connected with; choose some."""
    if context.invoked_subcommand is not None:
        return
    with session.api() as api:
        items = api.get("/peers")
    rows = [
        (
            item["id"],
            "chosen" if item["chosen"] else "",
            _how(item),
            item["agent"],
            "" if item["rtt_ms"] is None else f"{item['rtt_ms']:.1f} ms",
            size(item["bytes_received"]),
            size(item["bytes_sent"]),
            moment(item["connected"]) or "",
        )
        for item in items
    ]
    columns = ("peer", "", "how", "program", "round trip", "received", "sent", "since")
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="no peers"))


def _how(item: dict[str, object]) -> str:
    if item["connected"] is None:
        return "away"
    return "relayed" if item["relayed"] else "direct"


@peers.command()
@click.argument("address")
@pass_session
def add(session: Session, address: str) -> None:
    """Stay connected with the node at ADDRESS.

    ADDRESS is one of those that `leither network` prints there. It is dialled whenever it is away, and how far the
    network is switched on decides whether it may be.
    """
    with session.api() as api:
        found = api.post("/peers", {"address": address})
    session.show(found, lambda output: output.line(f"{found['id']} is chosen"))


@peers.command()
@click.argument("peer")
@pass_session
def remove(session: Session, peer: str) -> None:
    """Stay connected with a node no longer, by its peer id."""
    with session.api() as api:
        api.delete(f"/peers/{quote(peer, safe='')}")
    session.show({"id": peer}, lambda output: output.line(f"{peer} is forgotten"))
