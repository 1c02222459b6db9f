"""Sphinx settings. No extension here asks the network for anything."""

import tomllib
from pathlib import Path

_project = tomllib.loads((Path(__file__).parent.parent / "pyproject.toml").read_text("utf-8"))["project"]

project = "Leither"
author = "The Leither authors"
release = version = _project["version"]
extensions = ["myst_parser"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "changes"]
myst_enable_extensions = ["colon_fence", "deflist", "fieldlist"]
myst_heading_anchors = 3
html_theme = "furo"
html_title = f"Leither {version}"
html_copy_source = False
nitpicky = True


def _copy_formats(app):
    # Pages must stand below this folder; those of the formats belong to spec/. Only what differs is copied, so that
    # only that is built again.
    kept = Path(app.srcdir, "reference", "format")
    kept.mkdir(exist_ok=True)
    pages = {page.name: page.read_bytes() for page in Path(app.srcdir, "..", "spec", "format").glob("*.md")}
    for page in kept.iterdir():
        if page.name not in pages:
            page.unlink()
    for name, text in pages.items():
        page = kept / name
        if not page.exists() or page.read_bytes() != text:
            page.write_bytes(text)


def _link_formats(app, docname, source):
    # Links name the pages as they stand in the tree.
    source[0] = source[0].replace("](../../spec/format/", "](/reference/format/")


def setup(app):
    app.connect("builder-inited", _copy_formats)
    app.connect("source-read", _link_formats)
