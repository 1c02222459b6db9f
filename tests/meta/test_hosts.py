"""The tree names packages, not the hosts they come from, and no path of one machine."""

from __future__ import annotations

import re

from tests.meta.tree import project_files, shown

# In pieces, so that this file passes its own test.
HOSTS = [
    "pypi" + ".org",
    "python" + "hosted.org",
    "registry." + "npmjs",
    "registry." + "yarnpkg",
    "deb." + "debian.org",
    "proxy." + "golang.org",
    "crates" + ".io",
]
FOLDERS = ["work", "root", "opt" + "/wheels", "home" + r"/[a-z]+"]
MACHINE_PATH = re.compile(r"(?<![\w.})\]*-])/(?:" + "|".join(FOLDERS) + r")(?:/\w|[\"'\s]|$)", re.MULTILINE)


def tracked_text() -> dict[str, str]:
    texts = {}
    for path in project_files():
        try:
            texts[shown(path)] = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture or a binary vector names no host
    return texts


def test_no_file_names_a_registry_host() -> None:
    assert [(name, host) for name, text in tracked_text().items() for host in HOSTS if host in text] == []


def test_no_file_names_a_path_of_one_machine() -> None:
    assert [(name, hit) for name, text in tracked_text().items() for hit in MACHINE_PATH.findall(text)] == []


def test_a_machine_path_is_told_from_a_path_inside_a_url() -> None:
    assert MACHINE_PATH.search("see /" + "work/main for it")
    assert MACHINE_PATH.search('cd "/' + 'root"')
    assert not MACHINE_PATH.search("https://host.example/root/page")
    assert not MACHINE_PATH.search("the frame/work boundary")
