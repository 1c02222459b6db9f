"""Remake the files that are made from other files, or with `--check` name those that are out of date.

Each generator is a pure function from the tree to text; `GENERATORS` says where the text belongs.
"""

from __future__ import annotations

import ast
import pathlib
import sys
from collections.abc import Callable

from leither import limits
from tools.command_page import command_page
from tools.openapi import openapi_text
from tools.redis_page import redis_page
from tools.reference_pages import api_page, errors_page

ROOT = pathlib.Path(__file__).parent.parent


def limits_page() -> str:
    """Return `docs/reference/limits.md`: every bound of `limits/` with its value and its sentence."""
    lines = ["# Limits", "", "Made from `src/leither/limits/` by `make fix`.", ""]
    lines += ["Units stand last in a name; sizes are bytes.", ""]
    for path in sorted((ROOT / "src/leither/limits").glob("[a-z]*.py")):
        lines += _bounds(ast.parse(path.read_text("utf-8")))
    return "\n".join(lines)


def _bounds(source: ast.Module) -> list[str]:
    """Return a heading and a table of the bounds in one file."""
    rows: list[tuple[str, str, str]] = []
    for node in source.body:
        match node:
            case ast.Assign(targets=[ast.Name(id=name)]) | ast.AnnAssign(target=ast.Name(id=name)):
                rows.append((name, _shown(getattr(limits, name)), ""))
            case ast.Expr(value=ast.Constant(value=str(sentence))) if rows:
                rows[-1] = (*rows[-1][:2], " ".join(sentence.split()))
    heading = (ast.get_docstring(source) or "").splitlines()[0].rstrip(".")
    table = [f"| `{name}` | {value} | {sentence} |" for name, value, sentence in rows]
    return [f"## {heading}", "", "| Name | Value | Meaning |", "|---|---|---|", *table, ""]


def _shown(value: object) -> str:
    return f"{value:,}" if isinstance(value, int | float) else f"`{value!r}`"


GENERATORS: dict[str, Callable[[], str]] = {
    "docs/reference/api.md": api_page,
    "docs/reference/cli.md": command_page,
    "docs/reference/errors.md": errors_page,
    "docs/reference/limits.md": limits_page,
    "docs/reference/redis.md": redis_page,
    "spec/openapi.json": openapi_text,
}


def main(arguments: list[str]) -> int:
    """Write every generated file, or with `--check` only compare; return the exit status."""
    stale = []
    for name, generate in GENERATORS.items():
        path = ROOT / name
        text = generate()
        if path.exists() and path.read_text("utf-8") == text:
            continue
        if "--check" in arguments:
            stale.append(name)
        else:
            path.write_text(text, "utf-8")
    if stale:
        print("out of date, run `make fix`:", *stale)
    return 1 if stale else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
