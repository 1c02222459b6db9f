"""Commands that make, choose and drop versions."""

import click

from leither.cli.address import resolve, resolve_whole
from leither.cli.api import mimei_path
from leither.cli.command import Command
from leither.cli.listing import show_mimei
from leither.cli.output import count
from leither.cli.session import Session, pass_session


class VersionNeeded(click.UsageError):
    """The command is about a version, and none was named."""

    def __init__(self, given: str) -> None:
        super().__init__(
            f"say which version: {given}@last, {given}@release, or {given}@N with a number from `leither log {given}`"
        )


@click.command(cls=Command)
@click.argument("mimei", metavar="ID")
@click.option("--note", default="", help="What to say about the version.")
@pass_session
def backup(session: Session, mimei: str, note: str) -> None:
    """Keep the working copy as a new version.

    If nothing changed since the last one, no version is made.
    """
    with session.api() as api:
        done = api.post(mimei_path(resolve_whole(api, mimei), "backup"), {"note": note})
    version = done["version"]
    last = f"version {version['n']} is the newest" if version else "there is no version yet"
    text = (
        f"version {version['n']}: {count(done['changed'], 'change')}" if done["changed"] else f"nothing changed; {last}"
    )
    session.show(done, lambda output: output.line(text))


@click.command(cls=Command)
@click.argument("mimei", metavar="ID[@VERSION]")
@pass_session
def release(session: Session, mimei: str) -> None:
    """Choose the version that readers get.

    Without a version it is the newest. An older one rolls back; nothing is lost by it.
    """
    with session.api() as api:
        named = resolve(api, mimei)
        version = api.post(mimei_path(named.id, "release"), {"version": named.selector or "last"})
    session.show(version, lambda output: output.line(f"version {version['n']} is the release"))


@click.command(cls=Command)
@click.argument("mimei", metavar="ID@VERSION")
@click.option("--discard", is_flag=True, help="Lose the unsaved changes.")
@pass_session
def restore(session: Session, mimei: str, discard: bool) -> None:
    """Make the working copy equal a version."""
    with session.api() as api:
        named = resolve(api, mimei)
        if named.selector is None:
            raise VersionNeeded(mimei)
        info = api.post(mimei_path(named.id, "restore"), {"version": named.selector, "discard": discard})
    session.show(info, lambda output: output.line(f"the working copy is version {named.selector} again"))


@click.command(cls=Command)
@click.argument("mimei", metavar="ID")
@pass_session
def discard(session: Session, mimei: str) -> None:
    """Drop the unsaved changes.

    The working copy is the newest version again.
    """
    with session.api() as api:
        done = api.post(mimei_path(resolve_whole(api, mimei), "discard"))
    session.show(done, lambda output: output.line(f"{count(done['discarded'], 'change')} dropped"))


@click.command(cls=Command)
@click.argument("mimei", metavar="ID[@VERSION]")
@click.option("--mark", required=True, help="The name of the new one.")
@click.option("--app", help="What it is for; as the old one by default.")
@pass_session
def fork(session: Session, mimei: str, mark: str, app: str | None) -> None:
    """Make a new MiMei that goes on from a version.

    Nothing is copied: both share what they have in common.
    """
    body = {"mark": mark} | ({} if app is None else {"app": app})
    with session.api() as api:
        info = api.post(mimei_path(resolve(api, mimei).ref, "fork"), body)
    session.show(info, lambda output: show_mimei(output, info))


@click.command(cls=Command)
@click.argument("mimei", metavar="ID")
@click.argument("path")
@click.option("--mark", required=True, help="The name of the new one.")
@click.option("--follow", is_flag=True, help="Let the reference follow the new one's release.")
@pass_session
def split(session: Session, mimei: str, path: str, mark: str, follow: bool) -> None:
    """Turn a folder into a MiMei of its own, referred to from its place."""
    with session.api() as api:
        body = {"path": path, "mark": mark, "follow": follow}
        info = api.post(mimei_path(resolve_whole(api, mimei), "split"), body)
    session.show(info, lambda output: show_mimei(output, info))


@click.command("delete-versions", cls=Command)
@click.argument("mimei", metavar="ID")
@click.argument("first", type=click.IntRange(min=0))
@click.argument("last", type=click.IntRange(min=0))
@pass_session
def delete_versions(session: Session, mimei: str, first: int, last: int) -> None:
    """Forget a range of old versions.

    FIRST and LAST are included. The newest, the release, and what others refer to can't go. `leither gc` then gives the
    space back.
    """
    with session.api() as api:
        done = api.post(mimei_path(resolve_whole(api, mimei), "delete-versions"), {"first": first, "last": last})
    text = f"{count(len(done['deleted']), 'version')} forgotten, {done['kept']:,} left"
    session.show(done, lambda output: output.line(text))
