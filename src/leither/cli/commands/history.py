"""Commands that look at versions and join them."""

from typing import Any

import click

from leither.cli.address import resolve, resolve_whole
from leither.cli.api import Api, mimei_path
from leither.cli.command import Command, DefaultGroup
from leither.cli.listing import named, show_versions
from leither.cli.output import Output, count, size
from leither.cli.session import Session, pass_session

_SIGNS = {"added": "+", "removed": "-", "modified": "~"}


@click.command(cls=Command)
@click.argument("mimei", metavar="ID")
@click.option("--all", "every", is_flag=True, help="Merged-in versions too, which have no number.")
@click.option("-n", "--limit", type=click.IntRange(min=1), metavar="COUNT", help="No more than this many.")
@pass_session
def log(session: Session, mimei: str, every: bool, limit: int | None) -> None:
    """List the versions."""
    with session.api() as api:
        where = mimei_path(resolve_whole(api, mimei), "log")
        found = api.pages(where, cursor="before", all=1 if every else None)
        items = list(found) if limit is None else [item for item, _ in zip(found, range(limit), strict=False)]
    session.show({"items": items}, lambda output: show_versions(output, items))


@click.command(cls=Command)
@click.argument("mimei", metavar="ID")
@click.argument("start", metavar="[FROM]", default="last")
@click.argument("stop", metavar="[TO]", default="cur")
@pass_session
def diff(session: Session, mimei: str, start: str, stop: str) -> None:
    """Show what differs between two versions.

    By default it is what changed since the last backup: FROM is `last`, TO is `cur`.
    """
    with session.api() as api:
        where = mimei_path(resolve_whole(api, mimei), "diff")
        items = list(api.pages(where, cursor="after", **{"from": start, "to": stop}))
    session.show({"items": items}, lambda output: _show_diff(output, items))


def _show_diff(output: Output, items: list[dict[str, Any]]) -> None:
    for item in items:
        sign = _SIGNS[item["change"]]
        if item["kind"] == "entry":
            output.line(f"{sign} {_entry(item)}")
            continue
        if item["kind"] != "path":
            where = f" of {item['path'] or '/'}" if item["kind"] == "property" else ""
            output.line(f"{sign} {item['kind']} {item['key']}{where}")
            continue
        entry = item.get("after") or item.get("before")
        output.line(f"{sign} {named(entry, whole=True) if entry else item['path']}")
    if not items:
        output.notice("nothing differs")


def _entry(item: dict[str, Any]) -> str:
    """Return a database's entry in a line: what it is, where, and how it changed."""
    place = f" {_text(item['place'])}" if "place" in item else ""
    values = [_text(item[name]) for name in ("value_before", "value_after") if name in item]
    return f"{_text(item['key'])} {item['part']}{place}: {' -> '.join(values)}"


def _text(value: str | dict[str, str]) -> str:
    return value if isinstance(value, str) else f"(base64) {value['base64']}"


@click.command(cls=Command)
@click.argument("mimei", metavar="ID")
@click.argument("others", nargs=-1, metavar="[ID@VERSION|CID]...")
@pass_session
def merge(session: Session, mimei: str, others: tuple[str, ...]) -> None:
    """Join versions that went separate ways.

    Without others, all that this node knows of. Nothing is lost: what can't stand beside the rest shows in `leither
    conflicts`.
    """
    with session.api() as api:
        refs = [_other(api, other) for other in others]
        done = api.post(mimei_path(resolve_whole(api, mimei), "merge"), {"with": refs})
    conflicts = (
        f"; {count(done['conflicts'], 'conflict')}, see `leither conflicts {mimei}`" if done["conflicts"] else ""
    )
    number = done["version"]["n"] if done["version"] else "none"
    text = f"merged into version {number}" if done["merged"] else f"nothing to merge; version {number} has it all"
    session.show(done, lambda output: output.line(text + conflicts))


def _other(api: Any, text: str) -> str:  # noqa: ANN401
    # A version's CID stands for itself; `b` and 58 characters is how base32 writes one.
    return text if text.startswith("b") and len(text) == 59 else resolve(api, text).ref


@click.group(cls=DefaultGroup)
def conflicts() -> None:
    """Show what a merge set aside, take it back.

    `leither conflicts ID` is short for `leither conflicts list ID`.
    """


@conflicts.command("list")
@click.argument("mimei", metavar="ID")
@pass_session
def list_(session: Session, mimei: str) -> None:
    """List where writers disagreed: paths, or entries of a database."""
    with session.api() as api:
        items = _listed(api, mimei_path(resolve_whole(api, mimei), "conflicts"))
    rows = [
        (
            _place(item),
            _side(item["shown"], item["value"]),
            other["writer"],
            other["seq"],
            _side(other["entry"], other["value"]),
        )
        for item in items
        for other in item["others"]
    ]
    columns = ("where", "shows", "writer", "seq", "set aside")
    session.show({"items": items}, lambda output: output.table(columns, rows, empty="no conflicts"))


def _place(item: dict[str, Any]) -> str:
    """Return a path, or a key and what is within it, as one is named on the command line."""
    found = item["database"]
    if found is None:
        return str(item["path"])
    within = [f"{found['part']} {_word(found['place'])}"] if found["place"] is not None else []
    return " ".join([_word(found["key"]), *within])


def _word(text: str | dict[str, str]) -> str:
    return text if isinstance(text, str) else f"base64:{text['base64']}"


def _side(entry: dict[str, Any] | None, value: str | dict[str, str] | None) -> str:
    if value is not None:
        return _word(value)
    if entry is None:
        return "nothing"
    return f"{entry['type']}, {size(entry['bytes'])}" if entry["type"] == "file" else str(entry["type"])


@conflicts.command()
@click.argument("mimei", metavar="ID")
@click.argument("where")
@click.argument("writer", type=click.IntRange(min=1))
@click.argument("seq", type=click.IntRange(min=0))
@pass_session
def take(session: Session, mimei: str, where: str, writer: int, seq: int) -> None:
    """Put back what a merge set aside; WHERE, WRITER and SEQ as the list shows them."""
    with session.api() as api:
        at = mimei_path(resolve_whole(api, mimei), "conflicts")
        named = next((item["name"] for item in _listed(api, at) if _place(item) == where), where)
        entry = api.post(f"{at}/take", {"name": named, "writer": writer, "seq": seq})
    session.show(entry, lambda output: output.line(f"{where} is what writer {writer} made it; back it up to keep it"))


@conflicts.command("resolve")
@click.argument("mimei", metavar="ID")
@click.argument("where", nargs=-1)
@pass_session
def resolve_(session: Session, mimei: str, where: tuple[str, ...]) -> None:
    """Keep what shows, and let go of what a merge set aside: everywhere, or at each WHERE as the list shows it."""
    with session.api() as api:
        at = mimei_path(resolve_whole(api, mimei), "conflicts")
        found = _listed(api, at)
        chosen = [item for item in found if not where or _place(item) in where]
        for item in chosen:
            api.post(f"{at}/take", {name: item[name] for name in ("name", "writer", "seq")})
    done = {"resolved": [_place(item) for item in chosen], "left": len(found) - len(chosen)}
    text = f"{count(len(chosen), 'conflict')} resolved, {done['left']} left; back it up to keep it so"
    session.show(done, lambda output: output.line(text))


def _listed(api: Api, at: str) -> list[dict[str, Any]]:
    return list(api.pages(at, cursor="after"))
