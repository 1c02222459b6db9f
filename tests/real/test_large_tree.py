"""A hundred thousand small real files: added, one changed, backed up, compared, and every version read back."""

import hashlib
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.program import ok

HERE = Path(__file__).parent


@pytest.fixture(scope="module")
def icons() -> Path:
    """Return an installed tree of icon packages: 116,032 files."""
    folder = HERE / "node_modules"
    if not folder.exists():
        assert shutil.which("npm"), "npm is missing; install Node.js 20 or newer"
        command = ["npm", "ci", "--ignore-scripts", "--no-fund", "--no-audit", "--silent"]
        subprocess.run(command, cwd=HERE, check=True)
    return folder


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_every_version_of_a_large_real_tree_reads_back_bit_for_bit(icons: Path, tmp_path: Path) -> None:
    home, copy = tmp_path / "home", tmp_path / "icons"
    shutil.copytree(icons, copy, symlinks=True)
    before = dict(_digests(copy))
    assert len(before) > 100_000
    ok(home, "mm", "create", "--type", "fs", "--mark", "icons")
    ok(home, "mm", "put", "icons", str(copy))
    first = ok(home, "backup", "icons")
    assert first["version"]["n"] == 0
    changed = next(path for path in sorted(before) if path.endswith(".svg"))
    (tmp_path / "new.svg").write_bytes(b"<svg/>")
    ok(home, "mm", "put", "icons", str(tmp_path / "new.svg"), changed)
    second = ok(home, "backup", "icons")
    assert second["changed"] == 1
    assert [item["path"] for item in ok(home, "diff", "icons", "0", "1")["items"]] == [changed]
    ok(home, "mm", "get", "icons@0", "-o", str(tmp_path / "zero"))
    assert dict(_digests(tmp_path / "zero")) == before
    ok(home, "mm", "get", "icons@1", "-o", str(tmp_path / "one"))
    assert dict(_digests(tmp_path / "one")) == before | {changed: hashlib.sha256(b"<svg/>").hexdigest()}


def _digests(folder: Path) -> Iterator[tuple[str, str]]:
    """Yield (path, digest) of every file and symbolic link."""
    for parent, _, names in os.walk(folder):
        for name in names:
            path = Path(parent, name)
            data = os.readlink(path).encode() if path.is_symlink() else path.read_bytes()
            yield str(path.relative_to(folder)), hashlib.sha256(data).hexdigest()
