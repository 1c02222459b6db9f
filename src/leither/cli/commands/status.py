"""`leither status`: the node at a glance."""

from typing import Any

import click

from leither.cli.command import Command
from leither.cli.output import Output, count, moment, size
from leither.cli.session import Session, pass_session


def _holds(found: dict[str, Any]) -> str:
    readable = f"{found['mimei']:,} MiMei"
    return f"{readable} in {count(found['blocks'], 'block')}" if "blocks" in found else readable


@click.command(cls=Command)
@pass_session
def status(session: Session) -> None:
    """Show the node: identity, addresses, what it holds."""
    with session.api() as api:
        found = {**api.get("/status"), "running": api.running}

    def human(output: Output) -> None:
        output.line(f"running at {found['url']}" if found["running"] else "not running; start it with `leither up`")
        output.fields(
            [
                ("version", found["version"]),
                ("node", found["id"]),
                ("person", found["person"]),
                ("home", found.get("home")),
                ("holds", _holds(found)),
                ("on disk", size(found.get("bytes_on_disk"))),
                ("users", found.get("users") or None),
                ("memory", size(found.get("memory_bytes")) if found["running"] else None),
                ("started", moment(found["started"]) if found["running"] else None),
            ]
        )

    session.show(found, human)
