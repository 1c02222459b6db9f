"""`leither share`: what others may do with a MiMei, each by their key."""

from typing import Any

import click

from leither.cli.address import resolve_whole
from leither.cli.api import mimei_path
from leither.cli.command import Group
from leither.cli.output import Output, moment
from leither.cli.parameter import how_long
from leither.cli.session import Session, pass_session
from leither.errors import DeniedError

SHARE = "share"


class NothingToShare(DeniedError):
    """The caller was given nothing that could be passed on so."""

    code = "nothing-to-share"

    def __init__(self, mimei: str) -> None:
        self.id = mimei
        super().__init__(
            f"nothing was given to you of {mimei} that you may pass on so; share less, or ask who gave it to give it "
            "with --may-pass-on"
        )


class _ShareGroup(Group):
    """A group in which a first word that is no command is the MiMei that `give` shares."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Return the command that `args` call and what is left of them."""
        return super().resolve_command(ctx, args if args and args[0] in self.commands else ["give", *args])


@click.group(cls=_ShareGroup)
def share() -> None:
    """Let somebody do something with a MiMei, by their key.

    `leither share ID --to KEY --may read-cur,write` gives it. The acts are read-cur, read-versions, read-release,
    write, backup, release, fork, tag, share. What was given travels with the MiMei, so that every node that holds it
    does the same.
    """


@share.command()
@click.argument("mimei", metavar="ID")
@click.option("--to", metavar="KEY", required=True, help="Whose key: the whole of it, or the id of one known here.")
@click.option("--may", metavar="ACT,ACT", required=True, help="What they may do.")
@how_long("a year by default")
@click.option("--may-pass-on", is_flag=True, help="Let them give it to others as well.")
@pass_session
def give(session: Session, mimei: str, to: str, may: str, seconds: int | None, may_pass_on: bool) -> None:
    """Let a key do something with a MiMei. This is what `leither share ID` alone does."""
    body: dict[str, Any] = {"to": to, "rights": f"{may},share" if may_pass_on else may}
    with session.api() as api:
        found = api.post(
            mimei_path(resolve_whole(api, mimei), "grants"), body | ({"seconds": seconds} if seconds else {})
        )

    def human(output: Output) -> None:
        output.line(f"{found['to_id']} may {found['rights']} until {moment(found['until'])}")
        if found["opens"] is False:
            output.line(
                "this is private: they read it at this node alone; to open copies elsewhere, let them read-versions"
            )

    session.show(found, human)


@share.command("pass-on")
@click.argument("mimei", metavar="ID")
@click.option("--to", metavar="KEY", required=True, help="Whose key, the whole of it.")
@click.option("--may", metavar="ACT,ACT", help="What they may do; by default all that you may, but for sharing.")
@how_long("by default as long as you may")
@click.option("--may-pass-on", is_flag=True, help="Let them give it to others as well.")
@pass_session
def pass_on(session: Session, mimei: str, to: str, may: str | None, seconds: int | None, may_pass_on: bool) -> None:
    """Pass on what somebody gave you with `share`, or less of it, for as long or shorter.

    Of a friend's MiMei on their node, with --at. Your node signs it, and theirs keeps it.
    """
    with session.api() as api:
        named = resolve_whole(api, mimei)
        held = _passable(api.get(mimei_path(named, "grants")), named, may)
        rights = may or ",".join(act for act in held["rights"].split(",") if act != SHARE)
        asked: dict[str, Any] = {"record": held["record"], "to": to, "seconds": seconds}
        asked["rights"] = f"{rights},{SHARE}" if may_pass_on else rights
        with session.own_api() as own:
            made = own.post("/grants/pass-on", {name: value for name, value in asked.items() if value is not None})
        found = api.post(mimei_path(named, "grants"), {"record": made["record"]})
    session.show(
        found,
        lambda output: output.line(f"{found['to_id']} may {found['rights']} until {moment(found['until'])}"),
    )


def _passable(grants: list[dict[str, Any]], mimei: str, may: str | None) -> dict[str, Any]:
    """Return the grant of the caller's, the longest, from which `may` can be passed on. Raises: NothingToShare."""
    wanted = {SHARE, *filter(None, (may or "").split(","))}
    held = [
        grant
        for grant in grants
        if grant["record"] is not None and grant["state"] == "counts" and wanted <= set(grant["rights"].split(","))
    ]
    if not held:
        raise NothingToShare(mimei)
    return max(held, key=lambda grant: str(grant["until"]))


@share.command("list")
@click.argument("mimei", metavar="ID")
@pass_session
def list_(session: Session, mimei: str) -> None:
    """List what was given, and to whom."""
    with session.api() as api:
        found: Any = api.get(mimei_path(resolve_whole(api, mimei), "grants"))
    rows = [
        (item["name"][:12], item["to_id"], item["rights"], moment(item["until"]), item["state"], item["by_id"])
        for item in found
    ]
    columns = ("name", "to", "may", "until", "state", "given by")
    session.show({"items": found}, lambda output: output.table(columns, rows, empty="shared with nobody by key"))


@share.command()
@click.argument("mimei", metavar="ID")
@click.argument("name")
@pass_session
def revoke(session: Session, mimei: str, name: str) -> None:
    """Take back what was given, and all that was passed on from it. NAME is how `leither share list` shows it."""
    with session.api() as api:
        api.delete(mimei_path(resolve_whole(api, mimei), "grants", name))
    session.show({"name": name}, lambda output: output.line(f"{name} is taken back"))


@share.command()
@click.option("--private", is_flag=True, help="Print what a friend needs to share something private with you.")
@pass_session
def key(session: Session, private: bool) -> None:
    """Print your whole key, to give to friends who want to share something with you.

    What is private is sealed, and for that they need --private: a second key, behind this one.
    """
    with session.api() as api:
        found = api.get("/session")
    answer = {"key": found["reader" if private else "key"]}

    def human(output: Output) -> None:
        output.line(answer["key"])

    session.show(answer, human)
