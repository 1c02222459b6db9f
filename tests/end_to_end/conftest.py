"""What the tests of whole processes share."""

from pathlib import Path

import pytest


@pytest.fixture
def home(tmp_path: Path) -> Path:
    return tmp_path / "home"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    folder = tmp_path / "site"
    (folder / "css").mkdir(parents=True)
    (folder / "index.html").write_text("<h1>one</h1>")
    (folder / "css" / "a.css").write_text("h1 {}")
    (folder / ".hidden").write_text("h")
    (folder / "link").symlink_to("css/a.css")
    return folder
