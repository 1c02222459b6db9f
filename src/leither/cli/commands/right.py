"""`leither right` and `leither quota`: what the author decides about a MiMei."""

import click

from leither.cli.address import resolve_whole
from leither.cli.api import mimei_path
from leither.cli.command import Group
from leither.cli.output import Output, size
from leither.cli.parameter import SIZE
from leither.cli.session import Session, pass_session


@click.group(cls=Group)
def right() -> None:
    """Who else may do what with a MiMei.

    A right is written `everyone=ACT,ACT members=ACT` with acts from read-cur, read-versions, read-release, write,
    backup, release, fork, tag, share; or `private` for none. You may always do everything.
    """


@right.command("get")
@click.argument("mimei", metavar="ID")
@pass_session
def get_right(session: Session, mimei: str) -> None:
    """Show the right of a MiMei."""
    with session.api() as api:
        found = api.get(mimei_path(resolve_whole(api, mimei), "right"))
    session.show(found, lambda output: output.line(found["right"]))


@right.command("set")
@click.argument("mimei", metavar="ID")
@click.argument("text", metavar="RIGHT...", nargs=-1, required=True)
@pass_session
def set_right(session: Session, mimei: str, text: tuple[str, ...]) -> None:
    """Change the right of a MiMei."""
    with session.api() as api:
        found = api.put(mimei_path(resolve_whole(api, mimei), "right"), {"right": " ".join(text)})
    session.show(found, lambda output: output.line(found["right"]))


@click.group(cls=Group)
def quota() -> None:
    """How much a MiMei may hold."""


def _show_quota(output: Output, found: dict[str, int | None]) -> None:
    output.fields([("quota", size(found["quota"]) or "none"), ("holds", size(found["bytes"]))])


@quota.command("get")
@click.argument("mimei", metavar="ID")
@pass_session
def get_quota(session: Session, mimei: str) -> None:
    """Show the quota of a MiMei and what it holds."""
    with session.api() as api:
        found = api.get(mimei_path(resolve_whole(api, mimei), "quota"))
    session.show(found, lambda output: _show_quota(output, found))


@quota.command("set")
@click.argument("mimei", metavar="ID")
@click.argument("size_bytes", metavar="SIZE")
@pass_session
def set_quota(session: Session, mimei: str, size_bytes: str) -> None:
    """Change the quota of a MiMei: a size such as 10GiB, or none."""
    limit = None if size_bytes == "none" else SIZE.convert(size_bytes, None, None)
    with session.api() as api:
        found = api.put(mimei_path(resolve_whole(api, mimei), "quota"), {"quota": limit})
    session.show(found, lambda output: _show_quota(output, found))
