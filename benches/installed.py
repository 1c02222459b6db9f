"""The program as people have it: with the packages that `make run` installs and no others, and its code compiled.

The tests bring packages that the web framework loads wherever it finds them, 10 MB and a tenth of a second of them; and
without a cache of compiled code each start compiles everything, which takes as much again of both.
"""

import importlib.metadata
import os
import re
import venv
from pathlib import Path

LOCK = Path(__file__).parents[1] / "requirements" / "run.txt"


def program(folder: Path) -> list[str]:
    """Return the command `leither` of an environment that is made in `folder`, of links to this one's packages."""
    venv.create(folder, symlinks=True)
    locked = {_canonical(name) for name in re.findall(r"^([A-Za-z0-9._-]+)==", LOCK.read_text(), re.MULTILINE)}
    (packages,) = folder.glob("lib/python*/site-packages")
    for each in importlib.metadata.distributions():
        if _canonical(each.name) not in locked | {"leither"}:
            continue
        for name in sorted({file.parts[0] for file in each.files or ()} - {"..", "__pycache__"}):
            (packages / name).symlink_to(str(each.locate_file(name)))
    return [str(folder / "bin" / "python"), "-c", "from leither.cli import main; raise SystemExit(main())"]


def environment(folder: Path, **more: str) -> dict[str, str]:
    """Return an environment in which what is compiled is kept in `folder`."""
    kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    return kept | {"PYTHONPYCACHEPREFIX": str(folder / "compiled")} | more


def _canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()
