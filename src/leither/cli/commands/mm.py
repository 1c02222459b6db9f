"""`leither mm`: MiMei, and what is in them."""

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import click

from leither.cli.address import resolve, resolve_whole
from leither.cli.api import Api, inner_path, mimei_path
from leither.cli.command import Group
from leither.cli.commands.app import upload_tree
from leither.cli.download import download
from leither.cli.failure import ApiProblem
from leither.cli.listing import show_mimei, show_mimei_list, show_paths
from leither.cli.output import moment, size
from leither.cli.parameter import SIZE
from leither.cli.progress import counted, progress
from leither.cli.session import Session, pass_session
from leither.errors import InputError

_CHUNK_BYTES = 1 << 20
SOURCE = click.Path(exists=True, readable=True, allow_dash=True, path_type=Path)


class PathNeeded(InputError):
    """It isn't clear where in the MiMei it belongs."""

    code = "path-needed"

    def __init__(self) -> None:
        super().__init__("say under which PATH the bytes from standard input are to be kept")


@click.group(cls=Group)
def mm() -> None:
    """Make MiMei; read and write what is in them."""


@mm.command()
@click.option(
    "--type",
    "kind",
    type=click.Choice(["fs", "file", "db"]),
    default="fs",
    help="A tree of files, one file, or a database.",
)
@click.option("--app", default="", help="What it is for; with author and mark it makes the id.")
@click.option("--ext", default="", help="An extension of the topic, such as a file's.")
@click.option("--mark", default="", help="Its name among those of one app.")
@click.option("--right", default="private", help="Who else may do what; nobody by default. See `leither right`.")
@click.option("--quota", type=SIZE, help="How much it may hold, for instance 10GiB.")
@click.option("--private", is_flag=True, help="Store what it holds sealed, and let nobody guess its topic.")
@pass_session
def create(session: Session, /, kind: str, quota: int | None, private: bool, **topic: str) -> None:
    """Make a MiMei; the same topic again is the same MiMei. A private one is another than the public one."""
    body = {"type": kind, "private": private, **topic} | ({} if quota is None else {"quota": quota})
    with session.api() as api:
        info = api.post("/mimei", body)
    session.show(info, lambda output: show_mimei(output, info))


@mm.command("list")
@click.option("--app", help="Only those of one app.")
@click.option("--type", "kind", help="Only those of one type.")
@pass_session
def list_(session: Session, app: str | None, kind: str | None) -> None:
    """List the MiMei of this node."""
    with session.api() as api:
        items = list(api.pages("/mimei", cursor="cursor", app=app, type=kind))
    session.show({"items": items}, lambda output: show_mimei_list(output, items))


@mm.command()
@click.argument("mimei", metavar="ID")
@pass_session
def info(session: Session, mimei: str) -> None:
    """Show what is known of a MiMei."""
    with session.api() as api:
        found = api.get(mimei_path(resolve(api, mimei).id))
    session.show(found, lambda output: show_mimei(output, found))


@mm.command()
@click.argument("mimei", metavar="ID[@VERSION]")
@click.argument("path", default="")
@click.option("-r", "--recursive", is_flag=True, help="Go down into folders.")
@pass_session
def ls(session: Session, mimei: str, path: str, recursive: bool) -> None:
    """List what is in a MiMei, or in a folder of it."""
    with session.api() as api:
        where = inner_path(resolve(api, mimei).ref, "tree", path)
        items = list(api.pages(where, cursor="after", recursive=recursive or None))
    session.show({"items": items}, lambda output: show_paths(output, items, whole=recursive))


@mm.command()
@click.argument("mimei", metavar="ID[@VERSION]")
@click.argument("path", default="")
@click.option("--offset", type=click.IntRange(min=0), default=0, metavar="BYTES", help="Where to begin.")
@click.option("--length", type=click.IntRange(min=0), metavar="BYTES", help="How much to print at the most.")
@pass_session
def cat(session: Session, mimei: str, path: str, offset: int, length: int | None) -> None:
    """Print a file to standard output, as it is."""
    if length == 0:
        return
    last = "" if length is None else offset + length - 1
    wanted = {"range": f"bytes={offset}-{last}"} if offset or length is not None else None
    with session.api() as api:
        where = inner_path(resolve(api, mimei).ref, "files", path)
        with api.stream("GET", where, headers=wanted) as chunks:
            for chunk in chunks:
                sys.stdout.buffer.write(chunk)
    sys.stdout.buffer.flush()


@mm.command()
@click.argument("mimei", metavar="ID")
@click.argument("source", type=SOURCE)
@click.argument("path", default="")
@click.option("--replace", is_flag=True, help="Remove what is at PATH and not in the folder.")
@pass_session
def put(session: Session, mimei: str, source: Path, path: str, replace: bool) -> None:
    """Write a file, a folder, or standard input (-) into a MiMei.

    PATH is where it goes: for a folder the folder whose content it becomes, the top by default; for a file its new
    path, by default the file's name at the top. The working copy changes; `leither backup` keeps it as a version.
    """
    with session.api() as api:
        target = resolve_whole(api, mimei)
        if source.is_dir():
            answer = upload_tree(session, api, target, source, path=path, replace=replace)
            done = f"{answer['files']:,} files, {size(answer['bytes'])}, {answer['changed']:,} entries changed"
        else:
            path = "" if _holds_one_file(api, target, path) else path or source.name
            if path == "-" and str(source) == "-":
                raise PathNeeded
            answer = _put_file(session, api, inner_path(target, "files", path), source)
            done = f"{answer['path'] or mimei}: {size(answer['bytes'])}"
    session.show(answer, lambda output: output.line(done))


def _holds_one_file(api: Api, mimei: str, path: str) -> bool:
    """Tell whether a MiMei is one file, whose path is empty. Who may write and not read is told nothing of it."""
    try:
        found: bool = api.get(mimei_path(mimei))["type"] == "file"
    except ApiProblem as problem:
        if path and problem.problem.get("code") == "mimei-not-found":
            return False
        raise
    return found


def _put_file(session: Session, api: Any, where: str, source: Path) -> Any:  # noqa: ANN401
    if str(source) == "-":
        with progress(session.output, "sending") as advance:
            return api.upload("PUT", where, counted(_chunks(sys.stdin.buffer), advance))
    found = source.stat()
    kept = {"mode": f"{found.st_mode & 0o7777:o}", "mtime": found.st_mtime_ns // 1_000_000}
    with source.open("rb") as file, progress(session.output, "sending", total=found.st_size) as advance:
        return api.upload("PUT", where, counted(_chunks(file), advance), **kept)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(_CHUNK_BYTES):
        yield chunk


@mm.command()
@click.argument("mimei", metavar="ID[@VERSION]")
@click.argument("path", default="")
@click.option(
    "-o", "--output", "target", type=click.Path(path_type=Path), help="Where to write it; its own name by default."
)
@click.option("--force", is_flag=True, help="Replace what is there.")
@pass_session
def get(session: Session, mimei: str, path: str, target: Path | None, force: bool) -> None:
    """Write a file or folder of a MiMei to this machine."""
    with session.api() as api:
        named = resolve(api, mimei)
        answer = download(session, api, named, path, target, force=force)
    session.show(answer, lambda output: output.line(answer["path"]))


@mm.command()
@click.argument("mimei", metavar="ID")
@click.argument("path")
@click.option("-r", "--recursive", is_flag=True, help="Remove a folder with everything in it.")
@pass_session
def rm(session: Session, mimei: str, path: str, recursive: bool) -> None:
    """Remove a file or folder from the working copy; versions keep it."""
    with session.api() as api:
        target = resolve_whole(api, mimei)
        api.delete(inner_path(target, "files", path), recursive=recursive)
    session.show({"id": target, "path": path}, lambda output: output.line(f"removed {path}"))


@mm.command()
@click.argument("mimei", metavar="ID")
@click.option("--force", is_flag=True, help="Even if others refer to it.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@pass_session
def delete(session: Session, mimei: str, force: bool, yes: bool) -> None:
    """Forget a MiMei with all its versions. `leither gc` then gives the space back."""
    with session.api() as api:
        target = resolve_whole(api, mimei)
        if not yes:
            click.confirm(f"Forget {mimei} with all its versions?", abort=True, err=True)
        api.delete(mimei_path(target), force=force)
    session.show({"id": target}, lambda output: output.line(f"{target} is forgotten"))


@mm.command()
@click.argument("mimei", metavar="ID")
@pass_session
def readers(session: Session, mimei: str) -> None:
    """List who may read a private MiMei, and whether they have its newest key."""
    with session.api() as api:
        found: Any = api.get(mimei_path(resolve_whole(api, mimei), "readers"))
    shown = {True: "yes", False: "no", None: "unknown"}
    rows = [(item["id"], moment(item["until"]) or "-", shown[item["has_key"]]) for item in found]
    session.show(
        {"items": found}, lambda output: output.table(("reader", "until", "has the key"), rows, empty="nobody reads it")
    )


@mm.command()
@click.argument("mimei", metavar="ID")
@pass_session
def rotate(session: Session, mimei: str) -> None:
    """Seal what is written into a private MiMei from now on under a new key.

    Taking back what you shared does so by itself. What was written before stays under the key it has.
    """
    with session.api() as api:
        found = api.post(mimei_path(resolve_whole(api, mimei), "rotate"))
    session.show(found, lambda output: output.line(f"sealed under key {found['epoch']} from now on"))
