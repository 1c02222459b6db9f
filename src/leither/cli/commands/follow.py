"""`leither follow`, `leither unfollow`: MiMei that are brought up to date from other nodes."""

from typing import Any
from urllib.parse import quote

import click

from leither.cli.api import Api, mimei_path
from leither.cli.command import Command
from leither.cli.failure import ApiProblem
from leither.cli.output import Output, count, size
from leither.cli.session import Session, pass_session

_WAIT_S = 20
_ABSENT = 404


@click.command(cls=Command)
@click.argument("id", required=False)
@click.option("--from", "sources", multiple=True, metavar="PEER", help="From this node: its peer id or an address.")
@click.option("--live", is_flag=True, help="Fetch changes as they are made.")
@click.option("--on-demand", is_flag=True, help="Bring files when they are read; without it, all of it.")
@pass_session
def follow(session: Session, id: str | None, sources: tuple[str, ...], live: bool, on_demand: bool) -> None:
    """Bring a MiMei here and keep it up to date; without ID, list what is followed.

    It comes from the nodes that you name, or else from those that are connected or chosen. What you changed here
    meanwhile is merged with what comes.
    """
    with session.api() as api:
        if id is None:
            items = api.get("/follows")
            here = {item["id"]: _here(api, item["id"]) for item in items if item["on_demand"]}
        else:
            given = {"sources": list(sources), "live": live, "on_demand": on_demand, "wait_s": _WAIT_S}
            found: dict[str, Any] = api.put(f"/follows/{quote(id, safe='')}", given)
    if id is not None:
        session.show(found, lambda output: _told(output, found))
        return
    rows = [
        (item["id"], _ways(item).strip(), here.get(item["id"]), source["peer"], _how(source))
        for item in items
        for source in item["sources"] or [{"peer": "", "state": None, "error": None, "versions": 0}]
    ]
    session.show(
        {"items": items},
        lambda output: output.table(("id", "", "here", "from", "last"), rows, empty="nothing is followed"),
    )


@click.command(cls=Command)
@click.argument("id")
@pass_session
def unfollow(session: Session, id: str) -> None:
    """Bring a MiMei up to date no more. What is here of it stays."""
    with session.api() as api:
        api.delete(f"/follows/{quote(id, safe='')}")
    session.show({"id": id}, lambda output: output.line(f"{id} is followed no more"))


def _told(output: Output, found: dict[str, Any]) -> None:
    live = _ways(found)
    if not found["sources"]:
        output.line(f"{found['id']} is followed{live}, but no other node is known; name one with --from")
        return
    output.line(f"{found['id']} is followed{live} from {count(len(found['sources']), 'node')}")
    for source in found["sources"]:
        output.line(f"  {source['peer']}: {source['message'] or _how(source)}")


def _here(api: Api, id: str) -> str | None:
    """Return how much of what is on demand is here, None where nothing is."""
    try:
        copy = api.get(mimei_path(id, "copy"))
    except ApiProblem as error:
        if error.status != _ABSENT:
            raise
        return None
    return f"{size(copy['here_bytes'])} of {size(copy['total_bytes'])}"


def _ways(found: dict[str, Any]) -> str:
    return (" live" if found["live"] else "") + (" on demand" if found["on_demand"] else "")


def _how(source: dict[str, Any]) -> str:
    if source["error"] is not None:
        return str(source["error"])
    if source["state"] is None:
        return "not asked yet"
    return f"{source['state']}, {count(source['versions'], 'version')}" if source["versions"] else source["state"]
