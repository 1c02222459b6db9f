"""`leither pair`: two nodes that back each other up."""

from __future__ import annotations

import time
from typing import Any
from urllib.parse import quote

import click

from leither.cli.address import resolve_whole
from leither.cli.command import Group
from leither.cli.output import Output, count, moment, size
from leither.cli.parameter import SIZE
from leither.cli.qr import qr_text
from leither.cli.session import Session, pass_session
from leither.errors import DeniedError

_LOOK_S = 0.5
_QUOTA_HELP = "How much the other node may have kept here, for instance 100GiB."


class NotPaired(DeniedError):
    """Nobody paired by the code while it was good."""

    code = "not-paired"

    def __init__(self, reason: str) -> None:
        self.reason = reason
        super().__init__(f"nothing was paired: {reason}; `leither pair` shows a new code")


@click.group(cls=Group, invoke_without_command=True)
@click.option("--quota", type=SIZE, help=_QUOTA_HELP)
@click.option("--name", help="What to call the other node here, instead of what it calls itself.")
@click.option("--no-wait", is_flag=True, help="Print the code and don't wait until somebody has entered it.")
@click.pass_context
@pass_session
def pair(session: Session, context: click.Context, quota: int | None, name: str | None, no_wait: bool) -> None:
    """Pair with another node, by a code; each keeps what the other has.

    This shows a code, to be entered on the other node; it is good for ten minutes and for one guess. Everything of
    yours is kept there then, unless you choose, private MiMei sealed. Whoever runs the other node can read what you
    made without `--private`.
    """
    if context.invoked_subcommand is not None:
        return
    with session.api() as api:
        found = api.post("/network/pairs/code", {"quota": quota, "name": name})
        if no_wait or session.json:
            session.show(found, lambda output: _show_code(output, found))
            return
        _show_code(session.output, found)
        while found["state"] == "open":
            time.sleep(_LOOK_S)
            found = api.get("/network/pairs/code")
    if found["state"] == "guessed":
        raise NotPaired(f"{found['by']} entered a wrong code")
    if found["state"] != "paired":
        raise NotPaired("the code ended before anybody entered it")
    session.output.line(f"paired with {found['by']}")


def _show_code(output: Output, found: dict[str, Any]) -> None:
    if found["invitation"]:
        print(qr_text(found["invitation"]))
    output.line(f"code  {found['code']}")
    output.line("On the other node: leither pair enter CODE, with one of these before it if it doesn't find this one:")
    for address in found["addresses"]:
        output.line(f"  {address}")
    output.notice(f"good for one guess, until {moment(found['expires'])}")


@pair.command()
@click.argument("words", metavar="[ADDRESS] CODE", nargs=-1, required=True)
@click.option("--quota", type=SIZE, help=_QUOTA_HELP)
@click.option("--name", help="What to call the other node here, instead of what it calls itself.")
@pass_session
def enter(session: Session, words: tuple[str, ...], quota: int | None, name: str | None) -> None:
    """Enter the code that another node shows, or the text of its QR code.

    Without ADDRESS it is the one node this one is connected with.
    """
    address, code = (words[0], "".join(words[1:])) if "/" in words[0] and len(words) > 1 else (None, "".join(words))
    with session.api() as api:
        found = api.post("/network/pairs", {"code": code, "address": address, "quota": quota, "name": name})
    session.show(found, lambda output: output.line(f"paired with {found['name']} ({found['peer']})"))


@pair.command("list")
@pass_session
def list_(session: Session) -> None:
    """List the nodes with which this one is paired."""
    with session.api() as api:
        items = api.get("/network/pairs")
    rows = [
        (
            item["name"],
            item["peer"],
            "here" if item["connected"] else "away",
            "everything" if item["everything"] else count(len(item["chosen"]), "MiMei", "MiMei"),
            item["keeps"],
            item["kept"],
            size(item["kept_bytes"]),
            size(item["quota"]) or "as by default",
            moment(item["met"]) or "",
        )
        for item in items
    ]
    columns = ("name", "peer", "is", "is to keep", "keeps", "kept here", "size", "quota", "met")
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="no paired nodes"))


@pair.command("set")
@click.argument("node")
@click.option("--name", help="What to call it here.")
@click.option("--quota", type=SIZE, help=_QUOTA_HELP)
@click.option("--all", "everything", is_flag=True, help="Let it keep everything of yours.")
@click.option("--only", metavar="ID", multiple=True, help="Let it keep this, and whatever else is named so.")
@click.option("--nothing", is_flag=True, help="Let it keep nothing of yours.")
@pass_session
def set_(
    session: Session,
    node: str,
    name: str | None,
    quota: int | None,
    everything: bool,
    only: tuple[str, ...],
    nothing: bool,
) -> None:
    """Rename a paired node, change its quota, choose what it keeps.

    NODE is its name or the beginning of its peer id.
    """
    if everything + bool(only) + nothing > 1:
        raise click.UsageError("one of --all, --only and --nothing")
    with session.api() as api:
        body: dict[str, object] = {} if name is None else {"name": name}
        if quota is not None:
            body["quota"] = quota
        if everything:
            body["everything"] = True
        elif only or nothing:
            body |= {"everything": False, "chosen": [resolve_whole(api, each) for each in only]}
        found = api.patch(f"/network/pairs/{quote(node, safe='')}", body)
    kept = "everything" if found["everything"] else count(len(found["chosen"]), "MiMei", "MiMei")
    session.show(found, lambda output: output.line(f"{found['name']} is to keep {kept}"))


@pair.command()
@click.argument("node")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def remove(session: Session, node: str, yes: bool) -> None:
    """Be paired no more.

    What was kept sealed for the other node is let go of; what is public stays here as any MiMei does.
    """
    if not yes:
        click.confirm(f"Keep nothing for {node} any more?", abort=True, err=True)
    with session.api() as api:
        api.delete(f"/network/pairs/{quote(node, safe='')}")
    session.show({"name": node}, lambda output: output.line(f"{node} is paired no more"))


@pair.command()
@pass_session
def sync(session: Session) -> None:
    """Have the paired nodes told and asked now, instead of when there is cause."""
    with session.api() as api:
        api.post("/network/pairs/sync")
    session.show({}, lambda output: output.line("asked; `leither backup-status` shows what comes of it"))
