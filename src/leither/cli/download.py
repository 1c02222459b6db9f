"""Writing a file or folder of a MiMei to this machine."""

from pathlib import Path
from typing import Any

from leither.cli.address import Named
from leither.cli.api import Api, inner_path, mimei_path
from leither.cli.progress import counted, progress
from leither.cli.session import Session
from leither.cli.unpack import replacing_file, unpack_tree


def download(
    session: Session, api: Api, named: Named, path: str, target: Path | None, *, force: bool
) -> dict[str, Any]:
    """Write what is at `path` to `target`, by default under its own name; return where, what kind, and how much."""
    found = api.get(inner_path(named.ref, "files", path), info=1)
    if target is None:
        target = Path(found["name"] or api.get(mimei_path(named.id))["mark"].replace("/", "_") or named.id)
    target = target.absolute()
    with progress(session.output, "receiving", total=found["bytes"]) as advance:
        if found["type"] == "directory":
            with api.stream("GET", inner_path(named.ref, "tar", path)) as chunks:
                files = unpack_tree(counted(chunks, advance), target, force=force)
        else:
            files = 1
            with (
                api.stream("GET", inner_path(named.ref, "files", path)) as chunks,
                replacing_file(target, force=force) as file,
            ):
                file.writelines(counted(chunks, advance))
    return {"path": str(target), "type": found["type"], "files": files, "bytes": found["bytes"]}
