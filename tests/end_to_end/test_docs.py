"""Every command in the documentation runs, and prints what the page says.

The commands of a page run one after the other in one shell, as a reader's would, beside a node on an empty home folder.
`…` stands for anything. Where a page says port 4800, the test's own port is meant.
"""

import os
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.end_to_end.program import PROGRAM, TIMEOUT_S, environment, up
from tests.meta.tree import ROOT

pytestmark = pytest.mark.network
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted((DOCS / "tutorial").glob("*.md")), *sorted((DOCS / "howto").glob("*.md"))]
EXAMPLE = re.compile(r"^```console\n(.*?)^```$", re.MULTILINE | re.DOTALL)
USUAL_PORT = ":4800"
CONTINUED = "> "


def examples(page: Path) -> list[tuple[str, str]]:
    """The commands of a page, each with what it should print. A line that begins with `>` goes on with a command."""
    found = []
    for block in EXAMPLE.findall(page.read_text("utf-8")):
        for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
            command, _, printed = part.partition("\n")
            while printed.startswith((CONTINUED, CONTINUED.strip() + "\n")):
                more, _, printed = printed.partition("\n")
                command = f"{command}\n{more.removeprefix(CONTINUED.strip()).removeprefix(' ')}"
            found.append((command, printed))
    return found


def pattern(printed: str) -> re.Pattern[str]:
    return re.compile(".*".join(re.escape(piece) for piece in printed.rstrip("\n").split("…")), re.DOTALL)


class Shell:
    """A shell that keeps its variables and its folder from one command to the next."""

    END = "end of the command, status "

    def __init__(self, process: subprocess.Popen[str]) -> None:
        self._process = process

    def run(self, command: str) -> tuple[int, str]:
        """Run one command to its end; return its status and what it printed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        # Its own input is closed: what it read would be the commands to come.
        self._process.stdin.write(f"{{ {command}\n}} </dev/null; printf '\\n%s\\n' \"{self.END}$?\"\n")
        self._process.stdin.flush()
        printed: list[str] = []
        for line in self._process.stdout:
            if line.startswith(self.END):
                return int(line.removeprefix(self.END)), "".join(printed).rstrip("\n")
            printed.append(line)
        raise AssertionError(f"the shell ended in {command!r}")


@contextmanager
def shell(folder: Path, home: Path) -> Iterator[Shell]:
    """Run a shell in `folder` that finds `leither`, speaking to the node on `home`. Its errors go to a file beside."""
    path = f"{PROGRAM.parent}{os.pathsep}{os.environ['PATH']}"
    with (folder.parent / "errors").open("w") as errors:
        process = subprocess.Popen(
            ["bash", "-o", "pipefail"],
            cwd=folder,
            env=environment(home, PATH=path),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        try:
            yield Shell(process)
        finally:
            process.kill()
            process.communicate(timeout=TIMEOUT_S)


@pytest.mark.timeout(300)  # a page starts the program dozens of times, beside other tests on few cores
@pytest.mark.parametrize("page", [page for page in PAGES if examples(page)], ids=lambda page: page.stem)
def test_the_examples_of_a_page_do_what_it_says(page: Path, home: Path, tmp_path: Path) -> None:
    folder = tmp_path / "here"
    folder.mkdir()
    with up(home) as node, shell(folder, home) as commands:
        for command, printed in examples(page):
            status, out = commands.run(command.replace(USUAL_PORT, f":{node.port}"))
            assert status == 0, (command, out, (tmp_path / "errors").read_text())
            out = out.replace(f":{node.port}", USUAL_PORT)
            assert pattern(printed).fullmatch(out), (command, out, printed)


def test_the_pages_that_show_the_way_have_examples() -> None:
    assert len(examples(DOCS / "tutorial" / "first-steps.md")) > 10
    assert len(examples(ROOT / "README.md")) > 10


def test_a_command_that_goes_on_is_read_whole(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```console\n$ echo a \\\n> b\na b\n$ cat <<X\n>   in\n>\n> X\n  in\n\n```\n")
    assert examples(page) == [("echo a \\\nb", "a b\n"), ("cat <<X\n  in\n\nX", "  in\n\n")]
