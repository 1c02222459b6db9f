"""`leither app`: folders as apps."""

from pathlib import Path
from typing import Any

import click

from leither.cli.api import Api, inner_path, mimei_path
from leither.cli.command import Group
from leither.cli.output import Output, count, size
from leither.cli.progress import counted, progress
from leither.cli.session import Session, pass_session
from leither.cli.tar_stream import folder_bytes, tar_stream

PUBLIC, PRIVATE = "everyone=read-release", "private"
APP_FOLDER = click.Path(exists=True, file_okay=False, readable=True, path_type=Path)


@click.group(cls=Group)
def app() -> None:
    """Publish a folder as an app, list apps."""


@app.command()
@click.argument("folder", type=APP_FOLDER, metavar="DIR")
@click.option("--mark", help="The app's name; the folder's own by default. The same mark is the same app.")
@click.option("--private", is_flag=True, help="Let nobody but you read it.")
@click.option("--note", default="", help="What to say about this version.")
@pass_session
def publish(session: Session, folder: Path, mark: str | None, private: bool, note: str) -> None:
    """Publish a folder as an app.

    The folder's files become the app's, hidden ones included; what the folder lacks goes. The result is a new version,
    and the release that readers get at once. `leither log` shows the versions, `leither release` chooses an older one.
    """
    with session.api() as api:
        topic = {"type": "fs", "app": "app", "mark": folder.resolve().name if mark is None else mark}
        info = api.post("/mimei", {**topic, "right": PRIVATE if private else PUBLIC})
        if private and info["right"] != PRIVATE:
            api.put(mimei_path(info["id"], "right"), {"right": PRIVATE})
        summary = upload_tree(session, api, info["id"], folder, replace=True)
        kept = api.post(mimei_path(info["id"], "backup"), {"note": note})
        if kept["version"] and not kept["version"]["released"]:
            api.post(mimei_path(info["id"], "release"), {"version": kept["version"]["cid"]})
        info = api.get(mimei_path(info["id"]))
    answer = {"id": info["id"], "url": info["url"], "version": info["release"], "cid": info["release_cid"]}
    answer |= {"changed": kept["changed"], "files": summary["files"], "bytes": summary["bytes"]}

    def human(output: Output) -> None:
        done = f"{count(answer['files'], 'file')}, {size(answer['bytes'])}"
        if kept["changed"]:
            output.line(f"published version {answer['version']} ({done})")
        else:
            output.line(f"nothing changed: version {answer['version']} is the same ({done})")
        output.line(answer["url"])

    session.show(answer, human)


@app.command("list")
@pass_session
def list_(session: Session) -> None:
    """List the apps: what has a release with an address of its own."""
    with session.api() as api:
        items = [info for info in api.pages("/mimei", cursor="cursor", type="fs") if info["release"] is not None]
    session.show({"items": items}, lambda output: show_apps(output, items))


def show_apps(output: Output, items: list[dict[str, Any]]) -> None:
    """Print apps for people."""
    output.table(
        ("mark", "rel", "size", "address"),
        [(info["mark"], info["release"], size(info["bytes"]), info["url"]) for info in items],
        empty="no apps yet; `leither app publish DIR` makes one",
    )


def upload_tree(
    session: Session, api: Api, mimei: str, folder: Path, *, path: str = "", replace: bool
) -> dict[str, Any]:
    """Send a folder as the tree below `path` and return what it held."""
    total = folder_bytes(folder) if session.output.shows_progress else None
    skipped = lambda name: session.output.notice(f"skipped {name}: neither file, folder nor link")  # noqa: E731
    with progress(session.output, "sending", total=total) as advance:
        chunks = counted(tar_stream(folder, skipped=skipped), advance)
        where = inner_path(mimei, "tree", path)
        answer: dict[str, Any] = api.upload("PUT", where, chunks, content_type="application/x-tar", replace=replace)
    return answer
