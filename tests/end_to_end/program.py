"""The program `leither`: in this process where only its answer counts, in one of its own where its life does.

Nothing waits by the clock: readiness is a line on a pipe.
"""

import io
import json
import os
import signal
import subprocess
import sys
import urllib.request
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from leither.cli.program import run
from leither.cli.session import Session

PROGRAM = Path(sys.executable).with_name("leither")
TIMEOUT_S = 60


@dataclass
class Answer:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:  # noqa: ANN401
        return json.loads(self.out)


def environment(home: Path, **more: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LEITHER_")}
    return {**kept, "LEITHER_HOME": str(home), "LEITHER_REDIS_PORT": "0", **more}


def leither(home: Path, *arguments: str, stdin: bytes = b"", **more: str) -> Answer:
    """Run one command to its end, in this process: importing everything anew each time would take most of the time."""
    return answered(Session(environ=environment(home, **more)), *arguments, stdin=stdin)


def answered(session: Session, *arguments: str, stdin: bytes = b"") -> Answer:
    """Run one command of a session to its end, in this process."""
    out, err, source = (io.TextIOWrapper(io.BytesIO(data), "utf-8", newline="") for data in (b"", b"", stdin))
    before = sys.stdin, sys.stdout, sys.stderr
    sys.stdin, sys.stdout, sys.stderr = source, out, err
    try:
        status = run(arguments, session=session)
    finally:
        sys.stdin, sys.stdout, sys.stderr = before
    return Answer(status, _text(out), _text(err))


def _text(stream: io.TextIOWrapper) -> str:
    stream.flush()
    buffer = stream.buffer
    assert isinstance(buffer, io.BytesIO)
    return buffer.getvalue().decode()


def process(home: Path, *arguments: str, stdin: bytes = b"", **more: str) -> Answer:
    """Run one command to its end in a process of its own."""
    done = subprocess.run(
        [PROGRAM, *arguments], env=environment(home, **more), input=stdin, capture_output=True, timeout=TIMEOUT_S
    )
    return Answer(done.returncode, done.stdout.decode(), done.stderr.decode())


def ok(home: Path, *arguments: str, stdin: bytes = b"", **more: str) -> Any:  # noqa: ANN401
    """Run one command with --json; it must succeed. Return its document."""
    answer = leither(home, *arguments, "--json", stdin=stdin, **more)
    assert answer.status == 0, answer
    return answer.json


class Up:
    """A node in the foreground of a process. `within` is what runs it, such as in a namespace."""

    def __init__(self, home: Path, *arguments: str, within: Sequence[str] = (), **more: str) -> None:
        self.process = subprocess.Popen(
            [*within, PROGRAM, "up", *arguments],
            env=environment(home, **more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        assert self.process.stdout is not None
        self.ready = self.process.stdout.readline()
        if not self.ready.startswith("ready "):
            _, err = self.process.communicate(timeout=TIMEOUT_S)
            raise AssertionError(f"not ready: {self.ready!r} {err}")
        self.url = self.ready.split()[1]
        self.port = int(self.url.rstrip("/").rpartition(":")[2])

    def stop(self, number: int = signal.SIGTERM) -> Answer:
        """Send a signal and wait for the end."""
        self.process.send_signal(number)
        out, err = self.process.communicate(timeout=TIMEOUT_S)
        return Answer(self.process.returncode, out, err)

    def page(self, mimei: str, path: str = "/") -> bytes:
        """Return what a browser gets at the origin of an app."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}{path}", headers={"Host": f"{mimei}.localhost:{self.port}"}
        )
        with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=TIMEOUT_S) as answer:
            content: bytes = answer.read()
        return content


@contextmanager
def up(home: Path, *arguments: str, within: Sequence[str] = (), **more: str) -> Iterator[Up]:
    """Run a node while the context lasts, on any free port unless `arguments` say which."""
    node = Up(home, *(arguments or ("--port", "0")), within=within, **more)
    try:
        yield node
    finally:
        if node.process.poll() is None:
            node.process.kill()
        node.process.communicate(timeout=TIMEOUT_S)
