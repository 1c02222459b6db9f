"""Roots as others compute them: npm's `ipfs-unixfs-importer`, in Node, for trees described by patterns."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from leither.unixfs import EMPTY_DIRECTORY, Change, FileBuilder, Link
from tests.unit.unixfs.shelf import Shelf

REPOSITORY = Path(__file__).parents[2]
SCRIPT = Path(__file__).with_name("import_trees.mjs")


@dataclass(frozen=True)
class Content:
    """A file of `size_bytes` in which `pattern` repeats."""

    size_bytes: int
    pattern: bytes = b"x"


Tree = Mapping[str, Content | None]
"""By path, a file, or None for a directory."""


def importer_roots(trees: Sequence[Tree], **options: int) -> list[tuple[str, int]]:
    """The root CIDs and cumulative sizes that the independent importer gives."""
    node = shutil.which("node")
    if node is None or not (REPOSITORY / "web/node_modules/ipfs-unixfs-importer").is_dir():
        pytest.fail("needs Node and the packages under web/; `make test` sets them up, or run `npm ci` in web/")
    listed = [[_entry(path, content) for path, content in tree.items()] for tree in trees]
    done = subprocess.run(
        [node, "--input-type=module", "--eval", SCRIPT.read_text()],
        cwd=REPOSITORY / "web",
        input=json.dumps({"options": options, "trees": listed}),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return [(root["cid"], root["dagBytes"]) for root in json.loads(done.stdout)]


def our_roots(trees: Sequence[Tree]) -> list[tuple[str, int]]:
    """The same of this project."""
    roots = []
    for tree in trees:
        shelf = Shelf()
        changes: dict[tuple[str, ...], Change] = {
            tuple(path.split("/")): EMPTY_DIRECTORY if content is None else _add(shelf, content)
            for path, content in tree.items()
        }
        root = shelf.tree(changes)
        roots.append((root.cid.text, root.dag_bytes))
    return roots


def _entry(path: str, content: Content | None) -> dict[str, object]:
    if content is None:
        return {"path": path}
    return {"path": path, "pattern": content.pattern.hex(), "size": content.size_bytes}


def _add(shelf: Shelf, content: Content) -> Link:
    builder = FileBuilder(shelf.put)
    unit = content.pattern * (4096 // len(content.pattern))
    left = content.size_bytes
    while left > 0:
        builder.write(unit[:left])
        left -= len(unit)
    return builder.finish()
