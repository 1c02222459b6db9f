"""A node in a process of its own, with a file system MiMei to reach over WebDAV."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.end_to_end.program import Up, environment, ok, up


@dataclass(frozen=True)
class DavNode:
    """Where the MiMei is, and the token that opens it. `environment` keeps programs from looking for a proxy."""

    up: Up
    home: Path
    mimei: str
    token: str
    environment: dict[str, str]

    @property
    def url(self) -> str:
        """The MiMei's address, without a slash at its end."""
        return f"http://127.0.0.1:{self.up.port}/dav/{self.mimei}"

    def restarted(self) -> "DavNode":
        """Kill the node and start it on the same folder."""
        self.up.process.kill()
        self.up.process.communicate()
        return DavNode(Up(self.home, "--port", "0"), self.home, self.mimei, self.token, self.environment)


@contextmanager
def serve_dav(home: Path) -> Iterator[DavNode]:
    """Run a node while the context lasts."""
    with up(home, LEITHER_WELCOME="false") as running:
        mimei = ok(home, "mm", "create", "--type", "fs", "--mark", "dav")["id"]
        token = (home / "token").read_text().strip()
        plain = {name: value for name, value in environment(home).items() if not name.lower().endswith("_proxy")}
        yield DavNode(running, home, mimei, token, plain | {"HOME": str(home), "NO_PROXY": "*"})


def run(node: DavNode, *command: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
    """Run a client to its end."""
    return subprocess.run(
        command, env=node.environment, input=stdin, capture_output=True, text=True, timeout=200, check=False
    )
