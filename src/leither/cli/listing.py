"""How MiMei, versions and paths look to people."""

from collections.abc import Iterable
from typing import Any

from leither.cli.output import Output, moment, size

Info = dict[str, Any]


def show_mimei(output: Output, info: Info) -> None:
    """Print one MiMei."""
    changed = info["unsaved"]
    output.fields(
        [
            ("id", info["id"]),
            ("address", info["url"]),
            ("type", info["type"]),
            ("app", info["app"] or None),
            ("ext", info["ext"] or None),
            ("mark", info["mark"] or None),
            ("author", info["author"]),
            ("private", "what it holds is stored sealed" if info["private"] else None),
            ("on demand", "files come from other nodes when they are read" if info["on_demand"] else None),
            ("right", info["right"]),
            ("ipns", info["ipns"]),
            ("created", moment(info["created"])),
            ("versions", f"{info['versions']:,}" + ("" if info["last"] is None else f", last {info['last']}")),
            ("release", info["release"]),
            ("size", size(info["bytes"])),
            ("entries", f"{info['entries']:,}" + (f", {changed:,} unsaved" if changed else "")),
            ("quota", size(info["quota"])),
            ("refers to", info["references"] or None),
            ("referred by", info["referrers"] or None),
        ]
    )


def show_mimei_list(output: Output, items: Iterable[Info]) -> None:
    """Print MiMei, one a line."""
    output.table(
        ("id", "type", "app", "mark", "n", "rel", "size", "unsaved"),
        [
            (i["id"], i["type"], i["app"], i["mark"], i["versions"], i["release"], size(i["bytes"]), i["unsaved"])
            for i in items
        ],
        empty="no MiMei yet; `leither app publish DIR` or `leither mm create` makes one",
    )


def show_versions(output: Output, items: Iterable[Info]) -> None:
    """Print versions, newest first."""
    output.table(
        ("n", "time", "size", "", "note", "cid"),
        [(v["n"], moment(v["time"]), size(v["bytes"]), _marks(v), v["note"], v["cid"]) for v in items],
        empty="no versions yet; `leither backup` makes one",
    )


def show_paths(output: Output, items: Iterable[Info], *, whole: bool) -> None:
    """Print paths, one a line; `whole` shows them from the top and not only their last name."""
    output.table(
        ("mode", "size", "changed", "name"),
        [
            (p["mode"], size(p["bytes"]) if p["type"] == "file" else "", moment(p["mtime"]), named(p, whole=whole))
            for p in items
        ],
        empty="nothing is in there",
    )


def named(path: Info, *, whole: bool) -> str:
    """Return a path's name with a sign of what it is."""
    text = path["path"] if whole else path["name"] or "/"
    if path["type"] == "directory":
        return text.rstrip("/") + "/"
    return f"{text} -> {path['target']}" if path["target"] is not None else text


def _marks(version: Info) -> str:
    marks = (("released", "release"), ("last", "last"), ("merge", "merge"))
    return " ".join(shown for field, shown in marks if version[field])
