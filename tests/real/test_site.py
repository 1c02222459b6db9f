"""A real documentation build of thousands of files: published, opened in Chromium, changed, released, rolled back."""

import json
import shutil
import subprocess
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from tests.end_to_end.program import Up, ok, up

HERE = Path(__file__).parent
PAGE = "doc/html/index.html"
FILES_MIN = 5000


def _site() -> Path:
    """Return the documentation that Debian's libboost-doc brings; its name holds a version."""
    found = sorted(Path("/usr/share/doc").glob(f"libboost*-doc/{PAGE}"))
    assert found, "Debian's package libboost-doc is missing: sudo apt-get install libboost-doc"
    return found[-1].parents[2]


def _open(node: Up, mimei: str) -> Any:  # noqa: ANN401
    """Return what headless Chromium saw of the page on the app's own origin."""
    asked = json.dumps({"address": f"http://{mimei}.localhost:{node.port}/{PAGE}"})
    done = subprocess.run(
        ["node", str(HERE / "site.mjs"), asked], check=True, capture_output=True, text=True, timeout=100
    )
    return json.loads(done.stdout)


def test_a_real_site_is_published_opened_changed_released_and_rolled_back(tmp_path: Path) -> None:
    site, home = tmp_path / "site", tmp_path / "home"
    shutil.copytree(_site(), site, symlinks=True)
    with up(home) as node:
        published = ok(home, "app", "publish", str(site), "--mark", "boost")
        assert published["files"] > FILES_MIN
        assert published["version"] == 0
        first = _open(node, published["id"])
        assert first["status"] == 200
        assert first["title"].startswith("The Boost C++ Libraries")
        assert first["links"] > 50
        # What the package itself leaves out can't be served.
        assert not [url for url in first["failed"] if (site / urlsplit(url).path.lstrip("/")).exists()]

        original = (site / PAGE).read_bytes()
        (site / PAGE).write_bytes(original.replace(b"<title>The Boost", b"<title>Changed: the Boost"))
        again = ok(home, "app", "publish", str(site), "--mark", "boost")
        assert (again["id"], again["version"]) == (published["id"], 1)
        assert _open(node, published["id"])["title"].startswith("Changed: the Boost")
        assert [item["path"] for item in ok(home, "diff", "boost", "0", "1")["items"]] == [PAGE]

        ok(home, "release", "boost@0")
        assert _open(node, published["id"]) == first
    for n, text in ((0, original), (1, (site / PAGE).read_bytes())):
        target = tmp_path / f"version-{n}"
        ok(home, "mm", "get", f"boost@{n}", "-o", str(target))
        (site / PAGE).write_bytes(text)
        assert _tree(target) == _tree(site)


def _tree(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
