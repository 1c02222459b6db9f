"""`leither get`: a MiMei from whoever holds it."""

from pathlib import Path
from typing import Any

import click

from leither.cli.address import resolve
from leither.cli.api import mimei_path
from leither.cli.command import Command
from leither.cli.download import download
from leither.cli.output import count
from leither.cli.session import Session, pass_session
from leither.cli.whole import bring_whole


@click.command(cls=Command)
@click.argument("mimei", metavar="ID[@VERSION]")
@click.argument("target", metavar="[DEST]", required=False, type=click.Path(path_type=Path))
@click.option("--force", is_flag=True, help="Replace what is at DEST.")
@click.option("--on-demand", is_flag=True, help="Leave files where they are until they are read.")
@pass_session
def get(session: Session, mimei: str, target: Path | None, force: bool, on_demand: bool) -> None:
    """Bring a MiMei here from other nodes, or up to date, by its id.

    It comes from all that have it at once. With DEST, what is in it is written there too. `leither network` says how
    far the node looks.
    """
    with session.api() as api:
        named = resolve(api, mimei)
        answer = api.post(mimei_path(named.ref, "fetch"), {}, on_demand=on_demand, wait_s=0)
        if not on_demand:
            bring_whole(session.output, api, answer["mimei"]["id"])
        written = download(session, api, named, "", target, force=force) if target is not None else None
    session.show(
        answer | {"written": written},
        lambda output: output.line(_told(answer) if written is None else f"{_told(answer)}; written to {target}"),
    )


def _told(answer: dict[str, Any]) -> str:
    came = f"{count(answer['versions'], 'version')} came"
    where = "" if answer["peer"] is None else f" from {answer['peer']}, one of {count(answer['holders'], 'holder')}"
    return {
        "added": f"{answer['mimei']['id']} is here now: {came}{where}",
        "updated": f"brought up to date: {came}{where}",
        "merged": f"joined with what was here: {came}{where}",
    }.get(answer["state"], "it is up to date")
