"""A lock pins every package by hash, and says nothing about where it came from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path

import pytest

from tests.meta.tree import ROOT

LOCKS = ["run", "dev"]
EXCLUDED = ["polyfactory", "faker"]


def lock_text(name: str) -> str:
    return (ROOT / f"requirements/{name}.txt").read_text("utf-8")


def requirements(name: str) -> list[str]:
    """The entries of a lock, each with its continuation lines."""
    return re.findall(r"^[A-Za-z0-9].*(?:\n    --hash.*)*", lock_text(name), re.MULTILINE)


def project_name(requirement: str) -> str:
    return re.split(r"[<>=!~;\[ ]", requirement, maxsplit=1)[0].lower().replace("_", "-")


def declared(path: Path) -> set[str]:
    lines = (line.strip() for line in path.read_text("utf-8").splitlines())
    return {project_name(line) for line in lines if line and not line.startswith(("#", "-"))}


@pytest.mark.parametrize("name", LOCKS)
def test_every_locked_package_has_one_version_and_a_hash(name: str) -> None:
    entries = requirements(name)
    assert len(entries) > 10
    assert [entry for entry in entries if not re.match(r"\S+==\S+.*\\\n    --hash=sha256:[0-9a-f]{64}", entry)] == []


@pytest.mark.parametrize("name", LOCKS)
def test_no_lock_says_where_packages_come_from(name: str) -> None:
    assert re.findall(r"^.*(?:--index|--find-links|--extra-index|://| @ ).*$", lock_text(name), re.MULTILINE) == []


@pytest.mark.parametrize("name", LOCKS)
@pytest.mark.parametrize("package", EXCLUDED)
def test_what_is_excluded_stays_out_of_the_locks(name: str, package: str) -> None:
    assert package not in {project_name(entry) for entry in requirements(name)}


def test_both_locks_agree_on_the_packages_they_share() -> None:
    run, dev = ({project_name(e): e.split(" ")[0] for e in requirements(name)} for name in LOCKS)
    assert {name for name in run.keys() & dev.keys() if run[name] != dev[name]} == set()


def test_the_project_declares_what_its_lock_is_made_from() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]
    dependencies = {project_name(requirement) for requirement in project["dependencies"]}
    assert dependencies == declared(ROOT / "requirements/run.in") - {"flit-core"}


def test_node_packages_are_pinned_exactly() -> None:
    manifest = json.loads((ROOT / "web/package.json").read_text("utf-8"))
    pins = manifest.get("dependencies", {}) | manifest["devDependencies"]
    assert {name: pin for name, pin in pins.items() if not re.fullmatch(r"\d+\.\d+\.\d+[\w.-]*", pin)} == {}


def test_node_packages_are_locked_by_hash_without_an_address() -> None:
    packages = json.loads((ROOT / "web/package-lock.json").read_text("utf-8"))["packages"]
    foreign = {name: entry for name, entry in packages.items() if "node_modules/" in name and not entry.get("link")}
    assert foreign
    assert [name for name, entry in foreign.items() if "resolved" in entry or "integrity" not in entry] == []
