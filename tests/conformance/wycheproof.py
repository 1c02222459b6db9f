"""The cases of Project Wycheproof, from the Go module that publishes them, pinned by version and hash."""

from __future__ import annotations

import json
import shutil
import subprocess
import zipfile
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

MODULE = "github.com/c2sp/wycheproof"
VERSION = "v0.0.0-20260902155932-3fa63dd0344a"
SUM = "h1:pNbL2nztRsWfW/ispAwsvcDFxs9Id38uIsR2/Up5G2c="
TIMEOUT_S = 100
Case = dict[str, Any]


@cache
def _archive() -> Path:
    """The module's archive, as the Go command keeps it."""
    go = shutil.which("go")
    assert go is not None, "go is not on this machine; tools/debian-packages.txt names its package"
    # In an empty folder, so that no go.mod is changed. An older Go can't build this module, which it says with a status
    # of 1; the archive is there all the same, and only files are read from it.
    with TemporaryDirectory(prefix="leither-go-") as folder:
        done = subprocess.run(
            [go, "mod", "download", "-json", f"{MODULE}@{VERSION}"],
            cwd=folder,
            capture_output=True,
            text=True,
            check=False,
            timeout=TIMEOUT_S,
        )
    told = json.loads(done.stdout or "{}")
    assert told.get("Sum") == SUM, done.stdout + done.stderr
    return Path(told["Zip"])


@cache
def groups(name: str) -> list[tuple[Case, list[Case]]]:
    """The groups of a file of cases, each with its tests."""
    with zipfile.ZipFile(_archive()) as archive:
        found = json.loads(archive.read(f"{MODULE}@{VERSION}/testvectors_v1/{name}"))
    made = [(group, group["tests"]) for group in found["testGroups"]]
    assert sum(len(tests) for _, tests in made) == found["numberOfTests"]
    return made
