"""`leither tag`: tags."""

import click

from leither.cli.address import resolve_whole
from leither.cli.api import mimei_path
from leither.cli.command import Group
from leither.cli.listing import show_mimei_list
from leither.cli.output import moment
from leither.cli.session import Session, pass_session


@click.group(cls=Group)
def tag() -> None:
    """Tags, and finding MiMei by them.

    A tag is written DIMENSION:VALUE, for instance subject:music.
    """


@tag.command()
@click.argument("mimei", metavar="ID")
@click.argument("text", metavar="TAG")
@pass_session
def add(session: Session, mimei: str, text: str) -> None:
    """Put a tag on a MiMei."""
    with session.api() as api:
        found = api.post(mimei_path(resolve_whole(api, mimei), "tags"), {"tag": text})
    session.show(found, lambda output: output.line(f"tagged {text}"))


@tag.command()
@click.argument("mimei", metavar="ID")
@click.argument("text", metavar="TAG")
@pass_session
def remove(session: Session, mimei: str, text: str) -> None:
    """Take a tag away."""
    with session.api() as api:
        target = resolve_whole(api, mimei)
        api.delete(mimei_path(target, "tags"), tag=text)
    session.show({"id": target, "tag": text}, lambda output: output.line(f"no longer tagged {text}"))


@tag.command("list")
@click.argument("mimei", metavar="ID")
@pass_session
def list_(session: Session, mimei: str) -> None:
    """List the tags of a MiMei."""
    with session.api() as api:
        found = api.get(mimei_path(resolve_whole(api, mimei), "tags"))
    items = found["items"] if isinstance(found, dict) else found
    rows = [(item["dimension"], item["value"], item["by"], moment(item["at"])) for item in items]
    columns = ("dimension", "value", "by", "at")
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="no tags"))


@tag.command()
@click.argument("texts", metavar="TAG...", nargs=-1, required=True)
@pass_session
def find(session: Session, texts: tuple[str, ...]) -> None:
    """List the MiMei that carry every one of the tags."""
    with session.api() as api:
        items = list(api.pages("/mimei", cursor="cursor", tag=list(texts)))
    session.show({"items": items}, lambda output: show_mimei_list(output, items))
