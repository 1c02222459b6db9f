"""`leither user`: the people who share this node."""

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, urldefrag

import click

from leither.cli.api import Api
from leither.cli.command import Group
from leither.cli.commands.own_key import passphrase, rotate, unlock
from leither.cli.output import Output, count, moment, size
from leither.cli.parameter import SIZE
from leither.cli.progress import counted, progress
from leither.cli.secret_input import PASSPHRASE_FILE, ask_line, ask_new_passphrase, ask_passphrase
from leither.cli.session import Session, pass_session
from leither.cli.unpack import TargetExists, replacing_file

_FATES = ("keep", "export", "delete")


@click.group(cls=Group)
def user() -> None:
    """Share this node: invite people, see who is here, let them go.

    A user has MiMei, tokens and sessions of their own. You decide how much they may hold, and whether they are here;
    this program shows you nothing of theirs. USER is a name or an id.
    """


def _path(ref: str, *parts: str) -> str:
    return "/".join(("/users", quote(ref, safe=""), *parts))


@user.command("list")
@pass_session
def list_(session: Session) -> None:
    """List who is here, and who is invited."""
    with session.api() as api:
        found = api.get("/users")
    rows = [
        (
            each["name"],
            each["id"],
            size(each["bytes"]),
            size(each["quota"]) or "none",
            "suspended" if each["suspended"] else moment(each["created"]),
        )
        for each in found["users"]
    ]
    rows += [
        (each["name"], None, None, size(each["quota"]) or "none", f"invited until {moment(each['expires'])}")
        for each in found["invitations"]
    ]
    columns = ("name", "id", "holds", "quota", "since")
    session.show(found, lambda output: output.table(columns, rows, empty="nobody but you"))


@user.command()
@click.argument("name")
@click.option("--quota", type=SIZE, help="How much all that is theirs may hold, for instance 100GiB.")
@click.option("--host", metavar="NAME", help="Make it for other machines, by this name or address of the node.")
@pass_session
def invite(session: Session, name: str, quota: int | None, host: str | None) -> None:
    """Print a link by which somebody becomes a user.

    It works once, for a week. Whoever opens it first is the one, so pass it on with care.
    """
    with session.api() as api:
        made = api.post("/users/invitations", {"name": name, "quota": quota, "host": host})

    def human(output: Output) -> None:
        output.line(made["url"])
        output.notice(f"good once, until {moment(made['expires'])}; it is not shown again")

    session.show(made, human)


@user.command()
@click.argument("name")
@pass_session
def withdraw(session: Session, name: str) -> None:
    """Let the invitation of that name work no longer."""
    with session.api() as api:
        api.delete(f"/users/invitations/{quote(name, safe='')}")
    session.show({"name": name}, lambda output: output.line(f"{name} is not invited any more"))


@user.command()
@click.option("--own-words", is_flag=True, help="Be who your 24 recovery words say, rather than somebody new.")
@pass_session
def join(session: Session, own_words: bool) -> None:
    """Become a user by an invitation, without a browser.

    The link, and with --own-words then the words, are asked for, or read as lines from standard input. What is printed
    is a token: programs act as you with it, and so does this one with the token in LEITHER_TOKEN.
    """
    link = ask_line("Invitation link")
    code = urldefrag(link).fragment.removeprefix("invite=") or link
    body = {"code": code} | ({"phrase": ask_line("Your 24 recovery words")} if own_words else {})
    with session.api() as api:
        joined = api.post("/users/join", body)

    def human(output: Output) -> None:
        output.line(joined["token"])
        if joined["words"] is not None:
            output.notice("write these words down, in order; they bring you back, and are not shown again:")
            output.notice(joined["words"])
        if joined["returned"]:
            output.notice(f"{count(joined['returned'], 'MiMei', 'MiMei')} that were held for you are yours again")

    session.show(joined, human)


def _changed(session: Session, ref: str, **changes: Any) -> None:  # noqa: ANN401
    with session.api() as api:
        found = api.patch(_path(ref), changes)
    session.show(
        found,
        lambda output: output.fields(
            [
                ("name", found["name"]),
                ("id", found["id"]),
                ("holds", size(found["bytes"])),
                ("quota", size(found["quota"]) or "none"),
                ("suspended", found["suspended"]),
            ]
        ),
    )


@user.command()
@click.argument("ref", metavar="USER")
@click.argument("name")
@pass_session
def rename(session: Session, ref: str, name: str) -> None:
    """Call a user something else."""
    _changed(session, ref, name=name)


@user.command()
@click.argument("ref", metavar="USER")
@click.argument("size_bytes", metavar="SIZE")
@pass_session
def quota(session: Session, ref: str, size_bytes: str) -> None:
    """Say how much all that is a user's may hold: a size such as 100GiB, or none."""
    _changed(session, ref, quota=None if size_bytes == "none" else SIZE.convert(size_bytes, None, None))


@user.command()
@click.argument("ref", metavar="USER")
@click.option("--resume", is_flag=True, help="Let them in again.")
@pass_session
def suspend(session: Session, ref: str, resume: bool) -> None:
    """Keep a user out for a while: their tokens and sessions count no longer; their data stays."""
    _changed(session, ref, suspended=not resume)


@user.command()
@click.argument("ref", metavar="USER")
@click.option(
    "--data",
    type=click.Choice(_FATES),
    required=True,
    help="keep: you hold it, unchanged from now on. export: write it to a file, then delete it. delete: it is gone.",
)
@click.option("-o", "--output", "file", type=click.Path(dir_okay=False, path_type=Path), help="The file to export to.")
@click.option(
    "--passphrase-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Read the passphrase that they choose from the first line of a file, instead of the keyboard.",
)
@click.option(
    "--receipt",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the signed receipt of a deletion to a file, for them to keep; else it is printed.",
)
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def remove(
    session: Session,
    ref: str,
    data: str,
    file: Path | None,
    passphrase_file: Path | None,
    receipt: Path | None,
    yes: bool,
) -> None:
    """Take a user off this node.

    What is deleted is deleted for good: their keys, and all that nobody else has as well. The receipt says so, and
    `leither receipt show` checks it.

    With --data export, they choose the passphrase that their identity in the file is encrypted under; with it,
    `leither import FILE` makes an empty home folder theirs.
    """
    if (data == "export") is (file is None):
        raise click.UsageError("--data export needs a file to write to: --output FILE")
    if receipt is not None and receipt.exists():
        raise TargetExists(receipt)
    with session.api() as api:
        found = next((each for each in api.get("/users")["users"] if ref in (each["name"], each["id"])), None)
        if not yes and found is not None:
            click.confirm(f"Remove {found['name']}, and {_FATE_WORDS[data]}?", abort=True, err=True)
        if file is not None:
            chosen = ask_new_passphrase(passphrase_file, "Passphrase that the user chooses for their identity")
            api.patch(_path(ref), {"suspended": True})
            _export(session, api, ref, file, chosen)
        done = api.post(_path(ref, "remove"), {"data": "keep" if data == "keep" else "delete"})
    if receipt is not None and done["receipt"] is not None:
        with replacing_file(receipt.absolute(), force=False) as target:
            target.write(f"{done['receipt']}\n".encode())

    def human(output: Output) -> None:
        what = f"{count(done['mimei'], 'MiMei', 'MiMei')}, {count(done['versions'], 'version')}, {size(done['bytes'])}"
        output.line(
            f"{ref} is removed: {what}; {count(done['sessions'], 'token or session', 'tokens and sessions')} ended"
        )
        if data != "keep":
            output.line(f"{count(done['blocks_dropped'], 'block')} dropped, {size(done['bytes_reclaimed'])} given back")
            output.notice("their receipt:" if receipt is None else f"their receipt is in {receipt}")
            if receipt is None:
                output.line(done["receipt"])
            if not done["compacted"]:
                output.notice("some of it is in the node's files still; run `leither gc --thorough` in a while")

    session.show(done | {"path": str(file) if file is not None else None}, human)


for _command in (passphrase, unlock, rotate):
    user.add_command(_command)

_FATE_WORDS = {
    "keep": "hold what is theirs",
    "export": "delete what is theirs once it is written to the file",
    "delete": "delete all that is theirs",
}


def _export(session: Session, api: Api, ref: str, file: Path, chosen: str) -> None:
    _write(session, api, file, _path(ref, "export"), {"passphrase": chosen})


def _write(session: Session, api: Api, file: Path, path: str, body: dict[str, Any]) -> None:
    with (
        replacing_file(file.absolute(), force=False, secret=True) as target,
        progress(session.output, "writing") as advance,
        api.stream("POST", path, json=body) as chunks,
    ):
        target.writelines(counted(chunks, advance))


@user.command()
@click.argument("folder", type=click.Path(path_type=Path))
@click.option("--user", "ref", metavar="USER", help="What is a user's, whom you have suspended; yours by default.")
@click.option("--with-identity", is_flag=True, help="Add your identity, under a passphrase; a user's always is.")
@PASSPHRASE_FILE
@pass_session
def export(session: Session, folder: Path, ref: str | None, with_identity: bool, passphrase_file: Path | None) -> None:
    """Write everything that the node holds about you to a new folder.

    `about.json` says it all but for the contents: settings, tokens and sessions without their secrets, passkeys, grants
    given and held, invitations, who did what. `mimei.car` has the MiMei, for `leither import`.
    """
    if folder.exists():
        raise TargetExists(folder)
    body: dict[str, Any] = {}
    if ref is not None:
        body["passphrase"] = ask_new_passphrase(passphrase_file, "Passphrase that the user chooses for their identity")
    elif with_identity:
        body["passphrase"] = ask_passphrase(session, passphrase_file, twice=True)
    with session.api() as api:
        about = api.get("/about" if ref is None else _path(ref, "about"))
        folder.mkdir(mode=0o700)
        _write(session, api, folder / "mimei.car", "/export" if ref is None else _path(ref, "export"), body)
    with replacing_file((folder / "about.json").absolute(), force=False, secret=True) as target:
        target.write(json.dumps(about, ensure_ascii=False, indent=2).encode() + b"\n")
    answer = {"path": str(folder), "person": about["person"], "mimei": len(about["mimei"])}
    text = f"{folder}: about.json, and mimei.car with {count(answer['mimei'], 'MiMei', 'MiMei')}"
    session.show(answer, lambda output: output.line(text))
