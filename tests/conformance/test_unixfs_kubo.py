"""The same roots as Kubo: recorded ones always, and those of a real Kubo where one is at hand."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from leither.unixfs import Change, SymlinkTarget
from tests.conformance.independent import REPOSITORY
from tests.unit.unixfs.shelf import Shelf

RECORDED = json.loads((REPOSITORY / "spec/vectors/unixfs/kubo.json").read_text())["cases"]


def _entry(shelf: Shelf, given: Mapping[str, str]) -> Change:
    return SymlinkTarget(given["symlink"]) if "symlink" in given else shelf.add(given["file"].encode())


def _root(case: Mapping[str, Any]) -> str:
    shelf = Shelf()
    if "file" in case:
        return shelf.add(case["file"].encode()).cid.text
    if "zeros" in case:
        return shelf.add(bytes(case["zeros"])).cid.text
    if "tree" in case:
        return shelf.tree(
            {tuple(path.split("/")): _entry(shelf, given) for path, given in case["tree"].items()}
        ).cid.text
    suffix = case.get("suffix", "")
    return shelf.tree({(str(n),): shelf.add(f"{n}{suffix}".encode()) for n in range(case["count"])}).cid.text


@pytest.mark.parametrize("case", RECORDED, ids=[case["name"] for case in RECORDED])
def test_a_recorded_root_is_met(case: Mapping[str, Any]) -> None:
    assert _root(case) == case["cid"]


@pytest.fixture(scope="module")
def kubo(tmp_path_factory: pytest.TempPathFactory) -> Callable[[Path], str]:
    """A Kubo with a repository of its own, which stays offline."""
    program = os.environ.get("LEITHER_TEST_KUBO") or shutil.which("ipfs")
    if program is None:
        pytest.skip("no Kubo: neither LEITHER_TEST_KUBO nor `ipfs` on PATH; its recorded roots are tested all the same")
    environment = {**os.environ, "IPFS_PATH": str(tmp_path_factory.mktemp("kubo") / "repo")}

    def run(*arguments: str) -> str:
        return subprocess.run(
            [program, "--offline", *arguments], env=environment, capture_output=True, text=True, check=True
        ).stdout.strip()

    run("init", "--empty-repo", "--profile=unixfs-v1-2025")
    return lambda path: run("add", "-r", "--hidden", "--only-hash", "-Q", str(path))


def _files(count: int) -> dict[str, bytes]:
    return {f"dir-{number % 7}/näme-{number}": str(number).encode() for number in range(count)}


TREES: dict[str, dict[str, bytes]] = {
    "few files": _files(20),
    "large files": {"a": bytes(5 << 20), "b/c": bytes(range(256)) * 8193, "b/d": b""},
    "sharded directories": _files(45_000),
    "names of any kind": {
        name: b"x" for name in ["...", "a b", "a\\b", "\u0065\u0301", "\u00e9", "🙂", "\u202e", "x" * 255]
    },
}


@pytest.mark.parametrize("name", TREES)
def test_a_real_kubo_gives_the_same_root(kubo: Callable[[Path], str], tmp_path: Path, name: str) -> None:
    shelf = Shelf()
    files = TREES[name]
    for path, data in files.items():
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(data)
    (tmp_path / "link").symlink_to("ünder/../way")
    changes: dict[tuple[str, ...], Change] = {tuple(path.split("/")): shelf.add(data) for path, data in files.items()}
    assert shelf.tree({**changes, ("link",): SymlinkTarget("ünder/../way")}).cid.text == kubo(tmp_path)
