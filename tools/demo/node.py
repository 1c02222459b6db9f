"""One node of the demo, used as a person uses it: by its command line, and by the pages that it serves."""

import json
import os
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

PROGRAM = Path(sys.executable).with_name("leither")
_STEP_S = 120


class CommandFailed(Exception):
    """A command of the demo did not end well."""


class DemoNode:
    """A home folder, and the node that runs in it between `start` and `kill`. It listens on loopback alone."""

    def __init__(self, folder: Path, name: str) -> None:
        self.name = name
        self.home = folder / name
        self._process: subprocess.Popen[str] | None = None
        self._port = 0

    def start(self) -> None:
        """Start the node, and return when it is ready. Raises: CommandFailed."""
        self._process = subprocess.Popen(
            [PROGRAM, "up", "--port", "0", "--no-welcome"],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=(self.home.parent / f"{self.name}.log").open("ab"),
            text=True,
            start_new_session=True,
        )
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        if not ready.startswith("ready "):
            raise CommandFailed(f"{self.name} did not start: {ready!r}")
        self._port = int(ready.split()[1].rstrip("/").rpartition(":")[2])

    def kill(self) -> None:
        """End the node at once, as a power cut does, if it runs."""
        if self._process is not None:
            self._process.send_signal(signal.SIGKILL)
            self._process.communicate(timeout=_STEP_S)
            self._process = None

    def run(self, *words: str, stdin: str = "") -> Any:  # noqa: ANN401 - a JSON document
        """Run a command of this node's and return its document. Raises: CommandFailed."""
        status, out, err = self.ask(*words, stdin=stdin)
        if status != 0:
            raise CommandFailed(f"{self.name}: leither {' '.join(words)}: {err.strip()}")
        return json.loads(out) if out.strip() else None

    def ask(self, *words: str, stdin: str = "") -> tuple[int, str, str]:
        """Run a command of this node's; return how it ended, and what it said."""
        done = subprocess.run(
            [PROGRAM, *words, "--json"],
            env=self._environment(),
            input=stdin,
            capture_output=True,
            text=True,
            timeout=_STEP_S,
        )
        return done.returncode, done.stdout, done.stderr

    def page(self, mimei: str, path: str = "/") -> bytes | None:
        """Return what a browser on this machine gets at an app's address here; None where nobody answers well."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self._port}{path}", headers={"Host": f"{mimei}.localhost:{self._port}"}
        )
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            with opener.open(request, timeout=_STEP_S) as answer:
                content: bytes = answer.read()
        except (urllib.error.URLError, ConnectionError):
            return None
        return content

    def address(self) -> str:
        """Return where other nodes reach this one."""
        return str(self.run("network")["addresses"][0])

    def holds_bytes(self, secret: bytes) -> bool:
        """Tell whether any file of the home folder holds these bytes."""
        return any(secret in path.read_bytes() for path in self.home.rglob("*") if path.is_file())

    def _environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith("LEITHER_")}
        ports = {"LEITHER_REDIS_PORT": "0", "LEITHER_NETWORK_PORT": "0"}
        return {**kept, **ports, "LEITHER_HOME": str(self.home)}
