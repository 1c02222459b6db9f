"""`leither ref`: references between MiMei."""

import click

from leither.cli.address import resolve, resolve_whole
from leither.cli.api import mimei_path
from leither.cli.command import Group
from leither.cli.output import count as counted
from leither.cli.session import Session, pass_session


@click.group(cls=Group)
def ref() -> None:
    """References from one MiMei to others."""


def _change(session: Session, mimei: str, target: str, count: int, *, follow: bool) -> None:
    with session.api() as api:
        body = {"target": resolve(api, target).ref, "follow": follow, "count": count}
        found = api.post(mimei_path(resolve_whole(api, mimei), "references"), body)
    session.show(found, lambda output: output.line(f"{counted(found['count'], 'reference')} to {found['target']}"))


@ref.command()
@click.argument("mimei", metavar="ID")
@click.argument("target", metavar="TARGET[@VERSION]")
@click.option("--follow", is_flag=True, help="Follow the target's release instead of one version.")
@click.option("--count", type=click.IntRange(min=1), default=1, help="How many to add.")
@pass_session
def add(session: Session, mimei: str, target: str, follow: bool, count: int) -> None:
    """Refer to another MiMei, at a version or following its release."""
    _change(session, mimei, target, count, follow=follow)


@ref.command()
@click.argument("mimei", metavar="ID")
@click.argument("target", metavar="TARGET[@VERSION]")
@click.option("--follow", is_flag=True, help="The reference that follows the release.")
@click.option("--count", type=click.IntRange(min=1), default=1, help="How many to take away.")
@pass_session
def remove(session: Session, mimei: str, target: str, follow: bool, count: int) -> None:
    """Take references away."""
    _change(session, mimei, target, -count, follow=follow)


@ref.command("list")
@click.argument("mimei", metavar="ID")
@click.option("--back", is_flag=True, help="Who refers to it, instead.")
@pass_session
def list_(session: Session, mimei: str, back: bool) -> None:
    """List what a MiMei refers to, or who refers to it."""
    with session.api() as api:
        found = api.get(mimei_path(resolve_whole(api, mimei), "referrers" if back else "references"))
    items = found["items"] if isinstance(found, dict) else found
    other = "source" if back else "target"
    rows = [(item[other], item["version"] or "release", item["count"]) for item in items]
    session.show(
        {"items": items}, lambda output: output.table((other, "version", "count"), rows, empty="no references")
    )
