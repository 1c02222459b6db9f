"""Every command in the documentation runs, and prints what the page says."""

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.end_to_end.program import PROGRAM, TIMEOUT_S, environment, up
from tests.meta.tree import ROOT

pytestmark = pytest.mark.network
PAGES = [*sorted((ROOT / "docs" / "tutorial").glob("*.md")), *sorted((ROOT / "docs" / "howto").glob("*.md"))]
EXAMPLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def examples(page: Path) -> list[tuple[str, str]]:
    """The commands of a page, each with what it should print; `…` stands for anything."""
    found = []
    for block in EXAMPLE.findall(page.read_text("utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            found.append((command, printed))
    return found


def pattern(printed: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(piece) for piece in printed.rstrip("\n").split("…")), re.DOTALL)


@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=lambda page: page.stem)
def test_the_examples_of_a_page_do_what_it_says(page: Path, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    with up(home):
        for command, printed in examples(page):
            done = subprocess.run(
                ["bash", "-c", command],
                cwd=folder,
                env=environment(home, PATH=path),
                capture_output=True,
                text=True,
                timeout=TIMEOUT_S,
            )
            assert done.returncode == 0, (command, done.stdout, done.stderr)
            assert pattern(printed).fullmatch(done.stdout.rstrip("\n")), (command, done.stdout, printed)


def test_the_tutorial_has_examples() -> None:
    assert len(examples(ROOT / "docs" / "tutorial" / "first-steps.md")) > 10
