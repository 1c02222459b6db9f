"""litmus, the WebDAV server test suite, finds no fault. It needs Debian's `litmus`."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conformance.dav_node import DavNode, serve_dav

pytestmark = pytest.mark.network
SUITES = ("basic", "copymove", "props", "locks", "http")


@pytest.fixture(scope="module")
def node(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DavNode]:
    with serve_dav(tmp_path_factory.mktemp("litmus") / "home") as node:
        yield node


@pytest.mark.parametrize("suite", SUITES)
def test_litmus_finds_no_failure(node: DavNode, suite: str, tmp_path: Path) -> None:
    done = subprocess.run(
        ["litmus", f"{node.url}/", "anybody", node.token],
        env=node.environment | {"TESTS": suite},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )
    summary = re.search(rf"summary for `{suite}': of (\d+) tests run: (\d+) passed, (\d+) failed", done.stdout)
    assert summary is not None, done.stdout + done.stderr
    assert (summary[2], summary[3]) == (summary[1], "0"), done.stdout
    assert "SKIPPED" not in done.stdout
